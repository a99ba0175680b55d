import { isRecord, readFields, type Reader } from './reader.ts';

/** Where Dataproc runs a job: serverless, on a cluster that is there, or on one that is made for the job. */
export const TARGET_KINDS = ['batch', 'cluster', 'workflow'] as const;

/** One of {@link TARGET_KINDS}. */
export type TargetKind = (typeof TARGET_KINDS)[number];

/** What every target has. Accounts are ids; their project is the target's. */
interface TargetPlace {
  readonly name: string;
  readonly project: string;
  readonly region: string;
  readonly stagingBucket: string;
  readonly reader: string;
  readonly operator: string;
  readonly signer: string;
}

/** Serverless batches. */
export interface BatchTarget extends TargetPlace {
  readonly kind: 'batch';
  readonly runtimeVersion: string;
}

/** Jobs on a cluster that is there; all of them run as the cluster's own account. */
export interface ClusterTarget extends TargetPlace {
  readonly kind: 'cluster';
  readonly clusterName: string;
}

/** The cluster that is made for one job and deleted after it. */
export interface ManagedCluster {
  /** Dataproc appends a random suffix. */
  readonly namePrefix: string;
  readonly imageVersion: string;
  readonly masterMachineType: string;
  readonly workerMachineType: string;
  readonly workerCount: number;
  /** Undefined lets Dataproc choose one. */
  readonly zone?: string;
}

/** Workflows of one step on a cluster of their own. */
export interface WorkflowTarget extends TargetPlace {
  readonly kind: 'workflow';
  readonly managedCluster: ManagedCluster;
}

/** One place where Dataproc runs jobs. */
export type TargetConfig = BatchTarget | ClusterTarget | WorkflowTarget;

const PLACE = ['project', 'region', 'stagingBucket', 'reader', 'operator', 'signer'] as const;
const OWN = {
  batch: 'runtimeVersion',
  cluster: 'clusterName',
  workflow: 'managedCluster',
} as const satisfies Record<TargetKind, string>;

/** Source: Dataproc REST reference, Cluster.clusterName. */
const CLUSTER_NAME = /^[a-z]([a-z0-9-]{0,52}[a-z0-9])?$/;
/** Source: Dataproc REST reference, ManagedCluster.clusterName. */
const NAME_PREFIX = /^[a-z][a-z0-9-]{0,33}[a-z0-9]$/;
const NAME = /^[a-z][a-z0-9-]{1,62}$/;
const IMAGE_VERSION = /^\d{1,2}\.\d{1,2}([.-][a-z0-9][a-z0-9.-]{0,40})?$/;
/** Dataproc's least with workers at all, and a bound against a slip of the pen. */
const WORKERS = { least: 2, most: 500 } as const;

/** Reads the targets of JOBGATE_TARGETS by their names; every fault goes to the reader. */
export function readTargets(reader: Reader): ReadonlyMap<string, TargetConfig> {
  const value = reader.json('JOBGATE_TARGETS');
  if (!isRecord(value)) {
    reader.faults.push('JOBGATE_TARGETS must be a JSON object of target name to target');
    return new Map();
  }
  return new Map(
    Object.entries(value).flatMap(([name, entry]) => {
      const target = readTarget(reader, name, entry);
      return target === undefined ? [] : [[name, target]];
    }),
  );
}

function readTarget(reader: Reader, name: string, entry: unknown): TargetConfig | undefined {
  const where = `JOBGATE_TARGETS.${name}`;
  const kind = TARGET_KINDS.find((each) => isRecord(entry) && entry['kind'] === each);
  if (!isRecord(entry) || kind === undefined) {
    reader.faults.push(`${where}.kind must be batch, cluster or workflow`);
    return undefined;
  }
  refuseUnknown(reader, entry, { where, known: ['kind', ...PLACE, OWN[kind]] });
  const fields = readFields(reader, entry, { where, names: PLACE });
  const text = (field: (typeof PLACE)[number]): string => fields.get(field) ?? '';
  const place = {
    name,
    project: text('project'),
    region: text('region'),
    stagingBucket: text('stagingBucket'),
    reader: text('reader'),
    operator: text('operator'),
    signer: text('signer'),
  };
  return { ...place, ...readOwn(reader, entry, { where, kind }) };
}

type Own =
  | Pick<BatchTarget, 'kind' | 'runtimeVersion'>
  | Pick<ClusterTarget, 'kind' | 'clusterName'>
  | Pick<WorkflowTarget, 'kind' | 'managedCluster'>;

type Entry = Readonly<Record<string, unknown>>;

function readOwn(
  reader: Reader,
  entry: Entry,
  { where, kind }: { readonly where: string; readonly kind: TargetKind },
): Own {
  switch (kind) {
    case 'batch': {
      const fields = readFields(reader, entry, { where, names: ['runtimeVersion'] });
      return { kind, runtimeVersion: fields.get('runtimeVersion') ?? '' };
    }
    case 'cluster': {
      const read = createMemberReader(reader, entry, where);
      return { kind, clusterName: read('clusterName', CLUSTER_NAME) };
    }
    case 'workflow':
      return { kind, managedCluster: readManagedCluster(reader, entry['managedCluster'], where) };
    default:
      return kind satisfies never;
  }
}

const MANAGED = ['namePrefix', 'imageVersion', 'masterMachineType', 'workerMachineType'] as const;

function readManagedCluster(reader: Reader, value: unknown, target: string): ManagedCluster {
  const where = `${target}.managedCluster`;
  const entry = isRecord(value) ? value : {};
  refuseUnknown(reader, entry, { where, known: [...MANAGED, 'workerCount', 'zone'] });
  const read = createMemberReader(reader, entry, where);
  const workerCount = Number(entry['workerCount']);
  const counts = workerCount >= WORKERS.least && workerCount <= WORKERS.most;
  if (!Number.isInteger(entry['workerCount']) || !counts) {
    reader.faults.push(
      `${where}.workerCount must be a whole number from ${WORKERS.least} to ${WORKERS.most}`,
    );
  }
  return {
    namePrefix: read('namePrefix', NAME_PREFIX),
    imageVersion: read('imageVersion', IMAGE_VERSION),
    masterMachineType: read('masterMachineType', NAME),
    workerMachineType: read('workerMachineType', NAME),
    workerCount,
    ...(entry['zone'] === undefined ? {} : { zone: read('zone', NAME) }),
  };
}

function createMemberReader(
  reader: Reader,
  entry: Entry,
  where: string,
): (name: string, pattern: RegExp) => string {
  return (name, pattern) => {
    const value = entry[name];
    if (typeof value === 'string' && pattern.test(value)) return value;
    reader.faults.push(`${where}.${name} is missing or malformed`);
    return '';
  };
}

function refuseUnknown(
  reader: Reader,
  entry: Entry,
  { where, known }: { readonly where: string; readonly known: readonly string[] },
): void {
  for (const name of Object.keys(entry).filter((each) => !known.includes(each))) {
    reader.faults.push(`${where}.${name.slice(0, 40)} is not known`);
  }
}
