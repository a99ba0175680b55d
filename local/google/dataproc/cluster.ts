import { createHash } from 'node:crypto';
import { type Place, regionOf } from './place.ts';
import { toTimestamp } from '../api/timestamp.ts';
import type { PlainMessage } from '../api/transcoding.ts';

/** A cluster that jobs run on. It has no machines: every job runs on this one. */
export interface Cluster {
  readonly name: string;
  readonly uuid: string;
  /** Bucket for driver output and staged files. */
  readonly stagingBucket: string;
  /** Account of its machines. */
  readonly serviceAccount: string;
  /** Labels that its owner gave it. */
  readonly labels: Readonly<Record<string, string>>;
  /** Spark properties of every job on it that does not set them itself. */
  readonly properties: Readonly<Record<string, string>>;
  readonly createTime: Date;
  readonly sequence: number;
}

/** Dataproc's image whose Spark is 3.5. */
const imageVersion = '2.3.13-debian12';

/** Makes a uuid that is the same for the same cluster of the configuration. */
export function toClusterUuid(place: Place, name: string): string {
  const digest = createHash('sha256')
    .update(`${regionOf(place)}/clusters/${name}`)
    .digest('hex');
  const parts = [
    [0, 8],
    [8, 12],
    [13, 16],
    [17, 20],
    [20, 32],
  ] as const;
  const [first, second, third, fourth, last] = parts.map(([from, to]) => digest.slice(from, to));
  return `${first ?? ''}-${second ?? ''}-8${third ?? ''}-a${fourth ?? ''}-${last ?? ''}`;
}

/** Every label of a cluster, those that Dataproc adds included. */
export function allLabels(cluster: Cluster, place: Place): Readonly<Record<string, string>> {
  return {
    ...cluster.labels,
    'goog-dataproc-cluster-name': cluster.name,
    'goog-dataproc-cluster-uuid': cluster.uuid,
    'goog-dataproc-location': place.region,
  };
}

/** Makes the google.cloud.dataproc.v1.Cluster; its machines are what a small one would have. */
export function toClusterMessage(cluster: Cluster, place: Place): PlainMessage {
  const zone = `projects/${place.project}/zones/${place.region}-a`;
  const zoneUri = `https://www.googleapis.com/compute/v1/${zone}`;
  const machineTypeUri = `${zoneUri}/machineTypes/n1-standard-4`;
  const since = toTimestamp(cluster.createTime);
  return {
    projectId: place.project,
    clusterName: cluster.name,
    clusterUuid: cluster.uuid,
    config: {
      configBucket: cluster.stagingBucket,
      tempBucket: cluster.stagingBucket,
      gceClusterConfig: {
        zoneUri,
        serviceAccount: cluster.serviceAccount,
        serviceAccountScopes: ['https://www.googleapis.com/auth/cloud-platform'],
      },
      masterConfig: { numInstances: 1, instanceNames: [`${cluster.name}-m`], machineTypeUri },
      workerConfig: {
        numInstances: 2,
        instanceNames: [`${cluster.name}-w-0`, `${cluster.name}-w-1`],
        machineTypeUri,
      },
      softwareConfig: { imageVersion, properties: toClusterProperties(cluster.properties) },
      endpointConfig: {},
    },
    labels: allLabels(cluster, place),
    status: { state: 'RUNNING', stateStartTime: since },
    statusHistory: [{ state: 'CREATING', stateStartTime: since }],
  };
}

/** Source: https://cloud.google.com/dataproc/docs/concepts/configuring-clusters/cluster-properties */
function toClusterProperties(
  properties: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(properties);
  return Object.fromEntries(entries.map(([name, value]) => [`spark:${name}`, value]));
}
