import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import aws4 from 'aws4';
import type { APIGatewayProxyResult, Context } from 'aws-lambda';
import { vi } from 'vitest';
import { getStack } from './api.ts';

const ROOT = join(import.meta.dirname, '../..');
const REGION = 'us-east-1';

/** A function of the repository, in this process, with the environment and role of its deployed twin. */
export interface DeployedFunction {
  /** Calls the handler with an event of events/ and any changes to it. */
  readonly call: (
    event: string,
    changes?: Readonly<Record<string, unknown>>,
  ) => Promise<FunctionAnswer>;
  /** Calls the handler with any value as the event, and gives back what Lambda would give to the gateway. */
  readonly run: (
    event: unknown,
  ) => Promise<{ readonly result: unknown; readonly log: readonly string[] }>;
}

/** A proxy result whose body is parsed, and the lines that the function logged. */
export interface FunctionAnswer {
  readonly log: readonly string[];
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

type Handler = (event: unknown, context: Context) => Promise<APIGatewayProxyResult>;

/**
 * Loads a handler without the gateway: its environment is read from the stack, its credentials are its role's. The
 * environment is the process's, so of several functions only the one that was loaded last may be called.
 */
export async function loadFunction(name: string): Promise<DeployedFunction> {
  const functionName = `jobgate-local-${name}`;
  const environment = await readEnvironment(functionName);
  const credentials = await assumeRole(functionName);
  for (const key of Object.keys(process.env).filter((name) => name.startsWith('JOBGATE_'))) {
    Reflect.deleteProperty(process.env, key);
  }
  Object.assign(process.env, environment, credentials, {
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL: getStack().aws,
  });
  const module = (await import(`../../functions/${name}.ts`)) as { readonly handler: Handler };
  const run = (
    event: unknown,
  ): Promise<{ readonly result: APIGatewayProxyResult; readonly log: readonly string[] }> =>
    captureLog(() => module.handler(event, CONTEXT));
  return {
    run,
    call: async (event, changes = {}) => {
      const { result, log } = await run({ ...readEvent(event), ...changes });
      const text = result.body;
      return {
        log,
        status: result.statusCode,
        headers: result.headers as Readonly<Record<string, string>>,
        body: text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>),
      };
    },
  };
}

/** Keeps what is written to standard output, where Lambda takes log lines from, while work runs. */
export async function captureLog<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly log: readonly string[] }> {
  const log: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    log.push(String(chunk));
    return true;
  });
  try {
    return { result: await work(), log };
  } finally {
    write.mockRestore();
  }
}

/** Reads an event of events/ by its file name without `.json`. */
export function readEvent(name: string): Readonly<Record<string, unknown>> {
  const text = readFileSync(join(ROOT, 'events', `${name}.json`), 'utf8');
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

const CONTEXT = {
  awsRequestId: '5b0d3d4e-7f0e-4c42-9a3e-3d6d4a2f1c11',
  getRemainingTimeInMillis: () => 28_000,
} as Context;

/** Reads the environment that the stack gave to a function. */
export async function readEnvironment(
  functionName: string,
): Promise<Readonly<Record<string, string>>> {
  const path = `/2015-03-31/functions/${functionName}/configuration`;
  const answer = JSON.parse(await callAws('lambda', path)) as {
    readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
  };
  return answer.Environment.Variables;
}

/** Takes on a function's role, as Lambda does; the credentials by their names in the environment. */
export async function assumeRole(roleName: string): Promise<Readonly<Record<string, string>>> {
  const query = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: `arn:aws:iam::000000000000:role/${roleName}`,
    RoleSessionName: 'test',
  });
  const text = await callAws('sts', `/?${query.toString()}`);
  const read = (element: string): string =>
    new RegExp(`<${element}>([^<]+)</${element}>`).exec(text)?.[1] ?? '';
  return {
    AWS_ACCESS_KEY_ID: read('AccessKeyId'),
    AWS_SECRET_ACCESS_KEY: read('SecretAccessKey'),
    AWS_SESSION_TOKEN: read('SessionToken'),
  };
}

/** Calls the emulator as the account's administrator. */
export async function callAws(service: string, path: string): Promise<string> {
  const { aws } = getStack();
  const request = { host: new URL(aws).host, path, service, region: REGION };
  const signed = aws4.sign(request, { accessKeyId: 'test', secretAccessKey: 'test' });
  const headers = new Headers();
  for (const [name, value] of Object.entries(signed.headers ?? {}))
    headers.set(name, String(value));
  headers.delete('host');
  const response = await fetch(aws + path, { headers });
  if (!response.ok) throw new Error(`${service} answered ${response.status}`);
  return response.text();
}
