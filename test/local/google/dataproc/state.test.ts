import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseList, parseObject, type Table } from '../../../../local/google/shape.ts';
import { makeBatch, parent, send, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { cluster, makeJob, makeJobCalls, statesOf } from './sample-job.ts';

const [folder, removeFolder] = makeFolder();
const stateDirectory = join(folder, 'state');
let server: LocalServer | undefined;

afterAll(removeFolder);
afterAll(async () => {
  await server?.stop();
});

async function start(): Promise<LocalServer> {
  const changes = { run: 'state-test', clusters: [cluster], stateDirectory, maxConcurrentRuns: 1 };
  server = await startGoogle(folder, changes);
  return server;
}

/** What the killed server started lives on and holds its streams open: its exit is waited for. */
async function restart(meanwhile: () => void = () => undefined): Promise<LocalServer> {
  const { child } = server ?? (await start());
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  meanwhile();
  return start();
}

function urlOf({ ready }: LocalServer, path: string): string {
  return `${String(ready['google'])}/v1/${path}`;
}

async function getBatch(running: LocalServer, batchId: string): Promise<Table> {
  const url = urlOf(running, `${parent}/batches/${batchId}`);
  return parseObject((await send(url, { token: 'reader-token' })).body, 'the batch');
}

async function listJobs(running: LocalServer): Promise<readonly Table[]> {
  const calls = makeJobCalls(String(running.ready['google']));
  const page = parseObject((await calls.call('GET', 'jobs')).body, 'the page');
  return parseList(page['jobs'], 'jobs', parseObject);
}

describe('what a killed server leaves', () => {
  it('is there again: ended, running and waiting jobs and batches, ids and operations', async () => {
    const first = await start();
    const before = makeJobCalls(String(first.ready['google']));
    await before.submit(makeJob('ended', 'noop.py', { labels: { team: 'a' } }), {
      requestId: 'r-ended',
    });
    const ended = await before.waitForState('ended', 'DONE');
    const create = urlOf(first, `${parent}/batches?batchId=ended&requestId=b-ended`);
    const created = await send(create, {
      ...{ method: 'POST', token: 'submitter-token', body: makeBatch('noop.py') },
    });
    await waitFor(async () =>
      (await getBatch(first, 'ended'))['state'] === 'SUCCEEDED' ? true : undefined,
    );
    const batch = await getBatch(first, 'ended');
    await before.submit(makeJob('hangs', 'hang.py'));
    await before.waitForState('hangs', 'RUNNING');
    await before.submit(makeJob('waits-1', 'noop.py'));
    await before.submit(makeJob('waits-2', 'noop.py'));

    const second = await restart();
    const after = makeJobCalls(String(second.ready['google']));
    expect(await after.get('ended')).toEqual(ended);
    expect(await getBatch(second, 'ended')).toEqual(batch);
    const ids = (await listJobs(second)).map(
      ({ reference }) => parseObject(reference, 'reference')['jobId'],
    );
    expect(ids).toEqual(['waits-2', 'waits-1', 'hangs', 'ended']);
    const replayed = await after.submit(makeJob('other', 'noop.py'), { requestId: 'r-ended' });
    expect(replayed.body).toEqual(ended);
    const { name } = parseObject(created.body, 'the operation');
    const operation = await send(urlOf(second, String(name)), { token: 'reader-token' });
    expect(operation.body).toMatchObject({ done: true });
    await after.call('POST', 'jobs/hangs:cancel', {});
    const states = statesOf(await after.waitForState('waits-2', 'DONE'));
    expect(states).toEqual(['PENDING', 'SETUP_DONE', 'RUNNING', 'DONE']);
    expect(statesOf(await after.get('waits-1')).at(-1)).toBe('DONE');
    expect(statesOf(await after.get('hangs')).at(-1)).toBe('CANCELLED');
  });

  it('of a workflow goes on from the step where it was', async () => {
    const running = await restart();
    const before = makeJobCalls(String(running.ready['google']));
    const clusterSelector = { clusterLabels: { env: 'local' } };
    const steps = ['first', 'second', 'third'].map((stepId, at, all) => ({
      stepId,
      prerequisiteStepIds: all.slice(0, at),
      pysparkJob: { mainPythonFileUri: 'gs://jobgate-staging/jobs/noop.py' },
    }));
    const template = { placement: { clusterSelector }, jobs: steps };
    const started = await before.call('POST', 'workflowTemplates:instantiateInline', template);
    const { name } = parseObject(started.body, 'the operation');
    const graphOf = (operation: Table) => {
      const { graph } = parseObject(operation['metadata'], 'the metadata');
      return parseList(parseObject(graph, 'graph')['nodes'], 'nodes', parseObject);
    };
    const get = async (from: LocalServer) => {
      const reply = await send(urlOf(from, String(name)), { token: 'reader-token' });
      return parseObject(reply.body, 'the operation');
    };
    const done = await waitFor(async () => {
      const [node] = graphOf(await get(running));
      return node?.['state'] === 'COMPLETED' ? node : undefined;
    });
    const again = await restart();
    const operation = await waitFor(async () => {
      const found = await get(again);
      return found['done'] === true ? found : undefined;
    });
    expect(graphOf(operation)[0]).toEqual(done);
    expect(graphOf(operation).map(({ state }) => state)).not.toContain('BLOCKED');
  });

  it('of a workflow whose time is over ends it', async () => {
    const calls = makeJobCalls(String(server?.ready['google']));
    const jobs = [
      {
        stepId: 'hangs',
        pysparkJob: { mainPythonFileUri: 'gs://jobgate-staging/jobs/hang.py' },
      },
    ];
    const placement = { clusterSelector: { clusterLabels: { env: 'local' } } };
    const template = { placement, jobs, dagTimeout: '600s' };
    const started = await calls.call('POST', 'workflowTemplates:instantiateInline', template);
    const { name, metadata } = parseObject(started.body, 'the operation');
    expect(metadata).toMatchObject({ dagTimeout: '600s' });
    const again = await restart(() => {
      for (const file of readdirSync(join(stateDirectory, 'workflows'))) {
        const path = join(stateDirectory, 'workflows', file);
        const dated = /"dagStartTime":"[^"]*","endTime":null/;
        const long = '"dagStartTime":"2026-01-01T00:00:00.000Z","endTime":null';
        writeFileSync(path, readFileSync(path, 'utf8').replace(dated, long));
      }
    });
    const ended = await waitFor(async () => {
      const reply = await send(urlOf(again, String(name)), { token: 'reader-token' });
      const operation = parseObject(reply.body, 'the operation');
      return operation['done'] === true ? operation : undefined;
    });
    expect(ended['error']).toEqual({ code: 4, message: 'The workflow exceeded its dagTimeout.' });
  });

  it('that is damaged keeps the next one from starting, and the file is named', async () => {
    await server?.stop();
    server = undefined;
    const [file = ''] = readdirSync(join(stateDirectory, 'jobs'));
    writeFileSync(join(stateDirectory, 'jobs', file), '{"request":{},"identity":{}}');
    await expect(start()).rejects.toThrow(`${join(stateDirectory, 'jobs', file)} is damaged: `);
  });
});
