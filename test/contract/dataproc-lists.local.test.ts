import { protos } from '@google-cloud/dataproc';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseList, parseObject, type Table } from '../../local/google/shape.ts';
import type { TargetConfig } from '../../shared/config/targets.ts';
import type { JobId } from '../../shared/jobs/job.ts';
import type { ActiveListing, Submission, UpstreamJob } from '../../shared/jobs/ports.ts';
import type { Send } from '../../shared/transport.ts';
import { send, startGoogle, waitFor } from '../local/google/google-server.ts';
import { type LocalServer, makeFolder } from '../local/google/local-server.ts';
import { makeGrpcClients, type OfficialClients } from '../local/google/official-clients.ts';
import { makeJobId } from '../support/job-records.ts';
import { ANALYTICS, makeAdapterTo } from './dataproc-adapter.ts';
import { CLUSTER, EPHEMERAL, SHARED, toPyspark } from './dataproc-targets.ts';

const { Batch, JobStatus } = protos.google.cloud.dataproc.v1;
const region = 'projects/local/regions/us-central1';
const parent = 'projects/local/locations/us-central1';
const place = { projectId: 'local', region: 'us-central1' };
const OURS = { jobgate: 'v1', 'jg-deployment': 'ours' };
const THEIRS = { jobgate: 'v1', 'jg-deployment': 'theirs' };

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let google: string;
let clients: OfficialClients;
/** What runs for as long as the tests do, the newest last; the server has room for one driver, and the others wait. */
const submitted = { analytics: ids(5), shared: ids(5), ephemeral: ids(3) };

beforeAll(async () => {
  const options = { run: 'lists-test', clusters: [CLUSTER], maxConcurrentRuns: 1 };
  server = await startGoogle(folder, options);
  google = String(server.ready['google']);
  clients = makeGrpcClients(google, 'submitter-token');
  for (const target of [ANALYTICS, SHARED, EPHEMERAL]) {
    for (const jobId of submitted[target.name as keyof typeof submitted]) {
      await submit(target, jobId, OURS);
    }
    await submit(target, makeJobId(), THEIRS);
  }
  const foreign = { pysparkJob: { mainPythonFileUri: 'gs://jobgate-staging/jobs/hang.py' } };
  const placement = { clusterName: CLUSTER.name };
  await clients.jobs.submitJob({ ...place, job: { ...foreign, placement, labels: OURS } });
  // From here on states stay as they are.
  await waitFor(async () => {
    const { jobs } = await list(ANALYTICS);
    return jobs.some(({ state }) => state === 'running') ? jobs : undefined;
  });
});

afterAll(removeFolder);
afterAll(async () => {
  await clients.close();
  await server.stop();
});

beforeEach(async () => {
  await send(`${google}/_local/requests/log`, { method: 'DELETE' });
});

afterEach(async () => {
  await send(`${google}/_local/faults`, { method: 'DELETE' });
});

function ids(count: number): readonly JobId[] {
  return Array.from({ length: count }, makeJobId);
}

function soon(): Date {
  return new Date(Date.now() + 60_000);
}

async function submit(
  target: TargetConfig,
  jobId: JobId,
  labels: Submission['labels'],
): Promise<void> {
  await makeAdapterTo(google, target).submit({
    jobId,
    program: toPyspark('hang.py'),
    target: target.name,
    submitterAccount: 'jg-submit-preprocess',
    runtimeAccount: target.kind === 'cluster' ? null : 'jg-run-preprocess',
    maxRuntimeSeconds: 900,
    labels,
    deadline: soon(),
  });
}

/** Lists by the adapter; with a page size, the server is asked for that many instead, as it may give fewer. */
function list(target: TargetConfig, pageSize?: number): Promise<ActiveListing> {
  const change = (sendIt: Send): Send =>
    pageSize === undefined
      ? sendIt
      : (request) =>
          sendIt({ ...request, url: request.url.replace('pageSize=1000', `pageSize=${pageSize}`) });
  const query = {
    target: target.name,
    account: 'jg-read-local',
    labels: OURS,
    deadline: soon(),
  };
  return makeAdapterTo(google, target, change).listActive(query);
}

async function readRequests(rpc: string): Promise<readonly Table[]> {
  const reply = await send(`${google}/_local/requests/log?rpc=${rpc}`);
  const requests = parseList(parseObject(reply.body, 'log')['requests'], 'requests', parseObject);
  return requests.map(({ request }) => parseObject(request, 'request'));
}

/** Google's client takes messages that are plain objects, which its types do not say. */
interface OperationsClient {
  listOperationsAsync(request: object): AsyncIterable<{ readonly name?: string | null }>;
}

/** What is the same whichever client has read it. */
type Seen = readonly [id: string, state: string, labels: unknown];

function toSeen({ jobId, state, labels }: UpstreamJob): Seen {
  return [jobId, state, labels];
}

const BATCH_WORDS: Readonly<Record<string, string>> = { PENDING: 'queued', RUNNING: 'running' };

function isOurs(labels: unknown): boolean {
  return Object.entries(OURS).every(
    ([name, value]) => parseObject(labels, 'labels')[name] === value,
  );
}

/** The active batches by Google's own client. */
async function listBatchesOfficially(): Promise<readonly Seen[]> {
  const filter = 'state = PENDING OR state = RUNNING OR state = CANCELLING';
  const request = { parent, filter, pageSize: 1000 };
  const [batches] = await clients.batches.listBatches(request, { autoPaginate: false });
  return batches
    .filter(({ labels }) => isOurs(labels))
    .map(({ name, state, labels }) => {
      const word = typeof state === 'string' ? state : (Batch.State[Number(state)] ?? '');
      return [name?.replace(/^.*\//, '') ?? '', BATCH_WORDS[word] ?? word, labels];
    });
}

/** The active jobs by Google's own client, under the id that the label or the job itself has. */
async function listJobsOfficially(
  more: string,
  options: { readonly clusterName?: string },
): Promise<readonly Seen[]> {
  const filter = `status.state = ACTIVE AND labels.jobgate = v1 AND labels.jg-deployment = ours${more}`;
  const request = { ...place, ...options, filter, pageSize: 1000 };
  const [jobs] = await clients.jobs.listJobs(request, { autoPaginate: false });
  return jobs.map(({ reference, labels, status }) => {
    const id = labels?.['jg-job'] ?? reference?.jobId ?? '';
    const { state, substate } = status ?? {};
    const isRunning =
      (state === 'RUNNING' || state === JobStatus.State.RUNNING) &&
      substate !== 'QUEUED' &&
      substate !== JobStatus.Substate.QUEUED;
    return [id, isRunning ? 'running' : 'queued', labels];
  });
}

describe.each([
  ['batches', ANALYTICS, listBatchesOfficially],
  [
    'jobs of a cluster',
    SHARED,
    () => listJobsOfficially('', { clusterName: CLUSTER.name }).then(withoutForeign),
  ],
  ['workflows', EPHEMERAL, () => listJobsOfficially(' AND labels.jg-job = *', {})],
] as const)('the list of active %s', (_, target, listOfficially) => {
  const wanted = submitted[target.name as keyof typeof submitted];

  it('has every job of ours, the newest first, as Google’s own client reads them', async () => {
    const { jobs, complete } = await list(target);
    expect(complete).toBe(true);
    expect(jobs.map(({ jobId }) => jobId)).toEqual([...wanted].reverse());
    expect(jobs.map(toSeen)).toEqual(await listOfficially());
  });

  it.each([1, 2, 3])('is the same in pages of %i', async (pageSize) => {
    expect(await list(target, pageSize)).toEqual(await list(target));
  });

  it('shows each job as a look at it does', async () => {
    const { jobs } = await list(target);
    for (const job of jobs) {
      const reference = { jobId: job.jobId, target: target.name, account: 'jg-read-local' };
      const found = await makeAdapterTo(google, target).find({
        ...{ ...reference, labels: OURS, handle: job.handle },
        deadline: soon(),
      });
      expect(found).toEqual(job);
    }
  });

  it('may lag behind: whoever is not on it is found', async () => {
    const rpcs = { batch: ['ListBatches'], cluster: ['ListJobs'], workflow: ['ListJobs'] };
    const lists = [...rpcs[target.kind], ...(target.kind === 'workflow' ? ['ListOperations'] : [])];
    for (const rpc of lists) {
      const body = { rpc, status: 'stale-list', lagMs: 86_400_000 };
      await send(`${google}/_local/faults`, { method: 'POST', body });
    }
    expect(await list(target)).toEqual({ jobs: [], complete: true });
    const [jobId = makeJobId()] = wanted;
    const reference = { jobId, target: target.name, account: 'jg-read-local', labels: OURS };
    const found = await makeAdapterTo(google, target).find({ ...reference, deadline: soon() });
    expect(found?.jobId).toBe(jobId);
  });

  it('fails as a whole when a page of it does', async () => {
    const rpc = target.kind === 'batch' ? 'ListBatches' : 'ListJobs';
    const body = { rpc, status: 403, count: 1 };
    await send(`${google}/_local/faults`, { method: 'POST', body });
    await expect(list(target)).rejects.toMatchObject({ code: 'upstream_refused' });
    expect((await list(target)).jobs).toHaveLength(wanted.length);
  });
});

function withoutForeign(seen: readonly Seen[]): readonly Seen[] {
  return seen.filter(([id]) => id.startsWith('jg-'));
}

describe('the adapter sends what Google’s own client sends', () => {
  it('to list batches', async () => {
    await list(ANALYTICS);
    await listBatchesOfficially();
    const [own, official] = await readRequests('ListBatches');
    expect(own).toEqual(official);
  });

  it('to list the jobs of a cluster', async () => {
    await list(SHARED);
    await listJobsOfficially('', { clusterName: CLUSTER.name });
    const [own, official] = await readRequests('ListJobs');
    expect(own).toEqual(official);
  });

  it('to list workflows', async () => {
    await list(EPHEMERAL);
    await listJobsOfficially(' AND labels.jg-job = *', {});
    const filter =
      'status.state = ACTIVE AND labels.jobgate = v1 AND labels.jg-deployment = ours AND labels.jg-job = *';
    const request = { name: `${region}/operations`, filter, pageSize: 1000 };
    const client: OperationsClient = clients.workflows.operationsClient;
    const operations: unknown[] = [];
    for await (const { name } of client.listOperationsAsync(request)) operations.push(name);
    const [ownJobs, officialJobs] = await readRequests('ListJobs');
    expect(ownJobs).toEqual(officialJobs);
    const [own, official] = await readRequests('ListOperations');
    expect(own).toEqual(official);
    const { jobs } = await list(EPHEMERAL);
    expect(jobs.map(({ handle }) => handle)).toEqual(operations);
  });

  it('to ask for the next page', async () => {
    await list(ANALYTICS, 4);
    const own = await readRequests('ListBatches');
    const filter = own[0]?.['filter'];
    const request = { parent, filter: String(filter), pageSize: 4 };
    for await (const batch of clients.batches.listBatchesAsync(request)) {
      expect(batch.name).toContain(parent);
    }
    const official = (await readRequests('ListBatches')).slice(own.length);
    expect(own).toHaveLength(2);
    expect(own).toEqual(official);
  });
});
