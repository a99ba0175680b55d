import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseObject } from '../../../local/google/shape.ts';
import { cluster, type JobCalls, makeJob, makeJobCalls } from './dataproc/sample-job.ts';
import { listProcesses, makeBatch, parent, send, startGoogle, waitFor } from './google-server.ts';
import { type LocalServer, makeFolder } from './local-server.ts';

const token = 'submitter-token';
/**
 * Judged after a collection of garbage, since how much memory Node holds besides says nothing. Each
 * run leaves its record, about 16 kB; 75 of them may leave three times as much.
 */
const maxHeldMebibytes = 4;
/** What would be left of memory that Node does not know of; resident memory comes and goes. */
const maxResidentMebibytes = 100;

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let google: string;
let batches: string;
let jobs: JobCalls;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'soak', maxConcurrentRuns: 4, clusters: [cluster] });
  google = String(server.ready['google']);
  batches = `${google}/v1/${parent}/batches`;
  jobs = makeJobCalls(google);
});

afterAll(async () => {
  await server.stop();
  removeFolder();
});

/** Runs batches and jobs in turn from one number to another, and waits until each has succeeded. */
async function runFrom(from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, place) => from + place);
  for (const number of numbers) expect(await start(number)).toBe(200);
  for (const number of numbers)
    expect(await waitForEnd(number)).toBe(isBatch(number) ? 'SUCCEEDED' : 'DONE');
}

function isBatch(number: number): boolean {
  return number % 2 === 0;
}

async function start(number: number): Promise<number> {
  const id = `soak-${number}`;
  if (!isBatch(number)) return (await jobs.submit(makeJob(id, 'noop.py'))).status;
  const body = makeBatch('noop.py');
  return (await send(`${batches}?batchId=${id}`, { method: 'POST', token, body })).status;
}

/** Returns the state in which a run ended. */
function waitForEnd(number: number): Promise<unknown> {
  const id = `soak-${number}`;
  return waitFor(async () => {
    const { state } = isBatch(number)
      ? parseObject((await send(`${batches}/${id}`, { token })).body, 'the batch')
      : parseObject((await jobs.get(id))['status'], 'the status');
    return ['SUCCEEDED', 'FAILED', 'DONE', 'ERROR', 'CANCELLED'].includes(String(state))
      ? state
      : undefined;
  });
}

function countDescriptors(): number {
  return readdirSync(`/proc/${String(server.ready['pid'])}/fd`).length;
}

/** What the server holds on to, and what it has of the machine, in MiB. */
async function readMemory(): Promise<{ readonly held: number; readonly resident: number }> {
  const { body } = await send(`${google}/_local/memory`);
  const { heldBytes, residentBytes } = parseObject(body, 'the memory');
  return { held: Number(heldBytes) / 2 ** 20, resident: Number(residentBytes) / 2 ** 20 };
}

it('200 batches and jobs leave no process, no folder, no open file and no memory behind', async () => {
  const processes = listProcesses('JOBGATE_RUN=soak');
  await runFrom(1, 10);
  const descriptors = countDescriptors();
  await runFrom(11, 50);
  const early = await readMemory();
  await runFrom(51, 125);
  const middle = await readMemory();
  await runFrom(126, 200);
  const late = await readMemory();
  const [held, resident] = (['held', 'resident'] as const).map((kind) =>
    [early, middle, late].map((memory) => memory[kind].toFixed(1)).join(', '),
  );
  process.stdout.write(
    `after 50, 125 and 200 runs: held ${held ?? ''} MiB, resident ${resident ?? ''} MiB\n`,
  );
  expect(late.held - middle.held).toBeLessThan(maxHeldMebibytes);
  expect(late.resident - early.resident).toBeLessThan(maxResidentMebibytes);
  expect(listProcesses('JOBGATE_RUN=soak')).toEqual(processes);
  expect(readdirSync(join(folder, 'google', 'data', 'runs'))).toEqual([]);
  // Connections that are kept alive come and go with the load; they close within seconds.
  await expect
    .poll(countDescriptors, { timeout: 60_000, interval: 500 })
    .toBeLessThanOrEqual(descriptors);
});
