import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseObject } from '../../../local/google/shape.ts';
import { cluster, type JobCalls, makeJob, makeJobCalls } from './dataproc/sample-job.ts';
import { listProcesses, makeBatch, parent, send, startGoogle, waitFor } from './google-server.ts';
import { type LocalServer, makeFolder } from './local-server.ts';

const token = 'submitter-token';
/**
 * Node takes memory for its own ends while it is young, and gives it back when it likes: the last 75
 * runs alone are judged, and what they leave must be less than 140 kB each.
 */
const maxGrowthMebibytes = 10;

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let batches: string;
let jobs: JobCalls;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'soak', maxConcurrentRuns: 4, clusters: [cluster] });
  const google = String(server.ready['google']);
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

function readResidentMebibytes(): number {
  const status = readFileSync(`/proc/${String(server.ready['pid'])}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

it('200 batches and jobs leave no process, no folder, no open file and no memory behind', async () => {
  const processes = listProcesses('JOBGATE_RUN=soak');
  await runFrom(1, 10);
  const descriptors = countDescriptors();
  const resident: number[] = [];
  for (const [from, to] of [
    [11, 50],
    [51, 125],
    [126, 200],
  ] as const) {
    await runFrom(from, to);
    resident.push(readResidentMebibytes());
  }
  const [early = 0, middle = 0, late = 0] = resident;
  process.stdout.write(
    `resident after 50, 125 and 200 runs: ${resident.map((size) => size.toFixed(1)).join(', ')} MiB; ` +
      `growth ${(middle - early).toFixed(1)}, then ${(late - middle).toFixed(1)}\n`,
  );
  expect(late - middle).toBeLessThan(maxGrowthMebibytes);
  expect(listProcesses('JOBGATE_RUN=soak')).toEqual(processes);
  expect(readdirSync(join(folder, 'google', 'data', 'runs'))).toEqual([]);
  // Connections that are kept alive come and go with the load; they close within seconds.
  await expect
    .poll(countDescriptors, { timeout: 60_000, interval: 500 })
    .toBeLessThanOrEqual(descriptors);
});
