import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { permissions } from '../google/configuration.ts';
import type { CommandOptions } from './command.ts';
import {
  type DataprocAddresses,
  removeDataprocFile,
  removeDeadDataprocFile,
  writeDataprocFile,
} from './dataproc-file.ts';
import { type DataprocOptions, parseDataprocOptions } from './dataproc-options.ts';
import { renderDataprocPage } from './dataproc-page.ts';
import { StackFailure } from './failure.ts';
import { toFields } from './fields.ts';
import { projectFolder } from './layout.ts';
import { Processes } from './processes.ts';
import { readAddress } from './ready-line.ts';
import { createRun, removeRun, type Run } from './runs.ts';
import { waitForAbort } from './signals.ts';
import { endLeftovers } from './sweep.ts';
import { readToolchain } from './toolchain.ts';

const bucket = 'local-bucket';
const cluster = 'local';

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

/**
 * Keeps a local Dataproc up by itself, in the foreground, until Ctrl-C. Returns 0 after such an end.
 * @throws StackFailure when it cannot start or ends by itself
 */
export async function runDataproc({ args, progress, end }: CommandOptions): Promise<number> {
  const options = parseDataprocOptions(args, process.env['INIT_CWD'] ?? process.cwd());
  removeDeadDataprocFile();
  const run = createRun();
  const processes = new Processes(run);
  try {
    const shown = progress.begin('local Dataproc', 'starting');
    const addresses = await startDataproc(options, run, processes);
    shown.done('ready');
    await serve({ addresses, options, processes, signal: end.signal });
    return 0;
  } finally {
    await processes.stop();
    await endLeftovers(run);
    removeRun(run);
    progress.note('Everything has ended.');
  }
}

interface Serving {
  readonly addresses: DataprocAddresses;
  readonly options: DataprocOptions;
  readonly processes: Processes;
  readonly signal: AbortSignal;
}

async function serve({ addresses, options, processes, signal }: Serving): Promise<void> {
  writeDataprocFile(addresses);
  try {
    process.stdout.write(renderDataprocPage(addresses, options));
    await Promise.race([processes.failure, waitForAbort(signal)]);
  } finally {
    removeDataprocFile(addresses);
  }
}

async function startDataproc(
  options: DataprocOptions,
  run: Run,
  processes: Processes,
): Promise<DataprocAddresses> {
  const toolchain = readToolchain();
  const accessToken = findAccessToken(options.state);
  const config = { ...makeConfiguration(options, run, accessToken), toolchain };
  const fields = toFields(config);
  const script = join(projectFolder, 'local', 'google', 'main.ts');
  const spec = { name: 'local-google', command: toolchain.node, args: [script], config };
  const ready = await processes.start(spec);
  const [pid] = processes.pids;
  if (pid === undefined) throw new StackFailure('The local Dataproc has no process.');
  return {
    dataproc: new URL(readAddress(ready, spec.name, 'google')).host,
    storage: readAddress(ready, spec.name, 'storage'),
    project: String(fields.get('project')),
    region: String(fields.get('region')),
    cluster,
    bucket,
    accessToken,
    pid,
  };
}

function makeConfiguration(
  options: DataprocOptions,
  run: Run,
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
    ports: { google: options.port, storage: options.storagePort },
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
function findAccessToken(state: string | undefined): string {
  const made = randomBytes(24).toString('base64url');
  if (state === undefined) return made;
  const file = join(state, 'access-token');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(file, `${made}\n`, { mode: 0o600 });
  return made;
}
