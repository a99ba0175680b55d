import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../setup/progress.mjs';
import type { TrialPlan } from '../trial/plan.ts';
import { buckets, google } from './accounts.ts';
import { projectFolder } from './layout.ts';
import type { Processes } from './processes.ts';
import { readAddress } from './ready-line.ts';
import type { Run } from './runs.ts';
import { type GoogleAddresses, samples } from './servers.ts';
import { readToolchain } from './toolchain.ts';

/** A trial whose servers are started. */
export interface StartingTrial {
  readonly run: Run;
  readonly processes: Processes;
  readonly progress: Progress;
  readonly plan: TrialPlan;
  /** The template. */
  readonly name: string;
}

/**
 * Starts a local Google that asks for no credentials, runs one driver, and holds the samples and the template's files
 * from the start. @throws StackFailure with its log's last lines
 */
export async function startTrialGoogle(trial: StartingTrial): Promise<GoogleAddresses> {
  const { processes, progress } = trial;
  const { node } = readToolchain();
  const script = join(projectFolder, 'local', 'google', 'main.ts');
  const config = makeConfiguration(trial);
  const spec = { name: 'local-google', command: node, args: [script], config };
  const shown = progress.begin('local Dataproc', 'starting');
  try {
    const ready = await processes.start(spec);
    shown.done('ready');
    const read = (name: string) => readAddress(ready, spec.name, name);
    return { dataproc: read('google'), storage: read('storage') };
  } catch (error) {
    shown.cancel();
    throw error;
  }
}

function makeConfiguration({ run, plan, name }: StartingTrial) {
  const { project, projectNumber, region, awsAccount } = google;
  const dataDirectory = join(run.folder, 'google');
  mkdirSync(dataDirectory);
  return {
    ...{ project, region, projectNumber, dataDirectory, toolchain: readToolchain() },
    ...{ stdinIsLease: true, checkCredentials: false, faults: false, batchLabelFilter: false },
    ...{ stateDirectory: null, quotas: null, tls: null, clusters: [], secrets: {} },
    ...{ accounts: {}, staticTokens: {}, ports: { google: 0, storage: 0 } },
    maxConcurrentRuns: 1,
    // No AWS is there to ask who signed a request.
    awsSts: 'http://127.0.0.1:9',
    workloadIdentity: { audience: 'none', awsAccount, impersonation: {} },
    stagingBucket: buckets.staging,
    buckets: [...new Set([...Object.values(buckets), ...plan.buckets])],
    seed: [...samples, ...listTemplateFiles(name, plan.filesUri), ...plan.uploads],
  };
}

/** The job looks for its files where the operator's publishing would have put them. */
function listTemplateFiles(name: string, filesUri: string) {
  const folder = join(projectFolder, 'templates', name);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => ({ uri: filesUri + entry.name, file: join(folder, entry.name) }));
}
