/**
 * Measures submit-job, and get-job as a poll: how large the bundle is; how long a process takes that loads it, or answers
 * one request with it, beside one with nothing, in turn; what memory that takes; which calls warm requests make; how much
 * time the handler itself takes for one (warm-requests.ts says what is counted); and how long a submission takes to the
 * local Dataproc.
 *
 *     npm run bench -- submit-job [--pairs <5 to 200>] [--requests <100 to 20000>]
 *
 * All but the last number is against a stub in a process of its own (stub-upstream.ts), which answers at once. In the last
 * one STS, IAM Credentials and Dataproc are the local Google, which checks and keeps what it is sent and starts no Spark;
 * DynamoDB, CloudWatch Logs, Secrets Manager and AWS STS are the stub.
 * The handler's own time may be 0.5 ms on a machine where jose checks an RS256 signature in 0.042. Machines differ, so the limit
 * is as many such checks, which are timed in the same process.
 *
 * Prints a table. Ends with status 1 when a number is above its limit or an answer is wrong.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgress } from '../local/setup/progress.mjs';
import { Processes } from '../local/up/processes.ts';
import { readAddress } from '../local/up/ready-line.ts';
import { createRun, removeRun } from '../local/up/runs.ts';
import type { Starting } from '../local/up/servers.ts';
import { endLeftovers } from '../local/up/sweep.ts';
import { readToolchain } from '../local/up/toolchain.ts';
import { requireQueued, type JobAnswer } from './answers.ts';
import { bundle } from './bundle.ts';
import { makeEnvironment } from './function-environment.ts';
import { startGoogleWithoutSpark } from './local-google.ts';
import { toMedian } from './medians.ts';
import { runNode, timeInTurn } from './processes.ts';
import { print, type Row } from './rows.ts';
import { DESIGN_CHECK_MS } from './signature-check.ts';
import type { Calls, WarmRequests } from './warm-requests.ts';

const usage =
  'usage: npm run bench -- submit-job [--pairs <5 to 200>] [--requests <100 to 20000>]\n';
const project = join(import.meta.dirname, '..');
const limits = {
  ...{ bundleKb: 200, loadRatio: 1.6, answerRatio: 2.6, memoryMb: 70 },
  ...{ ownChecks: Number((0.5 / DESIGN_CHECK_MS).toFixed(1)), submittedMs: 10 },
};
const calls = {
  submit: {
    'DynamoDB TransactWriteItems': 1,
    'Dataproc CreateBatch': 1,
    'DynamoDB PutItem': 1,
    'Logs PutLogEvents': 1,
  },
  poll: { 'DynamoDB GetItem': 1 },
} as const satisfies Readonly<Record<string, Calls>>;
/** Requests to the local Dataproc: each leaves a batch that waits. */
const submissions = 100;

/** The bundles of both functions, and how large the first is. */
interface Bundles {
  readonly submitJob: string;
  readonly getJob: string;
  readonly kb: number;
}

async function makeBundles(folder: string): Promise<Bundles> {
  const submitJob = join(folder, 'submit-job.mjs');
  const getJob = join(folder, 'get-job.mjs');
  const kb = await bundle('submit-job', submitJob);
  await bundle('get-job', getJob);
  return { submitJob, getJob, kb };
}

interface LastLine extends JobAnswer {
  readonly rssBytes: number;
}

/** Times processes that do nothing, load the bundle, and answer one request with it: that one until its answer is there. */
async function measureStart(
  bundles: Bundles,
  stub: string,
  pairs: number,
): Promise<readonly Row[]> {
  const script = (name: string): string => join(project, 'bench', name);
  const event = join(project, 'events', 'submit-job.json');
  const env = makeEnvironment({ aws: stub, google: stub });
  const memory: number[] = [];
  const first = {
    args: [script('first-answer.mjs'), bundles.submitJob, event],
    env,
    until: 'printed',
  } as const;
  const load = { args: [script('load.mjs'), bundles.submitJob], env };
  const processes = [{ args: [script('bare.mjs')] }, load, first];
  const medians = await timeInTurn(pairs, processes, (stdout, index) => {
    if (index !== processes.indexOf(first)) return;
    const answer = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as LastLine;
    requireQueued(answer, 202);
    memory.push(answer.rssBytes / 1e6);
  });
  const [bareMs = 0, loadMs = 0, answerMs = 0] = medians;
  const shown = medians.map((ms) => ms.toFixed(1)).join(', ');
  process.stdout.write(`${pairs} rounds of processes, medians: ${shown} ms\n`);
  const { bundleKb, loadRatio, answerRatio, memoryMb } = limits;
  return [
    { name: 'bundle, kB', value: bundles.kb, digits: 1, limit: bundleKb },
    { name: 'load / bare Node', value: loadMs / bareMs, digits: 2, limit: loadRatio },
    { name: 'first answer / bare Node', value: answerMs / bareMs, digits: 2, limit: answerRatio },
    { name: 'memory after it, MB', value: toMedian(memory), digits: 1, limit: memoryMb },
  ];
}

interface WarmRun {
  readonly env: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly callsAddress?: string;
}

async function runWarm(
  bundles: Bundles,
  { env, rounds, callsAddress }: WarmRun,
): Promise<WarmRequests> {
  const script = join(project, 'bench', 'warm-requests.ts');
  const optional = callsAddress === undefined ? [] : [callsAddress];
  const args = [script, bundles.submitJob, bundles.getJob, String(rounds), ...optional];
  const { stdout } = await runNode({ args, env });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as WarmRequests;
}

async function measureWarm(
  bundles: Bundles,
  stub: string,
  rounds: number,
): Promise<readonly Row[]> {
  const env = makeEnvironment({ aws: stub, google: stub });
  const warm = await runWarm(bundles, { env, rounds, callsAddress: `${stub}/calls` });
  const { submit, poll, checkMs } = warm;
  const { ownChecks } = limits;
  return [
    { name: 'check of a signature, ms', value: checkMs, digits: 3, limit: null },
    { name: 'submit, own time, ms', value: submit.ownMs, digits: 3, limit: null },
    { name: '  in such checks', value: submit.ownMs / checkMs, digits: 1, limit: ownChecks },
    { name: '  with the stub’s, ms', value: submit.wholeMs, digits: 3, limit: null },
    { name: 'poll, own time, ms', value: poll.ownMs, digits: 3, limit: null },
    { name: '  in such checks', value: poll.ownMs / checkMs, digits: 1, limit: ownChecks },
    { name: '  with the stub’s, ms', value: poll.wholeMs, digits: 3, limit: null },
    { name: 'CPU of both together, ms', value: warm.cpuMs, digits: 3, limit: null },
    ...toCallRows('submit', warm.calls?.submit ?? {}, calls.submit),
    ...toCallRows('poll', warm.calls?.poll ?? {}, calls.poll),
  ];
}

/** One row for each operation that is called or should be. */
function toCallRows(name: string, made: Calls, expected: Calls): readonly Row[] {
  const operations = new Set([...Object.keys(expected), ...Object.keys(made)]);
  return [...operations].map((operation) => ({
    name: `${name}: ${operation}`,
    value: made[operation] ?? 0,
    digits: 0,
    limit: expected[operation] ?? 0,
    exact: true,
  }));
}

async function measureSubmitted(
  bundles: Bundles,
  aws: string,
  google: string,
): Promise<readonly Row[]> {
  const env = makeEnvironment({ aws, google });
  const { submit } = await runWarm(bundles, { env, rounds: submissions });
  const name = 'POST to submitted, local Dataproc, ms';
  return [{ name, value: submit.wholeMs, digits: 2, limit: limits.submittedMs }];
}

async function startStub({ processes, toolchain }: Starting): Promise<string> {
  const script = join(project, 'bench', 'stub-upstream.ts');
  const spec = { name: 'stub', command: toolchain.node, args: [script], config: {} };
  return readAddress(await processes.start(spec), spec.name, 'address');
}

async function measure(starting: Starting, pairs: number, requests: number): Promise<number> {
  const folder = join(starting.run.folder, 'bundles');
  mkdirSync(folder);
  const bundles = await makeBundles(folder);
  const stub = await startStub(starting);
  const rows = [
    ...(await measureStart(bundles, stub, pairs)),
    ...(await measureWarm(bundles, stub, requests)),
    ...(await measureSubmitted(bundles, stub, await startGoogleWithoutSpark(starting, stub))),
  ];
  return print(rows);
}

async function main(): Promise<number> {
  const options = {
    pairs: { type: 'string', default: '30' },
    requests: { type: 'string', default: '1000' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  const [pairs, requests] = [Number(values.pairs), Number(values.requests)];
  const isUsable = isWithin(pairs, 5, 200) && isWithin(requests, 100, 20_000);
  if (values.help === true || !isUsable) {
    (isUsable ? process.stdout : process.stderr).write(usage);
    return isUsable ? 0 : 2;
  }
  const run = createRun();
  const processes = new Processes(run);
  const starting = { progress: createProgress(), run, processes, toolchain: readToolchain() };
  try {
    return await measure(starting, pairs, requests);
  } finally {
    await processes.stop();
    await endLeftovers(run);
    removeRun(run);
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

process.exitCode = await main();
