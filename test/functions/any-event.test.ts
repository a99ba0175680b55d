import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../shared/problem.ts';
import { clearFaults, injectFault } from '../support/api.ts';
import { loadFunction, readEvent, type DeployedFunction } from '../support/deployed-function.ts';
import { aboutJob, getSucceededJob } from '../support/succeeded-job.ts';

const ROOT = join(import.meta.dirname, '../..');
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJlLXZhbHVl';

/** Every function that a route leads to. */
const FUNCTIONS = readdirSync(join(ROOT, 'functions'))
  .map((path) => path.replace(/\.ts$/, ''))
  // Neither is asked over HTTP; what the sweep is told is of no use to it.
  .filter((name) => name !== 'authorizer' && name !== 'sweep-jobs');

/** What functions answer to their sample events, where it is not 200; nothing of submit-job gets through to Dataproc. */
const ANSWERS = new Map([
  ['submit-job', 502],
  ['get-job-file', 303],
  ['create-upload', 201],
]);

/** Functions whose events name a job. */
const ABOUT_A_JOB = [
  'get-job',
  'cancel-job',
  'get-job-logs',
  'get-job-result',
  'get-job-file',
  'get-job-audit',
];

/** Values that break careless readers more often than random ones do. */
const values = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(undefined, '', '%', '%E0%A4%A', '../..', '\r\nx: y', '\u0000', '__proto__'),
  fc.constantFrom('constructor', '9'.repeat(16), '[1]', '"', 'x'.repeat(70_000), -1, [[]]),
);

/** One member that is changed: the how-manieth of all members, and what it becomes. */
const mutations = fc.array(fc.tuple(fc.nat(), values), { minLength: 1, maxLength: 3 });

type Path = readonly string[];

/** Paths of all members below a value, at every depth. */
function listPaths(value: unknown): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]): readonly Path[] => [
    [name],
    ...listPaths(member).map((path) => [name, ...path]),
  ]);
}

function replaceAt(value: unknown, path: Path, replacement: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [
    name,
    name === key ? replaceAt(member, rest, replacement) : member,
  ]);
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}

function mutate(event: unknown, changes: readonly (readonly [number, unknown])[]): unknown {
  return changes.reduce((changed: unknown, [pick, replacement]) => {
    const paths = listPaths(changed);
    return replaceAt(changed, paths[pick % paths.length] ?? [], replacement);
  }, event);
}

/** A function's sample event: about a job that there is, with a key of its own, and with its body parsed. */
async function takeSample(name: string): Promise<Readonly<Record<string, unknown>>> {
  const event = readEvent(name);
  const changes = ABOUT_A_JOB.includes(name) ? aboutJob(name, await getSucceededJob()) : {};
  const headers = { ...(event['headers'] as object), 'Idempotency-Key': randomUUID() };
  return { ...event, ...changes, headers, body: JSON.parse(String(event['body'])) as unknown };
}

/** Puts the token where the gateway puts it, and the body into the text that it is. */
function toSent(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event;
  const headers: unknown = 'headers' in event ? event.headers : {};
  const own = typeof headers === 'object' && headers !== null ? headers : {};
  const body: unknown = 'body' in event ? event.body : null;
  return {
    ...event,
    body: typeof body === 'object' && body !== null ? JSON.stringify(body) : body,
    headers: { ...own, Authorization: `Bearer ${TOKEN}` },
    multiValueHeaders: { Authorization: [`Bearer ${TOKEN}`] },
  };
}

const isText = expect.stringMatching(/./) as string;

/** Holds a result against what API Gateway takes from a function, and a refusal against the shape of a problem. */
function checkResult(value: unknown): void {
  expect(value).toEqual({
    statusCode: expect.any(Number) as number,
    headers: expect.any(Object) as object,
    body: expect.any(String) as string,
  });
  const { statusCode, headers, body } = value as {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly body: string;
  };
  expect(Number.isInteger(statusCode) && statusCode >= 200 && statusCode <= 599).toBe(true);
  for (const [name, text] of Object.entries(headers)) {
    expect(name).toMatch(/^[a-z0-9-]+$/);
    expect(text).toEqual(expect.stringMatching(/^[\x20-\x7e]+$/));
  }
  const parsed: unknown = body === '' ? undefined : JSON.parse(body);
  if (statusCode >= 400) checkProblem(parsed, statusCode);
}

function checkProblem(problem: unknown, status: number): void {
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^urn:jobgate:problem:[a-z_]+$/) as string,
    title: isText,
    status,
    detail: isText,
    instance: expect.any(String) as string,
    code: expect.stringMatching(new RegExp(`^(${Object.keys(PROBLEMS).join('|')})$`)) as string,
    correlationId: expect.stringMatching(/^[a-z0-9][a-z0-9-]{7,59}$/) as string,
    retryable: expect.any(Boolean) as boolean,
  });
  expect(problem).not.toMatchObject({ code: 'internal' });
}

beforeAll(async () => {
  await getSucceededJob();
  // An event that is still good must not start a program: Dataproc refuses every batch.
  await injectFault({ rpc: 'CreateBatch', status: 403, count: 10_000 });
});

afterAll(clearFaults);

describe.each(FUNCTIONS)('%s', (name) => {
  let deployed: DeployedFunction;
  let sample: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    deployed = await loadFunction(name);
    sample = await takeSample(name);
  });

  async function check(event: unknown): Promise<void> {
    const { result, log } = await deployed.run(event);
    checkResult(result);
    expect(log.length).toBeGreaterThan(0);
    for (const line of log) expect(JSON.parse(line)).toMatchObject({ service: 'jobgate' });
    expect([JSON.stringify(result), ...log].join('')).not.toContain(TOKEN);
  }

  it('answers its sample event, so that changes to it mean something', async () => {
    const { result } = await deployed.run(toSent(sample));
    expect(result).toMatchObject({ statusCode: ANSWERS.get(name) ?? 200 });
  });

  it('gives any value a well-formed answer, and the token is nowhere', async () => {
    const { requestContext } = sample;
    const members = fc.dictionary(fc.string(), fc.jsonValue());
    const ofCaller = members.map((event) => ({ ...event, requestContext }));
    const events = fc.oneof(fc.jsonValue(), members, ofCaller);
    await fc.assert(
      fc.asyncProperty(events, (event) => check(toSent(event))),
      { numRuns: 40 },
    );
  });

  it('gives its event with any changes a well-formed answer, and the token is nowhere', async () => {
    await fc.assert(
      fc.asyncProperty(mutations, (changes) => check(toSent(mutate(sample, changes)))),
      { numRuns: 40 },
    );
  });
});
