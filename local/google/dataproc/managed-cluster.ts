import { refuseOtherFields, whole } from './known-fields.ts';
import { checkLabels } from './labels.ts';
import { invalid, objectOr, textOr, textsByName, unimplemented } from './request-fields.ts';
import type { Table } from '../shape.ts';
import { checkSparkProperties } from '../spark/spark-properties.ts';

/** What a managed cluster is made from. */
interface ManagedCluster {
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined means the project's default bucket. */
  readonly stagingBucket: string | undefined;
  /** Account of its machines; undefined means the project's default account. */
  readonly serviceAccount: string | undefined;
  /** Its properties of Spark, without the prefix `spark:` that they have on a cluster. */
  readonly properties: Readonly<Record<string, string>>;
}

/**
 * Machines, disks, their keys, networks and life times mean nothing here; what would change a job is
 * refused.
 */
const known = {
  ...whole('clusterName', 'labels'),
  config: {
    ...whole('configBucket', 'tempBucket', 'gceClusterConfig', 'masterConfig', 'workerConfig'),
    ...whole('secondaryWorkerConfig', 'lifecycleConfig', 'endpointConfig', 'encryptionConfig'),
    softwareConfig: whole('imageVersion', 'properties'),
  },
};
const where = 'placement.managedCluster';
/** Images whose Spark is 3.5, which is what runs here. */
const supportedImage = /^2\.[23](?:[.-]|$)/;
/** Properties that are not Spark's own and change a job all the same: they are not there. */
const unsupportedProperty = /^(?:core|hive|spark-env):|^dataproc:(?:pip|conda)\./;

/** Parses a ManagedCluster. @throws ApiError or ShapeError */
export function parseManagedCluster(cluster: Table): ManagedCluster {
  refuseOtherFields(cluster, known, where);
  const prefix = textOr(cluster, 'clusterName', '');
  if (!/^[a-z][a-z0-9-]{0,33}[a-z0-9]$/.test(prefix))
    throw invalid(
      `Cluster name ${JSON.stringify(prefix.slice(0, 80))} must be 2-35 lower-case letters, digits ` +
        'and hyphens, begin with a letter and not end with a hyphen.',
    );
  const labels = textsByName(cluster, 'labels');
  checkLabels(labels, 'cluster');
  const config = objectOr(cluster, 'config');
  return {
    prefix,
    labels,
    stagingBucket: textOr(config, 'configBucket', undefined),
    serviceAccount: textOr(objectOr(config, 'gceClusterConfig'), 'serviceAccount', undefined),
    properties: parseSoftware(objectOr(config, 'softwareConfig')),
  };
}

/** Properties of Spark reach the jobs; those of YARN, HDFS and the agent have nothing to reach. */
function parseSoftware(software: Table): Readonly<Record<string, string>> {
  const image = textOr(software, 'imageVersion', '2.3');
  if (!supportedImage.test(image))
    throw unimplemented(`Image version ${JSON.stringify(image)}; 2.2 and 2.3 are there`);
  const entries = Object.entries(textsByName(software, 'properties'));
  const other = entries.find(([name]) => unsupportedProperty.test(name))?.[0];
  if (other !== undefined)
    throw unimplemented(
      `${where}.config.softwareConfig.properties[${JSON.stringify(other.slice(0, 80))}]`,
    );
  const properties = Object.fromEntries(
    entries.flatMap(([name, value]) =>
      name.startsWith('spark:') ? [[name.slice('spark:'.length), value] as const] : [],
    ),
  );
  checkSparkProperties(properties, 'cluster');
  return properties;
}
