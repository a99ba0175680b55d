import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseObject } from '../../../../local/google/shape.ts';
import {
  listProcesses,
  makeBatch,
  parent,
  readObjects,
  send,
  startGoogle,
  waitFor,
} from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();

afterAll(() => {
  for (const pid of listProcesses('JOBGATE_RUN=killed')) process.kill(Number(pid), 'SIGKILL');
  removeFolder();
});

function toBatches(server: LocalServer): string {
  return `${String(server.ready['google'])}/v1/${parent}/batches`;
}

/** Returns the batch's uuid. */
async function waitForBatch(server: LocalServer, id: string, state: string): Promise<string> {
  return waitFor(async () => {
    const reply = await send(`${toBatches(server)}/${id}`, { token: 'submitter-token' });
    const batch = parseObject(reply.body, 'the batch');
    return batch['state'] === state ? String(batch['uuid']) : undefined;
  });
}

async function startWithBatch(run: string): Promise<LocalServer> {
  const own = join(folder, run);
  mkdirSync(own);
  const server = await startGoogle(own, { run });
  const url = `${String(server.ready['google'])}/v1/${parent}/batches`;
  const body = makeBatch('hang.py');
  const create = { method: 'POST', token: 'submitter-token', body };
  expect((await send(`${url}?batchId=hang-1`, create)).status).toBe(200);
  await waitFor(async () => {
    const reply = await send(`${url}/hang-1`, { token: 'submitter-token' });
    const { state, uuid } = parseObject(reply.body, 'the batch');
    const drivers = listProcesses(`JOBGATE_DRIVER=${String(uuid)}`);
    return state === 'RUNNING' && drivers.length > 0 ? true : undefined;
  });
  return server;
}

describe('the local Google', () => {
  it.each([
    ['SIGTERM', (server: LocalServer) => server.stop()],
    ['SIGINT', (server: LocalServer) => server.stop((child) => child.kill('SIGINT'))],
    [
      'the end of its standard input',
      (server: LocalServer) => server.stop((child) => child.stdin?.end()),
    ],
  ])('ends by %s with status 0 and leaves no process and no file', async (how, stop) => {
    const run = `life-${how.length}`;
    const server = await startWithBatch(run);
    expect(await stop(server)).toBe(0);
    expect(listProcesses(`JOBGATE_RUN=${run}`)).toEqual([]);
    const own = join(folder, run);
    expect(existsSync(join(own, 'google', 'data'))).toBe(false);
    expect(readdirSync(own).filter((name) => /spark|hsperf|tmp/.test(name))).toEqual([]);
  });

  it('that is killed and started again goes on with its batch', async () => {
    const own = join(folder, 'killed');
    const go = 'gs://jobgate-data/go/killed';
    mkdirSync(own);
    const changes = { run: 'killed', stateDirectory: join(own, 'state') };
    const first = await startGoogle(own, changes);
    const create = {
      method: 'POST',
      token: 'submitter-token',
      body: makeBatch('count.py', [go, 'gs://jobgate-results/c/']),
    };
    expect((await send(`${toBatches(first)}?batchId=goes-on`, create)).status).toBe(200);
    const uuid = await waitForBatch(first, 'goes-on', 'RUNNING');
    await waitFor(async () => {
      const output = `gs://jobgate-staging/google-cloud-dataproc-metainfo/${uuid}/`;
      const parts = await readObjects(String(first.ready['storage']), output, 'reader-token');
      return parts.some(({ text }) => text.includes('waiting for')) ? true : undefined;
    });
    await first.stop((child) => child.kill('SIGKILL'));
    const second = await startGoogle(own, changes);
    await waitForBatch(second, 'goes-on', 'RUNNING');
    const upload = `${String(second.ready['storage'])}/upload/storage/v1/b/jobgate-data/o`;
    const query = '?uploadType=media&name=go/killed';
    await send(`${upload}${query}`, { method: 'POST', token: 'reader-token', body: 'go' });
    expect(await waitForBatch(second, 'goes-on', 'SUCCEEDED')).toBe(uuid);
    const output = `gs://jobgate-staging/google-cloud-dataproc-metainfo/${uuid}/`;
    const parts = await readObjects(String(second.ready['storage']), output, 'reader-token');
    expect(parts.map(({ text }) => text).join('')).toMatch(/\nto stderr\nrows: 3\n$/);
    expect(await second.stop()).toBe(0);
    expect(listProcesses('JOBGATE_RUN=killed')).toEqual([]);
  });

  it.each([
    ['an unknown key', { more: 1 }, 'the file has the unknown key "more"'],
    [
      'a mistyped key',
      { maxConcurrentRuns: 0 },
      'maxConcurrentRuns must be a whole number from 1 to 16',
    ],
    [
      'an address that is not loopback',
      { awsSts: 'http://10.0.0.1:80' },
      'awsSts must be like http://127.0.0.1:4566',
    ],
    [
      'a token for nobody',
      { staticTokens: { t: 'x@y' } },
      'staticTokens names the account x@y, which is not in accounts',
    ],
    [
      'buckets without that of a seed',
      { buckets: ['b-1'] },
      'seed names the bucket jobgate-staging, which is not in buckets',
    ],
  ])('does not start with %s', async (_, changes, sentence) => {
    const own = join(folder, `config-${Object.keys(changes).join('-')}`);
    mkdirSync(own);
    await expect(startGoogle(own, { run: 'config', ...changes })).rejects.toThrow(
      `local/google/main.ts ended with status 2: local/google: ${sentence}\n`,
    );
  });
});
