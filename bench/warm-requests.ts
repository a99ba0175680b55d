/**
 * Submits jobs with one loaded submit-job, and looks at each at once with one loaded get-job, so that its record is fresh.
 * Prints what it measured as the last line, as JSON: see {@link WarmRequests}.
 *
 *     node bench/warm-requests.ts <submit-job.mjs> <get-job.mjs> <rounds> [<address of the stub's calls>]
 *
 * **Own time** is the wall time of one call of the handler less the time in which an upstream request is outstanding
 * (upstream-time.ts). What the handler computes while it waits is not in it; CPU time, which is shown beside it, has that
 * and all that Node does for HTTP, in both directions and for both functions.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { requireQueued, type JobAnswer } from './answers.ts';
import { toMedian } from './medians.ts';
import { createSignatureCheck, RS256 } from './signature-check.ts';
import { UpstreamTime } from './upstream-time.ts';

/** Medians of milliseconds. */
interface Timing {
  readonly ownMs: number;
  readonly wholeMs: number;
}

/** Calls by service and operation. */
export type Calls = Readonly<Record<string, number>>;

/** What is measured of warm requests. */
export interface WarmRequests {
  readonly submit: Timing;
  readonly poll: Timing;
  /** jose's check of an RS256 signature, of 50 in a row after 50 requests each: how fast this machine is. */
  readonly checkMs: number;
  /** Mean CPU time of a submission and a look at it. */
  readonly cpuMs: number;
  /** The calls of one submission and of one look, each the same every time; null when nobody counted. */
  readonly calls: { readonly submit: Calls; readonly poll: Calls } | null;
}

type Handler = (event: unknown, context: object) => Promise<APIGatewayProxyResult>;

const [, , submitBundle = '', pollBundle = '', rounds = '', callsAddress] = process.argv;
const warmUps = 100;
const counted = 20;
/** Requests, and checks of a signature, that are made in a row. */
const row = 50;
const context = { getRemainingTimeInMillis: () => 28_000 };
const upstream = new UpstreamTime();
const { isSigned } = createSignatureCheck(RS256);

interface Timed {
  readonly answer: JobAnswer;
  readonly ownMs: number;
  readonly wholeMs: number;
}

interface Round {
  readonly submitted: Timed;
  readonly polled: Timed;
}

async function loadHandler(file: string): Promise<Handler> {
  return ((await import(file)) as { readonly handler: Handler }).handler;
}

function readEvent(name: string): Readonly<Record<string, unknown>> {
  const file = join(import.meta.dirname, '..', 'events', `${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
}

const submitEvent = readEvent('submit-job');
const pollEvent = readEvent('get-job');

/** A submission under a key of its own. */
function makeSubmitEvent(): object {
  const key = randomUUID();
  return {
    ...submitEvent,
    headers: { ...(submitEvent['headers'] as object), 'Idempotency-Key': key },
    multiValueHeaders: {
      ...(submitEvent['multiValueHeaders'] as object),
      'Idempotency-Key': [key],
    },
  };
}

async function time(handler: Handler, event: object): Promise<Timed> {
  upstream.take();
  const since = performance.now();
  const result = await handler(event, context);
  const wholeMs = performance.now() - since;
  const ownMs = wholeMs - upstream.take();
  const { id, state } = JSON.parse(result.body) as Omit<JobAnswer, 'status'>;
  return { answer: { status: result.statusCode, id, state }, ownMs, wholeMs };
}

function toTiming(timed: readonly Timed[]): Timing {
  return {
    ownMs: toMedian(timed.map(({ ownMs }) => ownMs)),
    wholeMs: toMedian(timed.map(({ wholeMs }) => wholeMs)),
  };
}

/** Gives the one value of a list that has no other. @throws Error */
function requireSame(all: readonly Calls[]): Calls {
  const [first = {}] = all;
  const texts = new Set(all.map((calls) => JSON.stringify(Object.entries(calls).sort())));
  if (texts.size === 1) return first;
  throw new Error(`the calls differ from request to request: ${[...texts].join(' ')}`);
}

/** Both functions, loaded once; what they answer is checked each time. */
interface Functions {
  readonly submit: () => Promise<Timed>;
  readonly poll: (job: string) => Promise<Timed>;
}

async function loadFunctions(): Promise<Functions> {
  const submit = await loadHandler(submitBundle);
  const poll = await loadHandler(pollBundle);
  return {
    submit: async () => {
      const timed = await time(submit, makeSubmitEvent());
      requireQueued(timed.answer, 202);
      return timed;
    },
    poll: async (job) => {
      const timed = await time(poll, { ...pollEvent, pathParameters: { job } });
      requireQueued(timed.answer, 200);
      return timed;
    },
  };
}

/** Checks a signature many times in a row. @throws Error when a good one is not found right */
async function timeChecks(count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < count; round += 1) {
    const since = performance.now();
    if (!(await isSigned())) throw new Error('a good signature is not found right');
    times.push(performance.now() - since);
  }
  return times;
}

async function runRounds(count: number, { submit, poll }: Functions): Promise<readonly Round[]> {
  const all: Round[] = [];
  for (let round = 0; round < count; round += 1) {
    const submitted = await submit();
    all.push({ submitted, polled: await poll(submitted.answer.id) });
  }
  return all;
}

/** Counts right after the first round: the switches are read again after 30 seconds. */
async function countCalls(address: string, functions: Functions): Promise<WarmRequests['calls']> {
  const take = async (): Promise<Calls> => (await (await fetch(address)).json()) as Calls;
  const all: { readonly submit: Calls; readonly poll: Calls }[] = [];
  for (let round = 0; round < counted; round += 1) {
    await take();
    const { answer } = await functions.submit();
    const submit = await take();
    await functions.poll(answer.id);
    all.push({ submit, poll: await take() });
  }
  return {
    submit: requireSame(all.map(({ submit }) => submit)),
    poll: requireSame(all.map(({ poll }) => poll)),
  };
}

async function measure(): Promise<WarmRequests> {
  const functions = await loadFunctions();
  await runRounds(1, functions);
  const calls = callsAddress === undefined ? null : await countCalls(callsAddress, functions);
  await runRounds(warmUps, functions);
  await timeChecks(warmUps);
  const all: Round[] = [];
  const checks: number[] = [];
  let cpuMicroseconds = 0;
  while (all.length < Number(rounds)) {
    const cpu = process.cpuUsage();
    all.push(...(await runRounds(Math.min(row, Number(rounds) - all.length), functions)));
    const { user, system } = process.cpuUsage(cpu);
    cpuMicroseconds += user + system;
    checks.push(...(await timeChecks(row)));
  }
  return {
    submit: toTiming(all.map(({ submitted }) => submitted)),
    poll: toTiming(all.map(({ polled }) => polled)),
    checkMs: toMedian(checks),
    cpuMs: cpuMicroseconds / 1000 / all.length,
    calls,
  };
}

process.stdout.write(`${JSON.stringify(await measure())}\n`);
