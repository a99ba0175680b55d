import { checkLabels } from './labels.ts';
import { invalid, objectOr, textOr, textsByName, unimplemented } from './request-fields.ts';
import type { Table } from '../shape.ts';
import { checkSparkProperties } from '../spark/spark-properties.ts';

/** What a managed cluster is made from. */
export interface ManagedCluster {
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined means the project's default bucket. */
  readonly stagingBucket: string | undefined;
  /** Account of its machines; undefined means the project's default account. */
  readonly serviceAccount: string | undefined;
  /** Its properties of Spark, without the prefix `spark:` that they have on a cluster. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Machines, disks, networks and life times mean nothing here; what would change a job is refused. */
const known = [
  'configBucket',
  'tempBucket',
  'gceClusterConfig',
  'masterConfig',
  'workerConfig',
  'secondaryWorkerConfig',
  'softwareConfig',
  'lifecycleConfig',
  'endpointConfig',
];
/** Images whose Spark is 3.5, which is what runs here. */
const supportedImage = /^2\.[23](?:[.-]|$)/;

/** Parses a ManagedCluster. @throws ApiError or ShapeError */
export function parseManagedCluster(cluster: Table): ManagedCluster {
  const prefix = textOr(cluster, 'clusterName', '');
  if (!/^[a-z][a-z0-9-]{0,33}[a-z0-9]$/.test(prefix))
    throw invalid(
      `Cluster name ${JSON.stringify(prefix.slice(0, 80))} must be 2-35 lower-case letters, digits ` +
        'and hyphens, begin with a letter and not end with a hyphen.',
    );
  const labels = textsByName(cluster, 'labels');
  checkLabels(labels, 'cluster');
  const config = objectOr(cluster, 'config');
  const other = Object.keys(config).find((key) => !known.includes(key));
  if (other !== undefined) throw unimplemented(`managedCluster.config.${other}`);
  return {
    prefix,
    labels,
    stagingBucket: textOr(config, 'configBucket', undefined),
    serviceAccount: textOr(objectOr(config, 'gceClusterConfig'), 'serviceAccount', undefined),
    properties: parseSoftware(objectOr(config, 'softwareConfig')),
  };
}

/** Properties of Spark alone reach the jobs; those of Hadoop and the agent have nothing to reach. */
function parseSoftware(software: Table): Readonly<Record<string, string>> {
  const image = textOr(software, 'imageVersion', '2.3');
  if (!supportedImage.test(image))
    throw unimplemented(`Image version ${JSON.stringify(image)}; 2.2 and 2.3 are there`);
  const entries = Object.entries(textsByName(software, 'properties'));
  const properties = Object.fromEntries(
    entries.flatMap(([name, value]) =>
      name.startsWith('spark:') ? [[name.slice('spark:'.length), value] as const] : [],
    ),
  );
  checkSparkProperties(properties);
  return properties;
}
