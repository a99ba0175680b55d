import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { permissions } from '../google/configuration.ts';
import type { DataprocOptions } from './dataproc-options.ts';
import { toFields } from './fields.ts';
import type { Run } from './runs.ts';

/** The bucket that there is when nothing else is asked for. */
export const bucket = 'local-bucket';
/** The cluster that there is when nothing else is asked for. */
export const cluster = 'local';

/** One account that may do everything; `--config` brings others. */
const owner = 'owner@local.iam.gserviceaccount.com';
const computeAccount = '123456789-compute@developer.gserviceaccount.com';

/** What the local Dataproc is when nothing else is asked for. */
const usual = {
  project: 'local',
  region: 'us-central1',
  projectNumber: '123456789',
  stdinIsLease: true,
  // No AWS is there to ask who signed a request.
  awsSts: 'http://127.0.0.1:9',
  quotas: null,
  batchLabelFilter: false,
  stagingBucket: bucket,
  seed: [],
  secrets: {},
  clusters: [{ name: cluster, stagingBucket: bucket, serviceAccount: computeAccount, labels: {} }],
  workloadIdentity: { audience: 'none', awsAccount: '000000000000', impersonation: {} },
} as const;

/** Folders that the configuration names. */
interface Places {
  readonly run: Run;
  readonly certificateFolder: string;
}

/** Makes the configuration of local/google; the toolchain is added to it. */
export function makeConfiguration(
  options: DataprocOptions,
  { run, certificateFolder }: Places,
  accessToken: string,
): Readonly<Record<string, unknown>> {
  const changes = new Map(Object.entries(options.changes));
  const buckets = changes.get('buckets') ?? [bucket];
  return {
    ...usual,
    dataDirectory: join(run.folder, 'google'),
    stateDirectory: options.state ?? null,
    checkCredentials: !options.open,
    maxConcurrentRuns: options.slots,
    faults: options.faults,
    ports: findPorts(options),
    tls: {
      certificate: join(certificateFolder, 'certificate.pem'),
      key: join(certificateFolder, 'key.pem'),
    },
    buckets,
    ...options.changes,
    accounts: {
      [owner]: makeOwner(buckets),
      ...Object.fromEntries(toFields(changes.get('accounts'))),
    },
    staticTokens: {
      [accessToken]: owner,
      ...Object.fromEntries(toFields(changes.get('staticTokens'))),
    },
  };
}

/** The account behind the access token, which may do everything. */
function makeOwner(buckets: unknown): Readonly<Record<string, unknown>> {
  const names = Array.isArray(buckets) ? buckets.map(String) : [];
  const prefixes = names.map((name) => `gs://${name}/`);
  return {
    permissions,
    actAs: [owner, computeAccount],
    read: prefixes,
    write: prefixes,
    sign: true,
    secrets: { access: [], manage: [] },
  };
}

/** A token that holds as long as the state does: clients go on after a restart. */
export function findAccessToken(state: string | undefined): string {
  const made = randomBytes(24).toString('base64url');
  if (state === undefined) return made;
  const file = join(state, 'access-token');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(file, `${made}\n`, { mode: 0o600 });
  return made;
}

/** The ports that were asked for, or those of the state's last time; 0 takes a free one. */
function findPorts({ state, port, storagePort }: DataprocOptions) {
  const kept = state === undefined ? new Map<string, unknown>() : readPorts(state);
  const last = (name: string) => {
    const value = kept.get(name);
    return typeof value === 'number' ? value : 0;
  };
  return { google: port || last('google'), storage: storagePort || last('storage') };
}

function readPorts(state: string): ReadonlyMap<string, unknown> {
  const file = join(state, 'ports.json');
  return existsSync(file) ? toFields(JSON.parse(readFileSync(file, 'utf8'))) : new Map();
}

/** Writes down where this state is served, for its next time. */
export function keepPorts(state: string | undefined, dataproc: string, storage: string): void {
  if (state === undefined) return;
  const ports = {
    google: Number(dataproc.replace(/.*:/, '')),
    storage: Number(new URL(storage).port),
  };
  writeFileSync(join(state, 'ports.json'), JSON.stringify(ports), { mode: 0o600 });
}
