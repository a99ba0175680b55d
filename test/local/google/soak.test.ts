import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseObject } from '../../../local/google/shape.ts';
import { listProcesses, makeBatch, parent, send, startGoogle, waitFor } from './google-server.ts';
import { type LocalServer, makeFolder } from './local-server.ts';

const token = 'submitter-token';
/** Node keeps memory that it has had once; what 150 jobs leave must be less than 200 kB each. */
const maxGrowthMebibytes = 30;
const timeoutMs = 30 * 60_000;

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let batches: string;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'soak', maxConcurrentRuns: 4 });
  batches = `${String(server.ready['google'])}/v1/${parent}/batches`;
});

afterAll(async () => {
  await server.stop();
  removeFolder();
});

/** Runs batches from one number to another, and waits until each has succeeded. */
async function runBatches(from: number, to: number): Promise<void> {
  const body = makeBatch('noop.py');
  const ids = Array.from({ length: to - from + 1 }, (_, place) => `soak-${from + place}`);
  for (const id of ids) {
    const reply = await send(`${batches}?batchId=${id}`, { method: 'POST', token, body });
    expect(reply.status).toBe(200);
  }
  for (const id of ids) expect(await waitForEnd(id)).toBe('SUCCEEDED');
}

/** Returns the state in which a batch ended. */
function waitForEnd(id: string): Promise<unknown> {
  return waitFor(async () => {
    const { body } = await send(`${batches}/${id}`, { token });
    const { state } = parseObject(body, 'the batch');
    return state === 'PENDING' || state === 'RUNNING' ? undefined : state;
  });
}

function countDescriptors(): number {
  return readdirSync(`/proc/${String(server.ready['pid'])}/fd`).length;
}

function readResidentMebibytes(): number {
  const status = readFileSync(`/proc/${String(server.ready['pid'])}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

it(
  '200 jobs leave no process, no folder, no open file and no memory behind',
  async () => {
    const processes = listProcesses('JOBGATE_RUN=soak');
    await runBatches(1, 10);
    const descriptors = countDescriptors();
    await runBatches(11, 50);
    const resident = readResidentMebibytes();
    await runBatches(51, 200);
    const growth = readResidentMebibytes() - resident;
    process.stdout.write(`150 jobs: ${growth.toFixed(1)} MiB more than ${resident.toFixed(1)}\n`);
    expect(growth).toBeLessThan(maxGrowthMebibytes);
    expect(listProcesses('JOBGATE_RUN=soak')).toEqual(processes);
    expect(readdirSync(join(folder, 'google', 'data', 'runs'))).toEqual([]);
    expect(countDescriptors()).toBeLessThanOrEqual(descriptors);
  },
  timeoutMs,
);
