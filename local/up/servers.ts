import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../setup/progress.mjs';
import {
  accounts,
  buckets,
  cluster,
  google,
  impersonation,
  publisher,
  targets,
  workloadIdentityProvider,
} from './accounts.ts';
import { audience, type Client } from './clients.ts';
import { projectFolder } from './layout.ts';
import type { Processes } from './processes.ts';
import { readAddress } from './ready-line.ts';
import type { Run } from './runs.ts';
import type { Toolchain } from './toolchain.ts';
import type { TrustedIssuer } from './trusted-issuers.ts';

/** The sample input: FAA bird strikes, and where the local Cloud Storage holds them. */
export const sample = toSample('birdstrikes.csv');

/** Every sample that the local Cloud Storage holds from the start. */
export const samples = [sample, toSample('flights-3m.parquet')] as const;

/** Drivers beyond these wait: each is a Java of its own. Two fit a laptop with two cores. */
const MAX_CONCURRENT_RUNS = 2;

/** A stack that is being started. */
export interface Starting {
  readonly progress: Progress;
  readonly run: Run;
  readonly processes: Processes;
  readonly toolchain: Toolchain;
  readonly faults?: boolean;
  readonly testHooks?: boolean;
  readonly signal?: AbortSignal;
}

/** Where the local Google serves Dataproc, STS and IAM Credentials, and where Cloud Storage. */
export interface GoogleAddresses {
  readonly dataproc: string;
  readonly storage: string;
}

/** Where the identity provider serves. */
export interface IdpAddresses {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
}

/** Starts the AWS emulator and returns its address. */
export async function startAws({ run, processes, toolchain }: Starting): Promise<string> {
  const config = { stdinIsLease: true, dataDirectory: makeFolder(run, 'aws') };
  const script = join(projectFolder, 'local', 'aws', 'main.py');
  const spec = { name: 'local-aws', command: toolchain.python, args: [script], config };
  return readAddress(await processes.start(spec), spec.name, 'aws');
}

/** Starts the identity provider with the given clients. */
export async function startIdp(
  { processes, toolchain, testHooks = false }: Starting,
  clients: Readonly<Record<string, Client>>,
): Promise<IdpAddresses> {
  const config = { stdinIsLease: true, audience, clients, testHooks };
  const script = join(projectFolder, 'local', 'idp', 'main.ts');
  const spec = { name: 'local-idp', command: toolchain.node, args: [script], config };
  const ready = await processes.start(spec);
  const read = (name: string) => readAddress(ready, spec.name, name);
  return { issuer: read('issuer'), tokenEndpoint: read('tokenEndpoint'), jwksUri: read('jwksUri') };
}

/** Starts the local Google, which asks the emulator at `aws` who signed a request. */
export async function startGoogle(
  { run, processes, toolchain, faults = false }: Starting,
  aws: string,
  publishToken: string,
): Promise<GoogleAddresses> {
  const { project, projectNumber, region, awsAccount } = google;
  const config = {
    ...{ project, region, projectNumber, stdinIsLease: true, toolchain, awsSts: aws, faults },
    dataDirectory: makeFolder(run, 'google'),
    maxConcurrentRuns: MAX_CONCURRENT_RUNS,
    stateDirectory: null,
    checkCredentials: true,
    clusters: [cluster],
    quotas: null,
    batchLabelFilter: false,
    ports: { google: 0, storage: 0 },
    tls: null,
    secrets: {},
    stagingBucket: buckets.staging,
    buckets: Object.values(buckets),
    seed: samples,
    workloadIdentity: { audience: workloadIdentityProvider, awsAccount, impersonation },
    accounts,
    staticTokens: { [publishToken]: publisher },
  };
  const script = join(projectFolder, 'local', 'google', 'main.ts');
  const spec = { name: 'local-google', command: toolchain.node, args: [script], config };
  const ready = await processes.start(spec);
  const read = (name: string) => readAddress(ready, spec.name, name);
  return { dataproc: read('google'), storage: read('storage') };
}

/** Lets the functions' own code say whether they would accept the issuers, before all calls fail for one fault. */
export async function checkIssuers(
  { processes, toolchain, signal }: Starting,
  issuers: readonly TrustedIssuer[],
): Promise<void> {
  const script = join(projectFolder, 'tools', 'check-issuers.ts');
  const env = { JOBGATE_STAGE: 'local', JOBGATE_ISSUERS: JSON.stringify(issuers) };
  const spec = { name: 'check-issuers', command: toolchain.node, args: [script], env };
  await processes.run(spec, signal);
}

/** Lets the functions' own code say whether the templates can run on the targets that they name. */
export async function checkTargets({ processes, toolchain, signal }: Starting): Promise<void> {
  const script = join(projectFolder, 'tools', 'check-targets.ts');
  const env = { JOBGATE_TARGETS: JSON.stringify(targets) };
  const spec = { name: 'check-targets', command: toolchain.node, args: [script], env };
  await processes.run(spec, signal);
}

/** Publishes the templates' files to the staging bucket, as an operator would. */
export async function publishTemplates(
  { processes, toolchain, signal }: Starting,
  storage: string,
  publishToken: string,
): Promise<void> {
  const script = join(projectFolder, 'tools', 'publish-templates.ts');
  const args = [script, '--storage', storage, '--bucket', buckets.staging];
  const env = { JOBGATE_PUBLISH_TOKEN: publishToken };
  const spec = { name: 'publish-templates', command: toolchain.node, args, env };
  await processes.run(spec, signal);
}

function toSample(name: string) {
  return {
    uri: `gs://${buckets.inputs}/samples/${name}`,
    file: join(projectFolder, 'node_modules', 'vega-datasets', 'data', name),
  } as const;
}

function makeFolder(run: Run, name: string): string {
  const folder = join(run.folder, name);
  mkdirSync(folder);
  return folder;
}
