import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseList, parseObject, type Table } from '../../local/google/shape.ts';
import type { BatchTarget } from '../../shared/config/targets.ts';
import type { JobId } from '../../shared/jobs/job.ts';
import type { Submission } from '../../shared/jobs/ports.ts';
import { send, startGoogle } from '../local/google/google-server.ts';
import { type LocalServer, makeFolder } from '../local/google/local-server.ts';
import { makeGrpcClients, makeRestClients } from '../local/google/official-clients.ts';
import { makeJobId } from '../support/job-records.ts';
import { makeAdapter } from './dataproc-adapter.ts';

const [folder, removeFolder] = makeFolder();
const token = 'submitter-token';
let server: LocalServer;
let google: string;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'requests-test' });
  google = String(server.ready['google']);
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

beforeEach(async () => {
  await send(`${google}/_local/requests/log`, { method: 'DELETE' });
});

function makeSubmission(jobId: JobId): Submission {
  return {
    jobId,
    program: {
      kind: 'pyspark',
      mainUri: 'gs://jobgate-staging/jobs/noop.py',
      pyFileUris: ['gs://jobgate-staging/jobs/a.py', 'gs://jobgate-staging/jobs/b.py'],
      args: ['--name', 'two words', ''],
      properties: { 'spark.sql.shuffle.partitions': '3' },
      outputUri: 'gs://jobgate-results/out/',
    },
    target: 'analytics',
    submitterAccount: 'jg-submit-preprocess',
    runtimeAccount: 'jg-run-preprocess',
    maxRuntimeSeconds: 900,
    labels: { 'jg-template': 'preprocess' },
    deadline: new Date(Date.now() + 60_000),
  };
}

/** The same job, as a user of Google's own client asks for it. */
function makeOfficialRequest(batchId: string) {
  return {
    parent: 'projects/local/locations/us-central1',
    batchId,
    batch: {
      labels: { 'jg-template': 'preprocess' },
      pysparkBatch: {
        mainPythonFileUri: 'gs://jobgate-staging/jobs/noop.py',
        pythonFileUris: ['gs://jobgate-staging/jobs/a.py', 'gs://jobgate-staging/jobs/b.py'],
        args: ['--name', 'two words', ''],
      },
      runtimeConfig: { version: '2.3', properties: { 'spark.sql.shuffle.partitions': '3' } },
      environmentConfig: {
        executionConfig: {
          serviceAccount: 'jg-run-preprocess@local.iam.gserviceaccount.com',
          ttl: { seconds: 900 },
          stagingBucket: 'jobgate-staging',
          authenticationConfig: { userWorkloadAuthenticationType: 'SERVICE_ACCOUNT' as const },
        },
      },
    },
  };
}

/** Returns what the server has understood of the requests of one RPC. */
async function readRequests(rpc: string): Promise<readonly Table[]> {
  const reply = await send(`${google}/_local/requests/log?rpc=${rpc}`);
  const log = parseObject(reply.body, 'the log');
  return parseList(log['requests'], 'requests', parseObject).map((entry) =>
    parseObject(entry['request'], 'request'),
  );
}

/** Returns the last request of one RPC without its request id, which is another one each time. */
async function readLastRequest(rpc: string): Promise<Table> {
  const last = (await readRequests(rpc)).at(-1);
  if (last === undefined) throw new Error(`no request of ${rpc} has come`);
  return Object.fromEntries(Object.entries(last).filter(([key]) => key !== 'requestId'));
}

/** Sends a request by Google's own client; the server may refuse it after it has understood it. */
async function sendOfficially(request: object): Promise<Table> {
  const clients = makeGrpcClients(google, token);
  await clients.batches.createBatch(request, { timeout: 20_000 }).catch(() => undefined);
  await clients.close();
  return readLastRequest('CreateBatch');
}

async function sendByAdapter(
  submission: Submission,
  changes: Partial<BatchTarget> = {},
): Promise<Table> {
  await makeAdapter(google, changes)
    .submit(submission)
    .catch(() => undefined);
  return readLastRequest('CreateBatch');
}

type Path = readonly (string | number)[];

/** Every place in a message that holds a value of its own. */
function listLeaves(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, child]) => listLeaves(child, [...path, key]));
}

/** Copies a message with one leaf changed. */
function changeLeaf(value: unknown, [key, ...rest]: Path): unknown {
  if (key === undefined) return changeValue(value);
  const copy: unknown = structuredClone(value);
  if (typeof copy !== 'object' || copy === null) throw new Error('the path leads nowhere');
  Reflect.set(copy, key, changeLeaf(Reflect.get(copy, key), rest));
  return copy;
}

function changeValue(value: unknown): unknown {
  if (value === 'SERVICE_ACCOUNT') return 'END_USER_CREDENTIALS';
  return typeof value === 'number' ? value + 1 : `${String(value)}x`;
}

describe('the request of the adapter', () => {
  it('to create a batch equals that of Google’s own client, over gRPC and over REST', async () => {
    const jobId = makeJobId();
    const own = await sendByAdapter(makeSubmission(jobId));
    const clients = makeRestClients(google, token);
    await clients.batches.createBatch(makeOfficialRequest(jobId)).catch(() => undefined);
    await clients.close();
    const overRest = await readLastRequest('CreateBatch');
    const overGrpc = await sendOfficially(makeOfficialRequest(jobId));
    expect(await readRequests('CreateBatch')).toHaveLength(3);
    expect(own).toEqual(overGrpc);
    expect(own).toEqual(overRest);
    expect(own).toMatchObject({
      batchId: jobId,
      batch: { labels: { 'jg-template': 'preprocess' } },
    });
  });

  it('to create a batch has a request id that is a UUID, another one each time', async () => {
    const submission = makeSubmission(makeJobId());
    for (let time = 0; time < 3; time += 1) await sendByAdapter(submission);
    const ids = (await readRequests('CreateBatch')).map(({ requestId }) => requestId);
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(ids).toEqual(ids.map(() => expect.stringMatching(uuid) as unknown));
    expect(new Set(ids).size).toBe(3);
  });

  it('to find a batch equals that of Google’s own client', async () => {
    const jobId = makeJobId();
    const deadline = new Date(Date.now() + 20_000);
    await makeAdapter(google).find({
      jobId,
      target: 'analytics',
      account: 'jg-read-local',
      deadline,
    });
    const own = await readLastRequest('GetBatch');
    const clients = makeGrpcClients(google, token);
    const name = `projects/local/locations/us-central1/batches/${jobId}`;
    await clients.batches.getBatch({ name }).catch(() => undefined);
    await clients.close();
    expect(own).toEqual(await readLastRequest('GetBatch'));
    expect(own).toEqual({ name });
  });

  const leaves = listLeaves(makeOfficialRequest('jg-leaf'));

  it.each(leaves.map((path) => [path.join('.'), path] as const))(
    'differs when Google’s client is told another %s',
    async (_, path) => {
      const jobId = makeJobId();
      const own = await sendByAdapter(makeSubmission(jobId));
      const changed = changeLeaf(makeOfficialRequest(jobId), path);
      expect(await sendOfficially(Object(changed) as object)).not.toEqual(own);
    },
  );

  it.each([
    ['another job id', { jobId: makeJobId() }],
    [
      'another program',
      { program: { ...makeSubmission(makeJobId()).program, mainUri: 'gs://b/c.py' } },
    ],
    ['other py files', { program: { ...makeSubmission(makeJobId()).program, pyFileUris: [] } }],
    ['other arguments', { program: { ...makeSubmission(makeJobId()).program, args: ['--name'] } }],
    ['other properties', { program: { ...makeSubmission(makeJobId()).program, properties: {} } }],
    ['another runtime account', { runtimeAccount: 'jg-run-other' }],
    ['another longest runtime', { maxRuntimeSeconds: 901 }],
    ['other labels', { labels: { 'jg-template': 'other' } }],
  ])('differs when the adapter is given %s', async (_, changes) => {
    const jobId = makeJobId();
    const official = await sendOfficially(makeOfficialRequest(jobId));
    expect(await sendByAdapter({ ...makeSubmission(jobId), ...changes })).not.toEqual(official);
  });

  it.each([
    ['project', { project: 'another' }],
    ['region', { region: 'europe-west1' }],
    ['staging bucket', { stagingBucket: 'jobgate-results' }],
    ['runtime version', { runtimeVersion: '2.2' }],
  ])('differs when the target has another %s', async (_, changes) => {
    const jobId = makeJobId();
    const official = await sendOfficially(makeOfficialRequest(jobId));
    expect(await sendByAdapter(makeSubmission(jobId), changes)).not.toEqual(official);
  });
});
