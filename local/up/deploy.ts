import { copyFileSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import aws4 from 'aws4';
import { StackFailure } from './failure.ts';
import { projectFolder } from './layout.ts';
import type { Processes } from './processes.ts';
import type { Run } from './runs.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const REGION = 'us-east-1';
/** How often the tool looks whether the stack is made: AWS's pace is 5 s, the emulator's is not. */
const MONITORING_MS = '200';
const KEPT_OUT = new Set(['.git', '.local', '.serverless', '.esbuild']);

/** The emulator takes an access key id that it does not know for the account's own. */
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** The production template's parameters that the local stack sets. */
export type DeployParameters = Readonly<Record<string, string>>;

/** Where and what to deploy. */
export interface Deployment {
  readonly run: Run;
  readonly processes: Processes;
  readonly node: string;
  /** The emulator's address. */
  readonly aws: string;
  readonly parameters: DeployParameters;
  /** Folder of the service to deploy; the project's own when not given. */
  readonly service?: string;
  readonly signal?: AbortSignal;
}

/**
 * Deploys the production template to the emulator and returns the address of the API's stage.
 * The deploy tool writes beside its serverless.yml, so each run gets a folder of links of its own:
 * two deploys from one checkout do not meet, and nothing is left in it.
 * @throws StackFailure with the last lines of the deploy's log.
 */
export async function deploy(deployment: Deployment): Promise<string> {
  const { run, processes, node, aws, parameters, signal } = deployment;
  const folder = linkService(deployment.service ?? projectFolder, join(run.folder, 'service'));
  const tool = join(projectFolder, 'node_modules', 'serverless', 'bin', 'serverless.js');
  const flags = Object.entries(parameters).map(([name, value]) => `--param=${name}=${value}`);
  const spec = {
    name: 'serverless deploy',
    command: node,
    args: [tool, 'deploy', '--stage', 'local', '--region', REGION, ...flags],
    cwd: folder,
    env: deployEnvironment(run, aws),
  };
  await processes.run(spec, signal);
  return `${aws}/restapis/${await findRestApi(aws)}/local/_user_request_`;
}

/** Makes a folder that looks like the project: files are copied, since the tool follows no link to one. */
function linkService(source: string, folder: string): string {
  mkdirSync(folder);
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    if (KEPT_OUT.has(entry.name)) continue;
    const [from, to] = [join(source, entry.name), join(folder, entry.name)];
    if (entry.isFile()) copyFileSync(from, to);
    else symlinkSync(from, to);
  }
  return folder;
}

function deployEnvironment(run: Run, aws: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: aws,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    SLS_TELEMETRY_DISABLED: '1',
    SLS_NOTIFICATIONS_MODE: 'off',
    SLS_AWS_MONITORING_FREQUENCY: MONITORING_MS,
    SLS_SCHEMA_CACHE_BASE_DIR: run.temporary,
  };
}

/** Finds the one API that the emulator serves. Source: API Gateway REST API, GetRestApis. */
async function findRestApi(aws: string): Promise<string> {
  const { host } = new URL(aws);
  const request = { host, path: '/restapis', service: 'apigateway', region: REGION };
  const headers = new Headers();
  for (const [name, value] of Object.entries(aws4.sign(request, credentials).headers ?? {})) {
    headers.set(name, String(value));
  }
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const answer = await fetch(`${aws}/restapis`, { headers, signal });
  const ids = [...(await answer.text()).matchAll(/"id":\s*"([a-z0-9]+)"/g)].map(([, id]) => id);
  const [id] = ids;
  if (id !== undefined && ids.length === 1) return id;
  throw new StackFailure(`The local AWS has ${ids.length} REST APIs after the deploy, not one.`);
}
