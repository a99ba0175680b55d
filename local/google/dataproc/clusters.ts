import { fieldsMeet, labelsMeet, parseAndFilter } from './and-filter.ts';
import { ApiError } from '../api/api-error.ts';
import { allLabels, type Cluster, toClusterMessage, toClusterUuid } from './cluster.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import type { Implementations } from '../identity/implementation.ts';
import type { Permissions } from '../identity/permissions.ts';
import type { Principal } from '../identity/tokens.ts';
import { takePage } from './page.ts';
import { regionOf, requirePlace } from './place.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { Counter } from './register.ts';
import { textOr } from './request-fields.ts';

/** What the clusters need. */
interface ClustersOptions {
  readonly configuration: GoogleConfiguration;
  readonly permissions: Permissions;
  readonly counter: Counter;
  readonly now: () => Date;
}

/** The page size is not documented: inferred. */
const page = { byDefault: 200, max: 1000 };
const states = ['CREATING', 'RUNNING', 'ERROR', 'DELETING', 'UPDATING', 'STOPPING', 'STOPPED'];
const fields = { 'status.state': ['ACTIVE', 'INACTIVE', ...states], clusterName: null };

/** The clusters of the configuration and those that workflows manage. */
export class Clusters {
  readonly #options: ClustersOptions;
  readonly #byName = new Map<string, Cluster>();

  constructor(options: ClustersOptions) {
    this.#options = options;
    const { configuration, counter, now } = options;
    for (const cluster of configuration.clusters)
      this.add({
        ...cluster,
        uuid: toClusterUuid(configuration, cluster.name),
        properties: {},
        createTime: now(),
        sequence: counter.next(),
      });
  }

  /** Adds a cluster that a workflow manages; one of the same name is replaced. */
  add(cluster: Cluster): void {
    this.#byName.set(cluster.name, cluster);
  }

  /** Removes a cluster by its name; one that is not there stays away. */
  remove(name: string): void {
    this.#byName.delete(name);
  }

  /** Returns the cluster of a name. @throws ApiError NOT_FOUND */
  get(name: string): Cluster {
    const cluster = this.#byName.get(name);
    if (cluster === undefined)
      throw new ApiError('NOT_FOUND', `Not found: Cluster ${this.nameOf(name)}`);
    return cluster;
  }

  /**
   * Returns the one cluster that has all of the labels. What Google does when there is none or more
   * than one is not documented: the codes are inferred.
   * @throws ApiError NOT_FOUND or FAILED_PRECONDITION
   */
  select(labels: Readonly<Record<string, string>>): Cluster {
    const matches = [...this.#byName.values()].filter((cluster) => this.hasLabels(cluster, labels));
    const [cluster, second] = matches;
    if (cluster === undefined)
      throw new ApiError('NOT_FOUND', 'Not found: No cluster has the labels asked for.');
    if (second !== undefined)
      throw new ApiError(
        'FAILED_PRECONDITION',
        `${matches.length} clusters have the labels asked for; they must identify one.`,
      );
    return cluster;
  }

  /** Tells whether a cluster has all of the labels. */
  hasLabels(cluster: Cluster, labels: Readonly<Record<string, string>>): boolean {
    const conditions = Object.entries(labels).map(([label, value]) => ({ label, value }));
    return labelsMeet(conditions, allLabels(cluster, this.#options.configuration));
  }

  /** Returns the resource name of a cluster. */
  nameOf(name: string): string {
    return `${regionOf(this.#options.configuration)}/clusters/${name}`;
  }

  /** What the RPCs of ClusterController do; those that change clusters are not implemented. */
  implementations(): Implementations {
    const service = 'google.cloud.dataproc.v1.ClusterController';
    return {
      [`${service}.GetCluster`]: (principal, request) => this.#get(principal, request),
      [`${service}.ListClusters`]: (principal, request) => this.#list(principal, request),
    };
  }

  #get(principal: Principal, request: PlainMessage): PlainMessage {
    const { configuration, permissions } = this.#options;
    requirePlace(configuration, request['projectId'], request['region']);
    const name = textOr(request, 'clusterName', '');
    permissions.require(principal, 'dataproc.clusters.get', this.nameOf(name));
    return toClusterMessage(this.get(name), configuration);
  }

  #list(principal: Principal, request: PlainMessage): PlainMessage {
    const { configuration, permissions } = this.#options;
    requirePlace(configuration, request['projectId'], request['region']);
    permissions.require(principal, 'dataproc.clusters.list', regionOf(configuration));
    const conditions = parseAndFilter(textOr(request, 'filter', ''), fields);
    const matches = [...this.#byName.values()].filter(
      (cluster) =>
        labelsMeet(conditions, allLabels(cluster, configuration)) &&
        fieldsMeet(conditions, {
          'status.state': ['ACTIVE', 'RUNNING'],
          clusterName: [cluster.name],
        }),
    );
    const newestFirst = matches.sort((one, two) => two.sequence - one.sequence);
    const { items, nextPageToken } = takePage(newestFirst, request, page);
    const clusters = items.map((cluster) => toClusterMessage(cluster, configuration));
    return { clusters, nextPageToken };
  }
}
