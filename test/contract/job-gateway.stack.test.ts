import { BatchControllerClient } from '@google-cloud/dataproc';
import { OAuth2Client } from 'google-auth-library';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobsApp } from '../../shared/app/jobs.ts';
import { createGoogleTokens } from '../../shared/credentials/google-tokens.ts';
import { isTerminal, type JobId } from '../../shared/jobs/job.ts';
import type { Submission } from '../../shared/jobs/ports.ts';
import { createSend } from '../../shared/transport.ts';
import { waitFor } from '../local/google/google-server.ts';
import { clearFaults, getStack, injectFault } from '../support/api.ts';
import { assumeRole, readEnvironment } from '../support/deployed-function.ts';
import { buildDeployedApp, soon } from '../support/deployed-app.ts';
import { makeJobId } from '../support/job-records.ts';
import { describeJobGateway } from './job-gateway.ts';

const ROLE = 'jobgate-local-submit-job';
const SUBMITTER = 'jg-submit-preprocess';
let app: JobsApp;
/** Lists as the function does that reads jobs. */
let reading: JobsApp;

beforeAll(async () => {
  app = await buildDeployedApp(ROLE);
  reading = await buildDeployedApp('jobgate-local-get-job');
});

/** A program that is not there: its batch fails within seconds and computes nothing. */
function toSubmission(jobId: JobId, labels: Readonly<Record<string, string>>): Submission {
  return {
    jobId,
    program: {
      kind: 'pyspark',
      mainUri: 'gs://jobgate-staging/templates/there-is-no-such-program.py',
      pyFileUris: [],
      args: ['--one', 'two words; $(three)'],
      properties: { 'spark.sql.shuffle.partitions': '3' },
      outputUri: `gs://jobgate-results/preprocess/${jobId}/`,
    },
    target: 'analytics',
    submitterAccount: SUBMITTER,
    runtimeAccount: 'jg-run-preprocess',
    maxRuntimeSeconds: 900,
    labels,
    deadline: soon(),
  };
}

function toReference(jobId: JobId): Parameters<JobsApp['gateway']['find']>[0] {
  return { jobId, target: 'analytics', account: SUBMITTER, deadline: soon() };
}

describeJobGateway('on Dataproc', () => ({
  gateway: app.gateway,
  submission: toSubmission,
  reference: toReference,
  list: (labels) =>
    reading.gateway.listActive({
      ...{ target: 'analytics', account: 'jg-read-local', labels },
      deadline: soon(),
    }),
  end: waitForEnd,
}));

async function waitForEnd(jobId: JobId): Promise<void> {
  await waitFor(async () => {
    const job = await app.gateway.find(toReference(jobId));
    return job !== undefined && isTerminal(job.state) ? job : undefined;
  });
}

describe('the job gateway on Dataproc', () => {
  afterEach(clearFaults);

  it('creates what Google’s own client reads back', async () => {
    const jobId = makeJobId();
    await app.gateway.submit(toSubmission(jobId, { 'jg-request': 'r-judge' }));
    const client = await createOfficialClient();
    const parent = 'projects/local/locations/us-central1';
    const [batch] = await client.getBatch({ name: `${parent}/batches/${jobId}` });
    await client.close();
    expect(batch).toMatchObject({
      name: `${parent}/batches/${jobId}`,
      labels: { 'jg-request': 'r-judge' },
      creator: 'jg-submit-preprocess@local.iam.gserviceaccount.com',
      pysparkBatch: {
        mainPythonFileUri: 'gs://jobgate-staging/templates/there-is-no-such-program.py',
        args: ['--one', 'two words; $(three)'],
      },
      runtimeConfig: { version: '2.3', properties: { 'spark.sql.shuffle.partitions': '3' } },
      environmentConfig: {
        executionConfig: {
          serviceAccount: 'jg-run-preprocess@local.iam.gserviceaccount.com',
          stagingBucket: 'jobgate-staging',
        },
      },
    });
    expect(Number(batch.environmentConfig?.executionConfig?.ttl?.seconds)).toBe(900);
    const found = await app.gateway.find(toReference(jobId));
    expect(found?.driverOutputUri).toBe(batch.runtimeInfo?.outputUri);
  });

  it('is refused an account that the function’s role may not impersonate', async () => {
    const reference = { ...toReference(makeJobId()), account: 'jg-read-local' };
    await expect(app.gateway.find(reference)).rejects.toMatchObject({
      code: 'credentials_refused',
      extras: { upstream: 'IAM Credentials' },
    });
  });

  it.each(['jg-read-local', 'jg-run-flight-delays'])(
    'is refused the runtime account %s, which the submitter may not act as',
    async (runtimeAccount) => {
      const submission = { ...toSubmission(makeJobId(), {}), runtimeAccount };
      await expect(app.gateway.submit(submission)).rejects.toMatchObject({
        code: 'upstream_refused',
        extras: { upstream: 'Dataproc' },
      });
    },
  );

  it('says that Dataproc is unavailable when nobody listens', async () => {
    const lost = await buildDeployedApp(ROLE, { JOBGATE_DATAPROC_ENDPOINT: 'http://127.0.0.1:9' });
    await expect(lost.gateway.find(toReference(makeJobId()))).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'Dataproc', retryAfter: 5 },
    });
  });

  it.each([
    ['Google STS', 'token'],
    ['IAM Credentials', 'generateAccessToken'],
  ])('says that %s is unavailable, and works again once it is back', async (upstream, rpc) => {
    const fresh = await buildDeployedApp(ROLE);
    await injectFault({ rpc, status: 503, count: 1 });
    await expect(fresh.gateway.find(toReference(makeJobId()))).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream, retryAfter: 5 },
    });
    expect(await fresh.gateway.find(toReference(makeJobId()))).toBeUndefined();
  });
});

/** Google's client over REST with a token of our exchange, which it thereby judges too. */
async function createOfficialClient(): Promise<BatchControllerClient> {
  const role = await assumeRole(ROLE);
  const environment = await readEnvironment(ROLE);
  const { dataproc } = getStack();
  const tokens = createGoogleTokens({
    workloadIdentityProvider: environment['JOBGATE_WORKLOAD_IDENTITY_PROVIDER'] ?? '',
    region: 'us-east-1',
    stsEndpoint: dataproc,
    iamCredentialsEndpoint: dataproc,
    awsCredentials: () => ({
      accessKeyId: role['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: role['AWS_SECRET_ACCESS_KEY'] ?? '',
      sessionToken: role['AWS_SESSION_TOKEN'],
    }),
    send: createSend(() => new Date()),
    now: () => new Date(),
  });
  const authClient = new OAuth2Client();
  authClient.setCredentials({
    access_token: await tokens(`${SUBMITTER}@local.iam.gserviceaccount.com`, soon()),
    expiry_date: Date.now() + 1_000_000,
  });
  const options = {
    fallback: true,
    protocol: 'http',
    apiEndpoint: '127.0.0.1',
    port: Number(new URL(dataproc).port),
    projectId: 'local',
  };
  // The client has a copy of google-auth-library of its own, whose types are other ones.
  Reflect.set(options, 'authClient', authClient);
  return new BatchControllerClient(options);
}
