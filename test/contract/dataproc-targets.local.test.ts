import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseList, parseObject, type Table } from '../../local/google/shape.ts';
import type { ClusterTarget, WorkflowTarget } from '../../shared/config/targets.ts';
import { isTerminal, type JobId } from '../../shared/jobs/job.ts';
import type { JobGateway, Submission, UpstreamJob } from '../../shared/jobs/ports.ts';
import { readObjects, send, startGoogle, waitFor } from '../local/google/google-server.ts';
import { type LocalServer, makeFolder } from '../local/google/local-server.ts';
import { makeGrpcClients, type OfficialClients } from '../local/google/official-clients.ts';
import { makeJobId } from '../support/job-records.ts';
import { makeAdapter, makeAdapterTo } from './dataproc-adapter.ts';
import {
  CLUSTER,
  EPHEMERAL,
  SHARED,
  toPyspark,
  toReference,
  toSubmission,
} from './dataproc-targets.ts';

const parent = 'projects/local/regions/us-central1';
const place = { projectId: 'local', region: 'us-central1' };
const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let google: string;
let clients: OfficialClients;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'targets-test', clusters: [CLUSTER] });
  google = String(server.ready['google']);
  clients = makeGrpcClients(google, 'submitter-token');
});

afterAll(removeFolder);
afterAll(async () => {
  await clients.close();
  await server.stop();
});

beforeEach(async () => {
  await send(`${google}/_local/requests/log`, { method: 'DELETE' });
});

/** What the server has understood of the requests of an RPC. */
async function readRequests(rpc: string): Promise<readonly Table[]> {
  const reply = await send(`${google}/_local/requests/log?rpc=${rpc}`);
  const requests = parseList(parseObject(reply.body, 'log')['requests'], 'requests', parseObject);
  return requests.map(({ request }) => parseObject(request, 'request'));
}

async function readLast(rpc: string): Promise<Table> {
  return parseObject((await readRequests(rpc)).at(-1), 'request');
}

/** What the adapter and Google's own client have sent, in this order, without the request ids of attempts. */
async function readBoth(rpc: string): Promise<readonly Table[]> {
  const requests = await readRequests(rpc);
  expect(requests).toHaveLength(2);
  const isOurs = (key: string): boolean =>
    rpc === 'InstantiateInlineWorkflowTemplate' || key !== 'requestId';
  return requests.map((request) =>
    Object.fromEntries(Object.entries(request).filter(([key]) => isOurs(key))),
  );
}

async function quietly(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}

function adapterTo(target: ClusterTarget | WorkflowTarget): JobGateway {
  return makeAdapterTo(google, target);
}

async function waitForState(
  jobId: JobId,
  target: ClusterTarget | WorkflowTarget,
  is: (job: UpstreamJob) => boolean,
): Promise<UpstreamJob> {
  return waitFor(async () => {
    const job = await adapterTo(target).find(toReference(jobId, target));
    return job !== undefined && is(job) ? job : undefined;
  });
}

const PROPERTIES = { 'spark.sql.shuffle.partitions': '3' };
const common = { properties: PROPERTIES, outputUri: 'gs://jobgate-results/out/' };
const jarUris = ['gs://jobgate-staging/jobs/b.jar'];
const variables = { day: '2001-01-01', most: '3' };
const at = (name: string): string => `gs://jobgate-staging/jobs/${name}`;

/** Each kind of program as the adapter is given it, and as a user of Google's own client writes it. */
const PROGRAMS: readonly (readonly [Submission['program'], object])[] = [
  [
    toPyspark('noop.py'),
    {
      pysparkJob: {
        mainPythonFileUri: at('noop.py'),
        args: ['--name', 'two words', ''],
        properties: PROPERTIES,
      },
    },
  ],
  [
    {
      kind: 'spark',
      main: { kind: 'class', name: 'com.acme.Main' },
      jarUris,
      args: ['x'],
      ...common,
    },
    {
      sparkJob: {
        mainClass: 'com.acme.Main',
        jarFileUris: jarUris,
        args: ['x'],
        properties: PROPERTIES,
      },
    },
  ],
  [
    { kind: 'spark', main: { kind: 'jar', uri: at('a.jar') }, jarUris: [], args: [], ...common },
    { sparkJob: { mainJarFileUri: at('a.jar'), properties: PROPERTIES } },
  ],
  [
    { kind: 'sparkSql', mainUri: at('a.sql'), jarUris, variables, ...common },
    {
      sparkSqlJob: {
        queryFileUri: at('a.sql'),
        scriptVariables: variables,
        jarFileUris: jarUris,
        properties: PROPERTIES,
      },
    },
  ],
  [
    { kind: 'sparkR', mainUri: at('a.R'), args: ['x'], ...common },
    { sparkRJob: { mainRFileUri: at('a.R'), args: ['x'], properties: PROPERTIES } },
  ],
  [
    { kind: 'hive', mainUri: at('a.hql'), jarUris, variables, ...common },
    {
      hiveJob: {
        queryFileUri: at('a.hql'),
        scriptVariables: variables,
        jarFileUris: jarUris,
        properties: PROPERTIES,
      },
    },
  ],
];
/** The same program as a batch has it. */
function toBatchFields(official: object): object {
  const [[field, work]] = Object.entries(official) as [[string, Table]];
  const { properties, scriptVariables, ...rest } = work;
  return {
    [field.replace(/Job$/, 'Batch')]: {
      ...rest,
      ...(scriptVariables === undefined ? {} : { queryVariables: scriptVariables }),
    },
    runtimeConfig: { version: '2.3', properties },
    environmentConfig: {
      executionConfig: {
        serviceAccount: 'jg-run-preprocess@local.iam.gserviceaccount.com',
        ttl: { seconds: 900 },
        stagingBucket: 'jobgate-staging',
        authenticationConfig: { userWorkloadAuthenticationType: 'SERVICE_ACCOUNT' as const },
      },
    },
  };
}

const labels = { 'jg-template': 'preprocess', 'jg-request': 'r-1' };

describe('the adapter sends what Google’s own client sends', () => {
  it.each(PROGRAMS)('to submit %j to a cluster', async (program, official) => {
    const jobId = makeJobId();
    await quietly(adapterTo(SHARED).submit(toSubmission(jobId, SHARED, program)));
    expect((await readLast('SubmitJob'))['requestId']).toMatch(/^[0-9a-f-]{36}$/);
    const job = {
      reference: { projectId: 'local', jobId },
      placement: { clusterName: 'nightly' },
      labels,
      ...official,
    };
    await quietly(clients.jobs.submitJob({ ...place, job }));
    const [own, other] = await readBoth('SubmitJob');
    expect(own).toEqual(other);
  });

  it.each(PROGRAMS)('to instantiate a workflow of %j', async (program, official) => {
    const jobId = makeJobId();
    await quietly(adapterTo(EPHEMERAL).submit(toSubmission(jobId, EPHEMERAL, program)));
    const template = {
      id: jobId,
      labels: { ...labels, 'jg-job': jobId },
      placement: {
        managedCluster: {
          clusterName: 'jobgate',
          config: {
            configBucket: 'jobgate-staging',
            gceClusterConfig: {
              zoneUri: 'us-central1-a',
              serviceAccount: 'jg-run-preprocess@local.iam.gserviceaccount.com',
              serviceAccountScopes: ['https://www.googleapis.com/auth/cloud-platform'],
            },
            masterConfig: { numInstances: 1, machineTypeUri: 'n2-standard-4' },
            workerConfig: { numInstances: 3, machineTypeUri: 'n2-highmem-8' },
            softwareConfig: { imageVersion: '2.3' },
          },
        },
      },
      jobs: [{ stepId: jobId, ...official }],
      dagTimeout: { seconds: 900 },
    };
    const request = { parent, template, requestId: jobId };
    await quietly(clients.workflows.instantiateInlineWorkflowTemplate(request));
    const [own, other] = await readBoth('InstantiateInlineWorkflowTemplate');
    expect(own).toEqual(other);
    expect(own).toMatchObject({ requestId: jobId });
  });

  it.each(PROGRAMS.filter(([{ kind }]) => kind !== 'hive'))(
    'to create a batch of %j',
    async (program, official) => {
      const jobId = makeJobId();
      const submission = { ...toSubmission(jobId, EPHEMERAL, program), target: 'analytics' };
      await quietly(makeAdapter(google).submit(submission));
      const batch = { labels, ...toBatchFields(official) };
      const request = { parent: 'projects/local/locations/us-central1', batchId: jobId, batch };
      await quietly(clients.batches.createBatch(request));
      const [own, other] = await readBoth('CreateBatch');
      expect(own).toEqual(other);
    },
  );

  it('to find and to cancel a job of a cluster', async () => {
    const jobId = makeJobId();
    await adapterTo(SHARED).submit(toSubmission(jobId, SHARED, toPyspark('hang.py')));
    const found = await waitForState(jobId, SHARED, ({ state }) => state === 'running');
    const ownLook = await readLast('GetJob');
    await clients.jobs.getJob({ ...place, jobId });
    expect(ownLook).toEqual(await readLast('GetJob'));
    expect(await adapterTo(SHARED).cancel(found, toReference(jobId, SHARED))).toBe('requested');
    const ownCancel = await readLast('CancelJob');
    await quietly(clients.jobs.cancelJob({ ...place, jobId }));
    expect(ownCancel).toEqual(await readLast('CancelJob'));
    await waitForState(jobId, SHARED, ({ state }) => state === 'cancelled');
  });
});

describe('a file of SQL', () => {
  it('runs with the values of its variables', async () => {
    const jobId = makeJobId();
    const program = { kind: 'sparkSql', mainUri: at('pick.sql'), jarUris: [], variables } as const;
    await adapterTo(SHARED).submit(toSubmission(jobId, SHARED, { ...program, ...common }));
    const job = await waitForState(jobId, SHARED, ({ state }) => isTerminal(state));
    expect(job.state).toBe('succeeded');
    const storage = String(server.ready['storage']);
    const output = await readObjects(storage, job.driverOutputUri ?? '', 'owner-token');
    expect(output.map(({ text }) => text).join('')).toContain('picked 3 of 2001-01-01');
  });
});

describe('a job on a cluster', () => {
  it('is accepted once, and is found as Google’s own client reads it', async () => {
    const jobId = makeJobId();
    const submission = toSubmission(jobId, SHARED);
    expect(await adapterTo(SHARED).submit(submission)).toEqual({ kind: 'accepted' });
    expect(await adapterTo(SHARED).submit(submission)).toEqual({ kind: 'exists' });
    const own = await waitForState(jobId, SHARED, ({ state }) => isTerminal(state));
    const [official] = await clients.jobs.getJob({ ...place, jobId });
    expect(own).toMatchObject({
      jobId,
      state: 'succeeded',
      error: null,
      labels: official.labels,
      driverOutputUri: official.driverOutputResourceUri,
      handle: `${parent}/jobs/${jobId}`,
    });
    expect(official).toMatchObject({ status: { state: 'DONE' }, labels });
    const ended = await adapterTo(SHARED).cancel(own, toReference(jobId, SHARED));
    expect(ended).toBe('ended');
  });

  it('that fails says why', async () => {
    const jobId = makeJobId();
    await adapterTo(SHARED).submit(toSubmission(jobId, SHARED, toPyspark('fail.py')));
    const job = await waitForState(jobId, SHARED, ({ state }) => isTerminal(state));
    expect(job).toMatchObject({
      state: 'failed',
      error: { code: 'driver_failed', message: 'ValueError: no rows in gs://x' },
    });
  });

  it('that nobody submitted is not there', async () => {
    const jobId = makeJobId();
    expect(await adapterTo(SHARED).find(toReference(jobId, SHARED))).toBeUndefined();
  });

  it('that waits for others says so', async () => {
    const ids = [makeJobId(), makeJobId(), makeJobId()];
    for (const jobId of ids) {
      await adapterTo(SHARED).submit(toSubmission(jobId, SHARED, toPyspark('hang.py')));
    }
    const [, , last = makeJobId()] = ids;
    const waiting = await waitForState(
      last,
      SHARED,
      ({ waitReason }) => waitReason === 'cluster_jobs',
    );
    expect(waiting.state).toBe('queued');
    for (const jobId of ids) {
      const job = await adapterTo(SHARED).find(toReference(jobId, SHARED));
      if (job !== undefined) await adapterTo(SHARED).cancel(job, toReference(jobId, SHARED));
    }
    for (const jobId of ids) {
      await waitForState(jobId, SHARED, ({ state }) => state === 'cancelled');
    }
  });
});

describe('a workflow', () => {
  it('runs its step on a cluster of its own as the template’s account, and is found by its name', async () => {
    const jobId = makeJobId();
    const outcome = await adapterTo(EPHEMERAL).submit(toSubmission(jobId, EPHEMERAL));
    const handle = outcome.kind === 'accepted' ? outcome.handle : undefined;
    expect(handle).toMatch(/^projects\/local\/regions\/us-central1\/operations\/[\w-]+$/);
    const own = await waitFor(async () => {
      const reference = toReference(jobId, EPHEMERAL, { handle: handle ?? null });
      const job = await adapterTo(EPHEMERAL).find(reference);
      return job !== undefined && isTerminal(job.state) ? job : undefined;
    });
    expect(own).toMatchObject({ jobId, state: 'succeeded', error: null, handle });
    const [official] = await clients.jobs.listJobs({
      ...place,
      filter: `labels.jg-job = ${jobId}`,
    });
    expect(official).toHaveLength(1);
    expect(official[0]?.reference?.jobId).toMatch(new RegExp(`^${jobId}-`));
    expect(own.labels).toEqual(official[0]?.labels);
    expect(own.labels).toMatchObject({ ...labels, 'jg-job': jobId });
    expect(own.driverOutputUri).toBe(official[0]?.driverOutputResourceUri);
  });

  it('whose answer was lost is found by its labels, and by no other job’s', async () => {
    const jobId = makeJobId();
    await adapterTo(EPHEMERAL).submit(toSubmission(jobId, EPHEMERAL, toPyspark('hang.py')));
    const found = await adapterTo(EPHEMERAL).find(toReference(jobId, EPHEMERAL, { labels }));
    expect(found).toMatchObject({ jobId, labels: { ...labels, 'jg-job': jobId } });
    const other = { ...labels, 'jg-request': 'r-2' };
    const stranger = toReference(jobId, EPHEMERAL, { labels: other });
    expect(await adapterTo(EPHEMERAL).find(stranger)).toBeUndefined();
    const unknown = toReference(makeJobId(), EPHEMERAL, { labels });
    expect(await adapterTo(EPHEMERAL).find(unknown)).toBeUndefined();
    if (found === undefined) throw new Error('the workflow was not found');
    await adapterTo(EPHEMERAL).cancel(found, toReference(jobId, EPHEMERAL));
    await waitForState(jobId, EPHEMERAL, ({ state }) => state === 'cancelled');
  });

  it('is started once by requests at the same time', async () => {
    const jobId = makeJobId();
    const submission = toSubmission(jobId, EPHEMERAL, toPyspark('hang.py'));
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => adapterTo(EPHEMERAL).submit(submission)),
    );
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    const [jobs] = await clients.jobs.listJobs({ ...place, filter: `labels.jg-job = ${jobId}` });
    expect(jobs).toHaveLength(1);
    const found = await waitForState(jobId, EPHEMERAL, ({ state }) => state === 'running');
    expect(await adapterTo(EPHEMERAL).cancel(found, toReference(jobId, EPHEMERAL))).toBe(
      'requested',
    );
    const ended = await waitForState(jobId, EPHEMERAL, ({ state }) => isTerminal(state));
    expect(ended.state).toBe('cancelled');
  });

  it('is refused an account that its submitter may not act as', async () => {
    const submission = { ...toSubmission(makeJobId(), EPHEMERAL), runtimeAccount: 'jg-read-local' };
    await expect(adapterTo(EPHEMERAL).submit(submission)).rejects.toMatchObject({
      code: 'upstream_refused',
    });
  });
});
