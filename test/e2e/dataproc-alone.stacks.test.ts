import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OAuth2Client } from 'google-auth-library';
import { afterAll, describe, expect, it } from 'vitest';
import { parseObject, type Table } from '../../local/google/shape.ts';
import { dataprocFile } from '../../local/up/dataproc-file.ts';
import { startPythonClient } from '../local/google/conformance/python-client.ts';
import { Conversation } from '../local/google/conformance/scenario.ts';
import { send, waitFor } from '../local/google/google-server.ts';
import { WatchedCommand } from './watched-command.ts';

const state = mkdtempSync(join(tmpdir(), 'jobgate-state-'));
const ready = 'A local Dataproc is up.';
const place = { projectId: 'local', region: 'us-central1' };

afterAll(() => {
  rmSync(state, { recursive: true, force: true });
});

function readAddresses(): Table {
  return parseObject(JSON.parse(readFileSync(dataprocFile, 'utf8')), dataprocFile);
}

async function end(command: WatchedCommand): Promise<void> {
  command.pressCtrlC();
  const { status, output } = await command.ended;
  expect(output).toContain('Everything has ended.');
  expect(status).toBe(0);
  expect(command.findLeftovers()).toEqual([]);
  command.dispose();
}

async function putJob(addresses: Table): Promise<void> {
  const { storage, bucket } = addresses;
  const upload = `${String(storage)}/upload/storage/v1/b/${String(bucket)}/o`;
  await send(`${upload}?uploadType=media&name=job.py`, {
    method: 'POST',
    token: String(addresses['accessToken']),
    body: 'print("alone")\n',
  });
}

/** Lists clusters by the official Node client over gRPC, which is told endpoint and credentials. */
async function listClustersByNode(addresses: Table): Promise<readonly unknown[]> {
  process.env['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'] = String(addresses['certificate']);
  const { ClusterControllerClient } = await import('@google-cloud/dataproc');
  const [host = '', port] = String(addresses['dataproc']).split(':');
  const authClient = new OAuth2Client();
  authClient.setCredentials({
    access_token: String(addresses['accessToken']),
    expiry_date: Date.now() + 3_600_000,
  });
  const options = { apiEndpoint: host, port: Number(port), projectId: 'local' };
  // The client has a copy of google-auth-library of its own, whose types are other ones.
  Reflect.set(options, 'authClient', authClient);
  const client = new ClusterControllerClient(options);
  const [clusters] = await client.listClusters(place);
  await client.close();
  return clusters.map(({ clusterName }) => clusterName);
}

const reader = 'reader@warehouse.iam.gserviceaccount.com';
const nightly = 'nightly@warehouse.iam.gserviceaccount.com';

/** Another place than the usual one, with an account that may list jobs and nothing else. */
const warehouse = {
  project: 'warehouse',
  projectNumber: '987654321',
  region: 'europe-west1',
  buckets: ['warehouse-data', 'warehouse-staging'],
  clusters: [
    {
      ...{ name: 'nightly', stagingBucket: 'warehouse-staging', labels: {} },
      serviceAccount: nightly,
    },
  ],
  accounts: {
    [reader]: {
      ...{ permissions: ['dataproc.jobs.list'], actAs: [], read: [], write: [], sign: false },
      secrets: { access: [], manage: [] },
    },
  },
  staticTokens: { 'reader-token': reader },
  secrets: { password: 'owl' },
  faults: true,
};

describe('npm run dataproc', () => {
  it('serves clients that know its endpoint and a token, and ends with Ctrl-C', async () => {
    const command = new WatchedCommand(['dataproc', '--state', state]);
    await command.waitFor(ready);
    const addresses = readAddresses();
    expect(command.listeners.filter(({ isLoopback }) => !isLoopback)).toEqual([]);
    await putJob(addresses);
    const google = `https://${String(addresses['dataproc'])}`;
    const roots = { GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: String(addresses['certificate']) };
    const python = startPythonClient('tls', google, String(addresses['accessToken']), roots);
    const conversation = new Conversation(python);
    await conversation.get('JobController', 'SubmitJob', {
      ...place,
      job: {
        reference: { jobId: 'alone-1' },
        placement: { clusterName: 'local' },
        pysparkJob: { mainPythonFileUri: 'gs://local-bucket/job.py' },
      },
    });
    expect(await conversation.waitForJob('alone-1', 'DONE', 'ERROR')).toMatchObject({
      status: { state: 'DONE' },
    });
    await python.close();
    expect(await listClustersByNode(addresses)).toEqual(['local']);
    await end(command);
  });

  it('knows its jobs, its addresses and its token again when it is given their folder', async () => {
    const command = new WatchedCommand(['dataproc', '--state', state]);
    await command.waitFor(ready);
    const { dataproc, accessToken } = readAddresses();
    const jobs = `http://${String(dataproc)}/v1/projects/local/regions/us-central1/jobs`;
    const reply = await send(`${jobs}/alone-1`, { token: String(accessToken) });
    expect(reply.body).toMatchObject({ status: { state: 'DONE' } });
    expect((await send(`${jobs}/alone-1`)).status).toBe(401);
    await end(command);
  });

  it('asks for nothing with --open', async () => {
    const command = new WatchedCommand(['dataproc', '--open']);
    await command.waitFor(ready);
    const { dataproc } = readAddresses();
    const clusters = `http://${String(dataproc)}/v1/projects/local/regions/us-central1/clusters`;
    expect((await send(clusters)).body).toMatchObject({ clusters: [{ clusterName: 'local' }] });
    await end(command);
  });

  it('is the place that --config describes, where its token may do everything', async () => {
    const file = join(state, 'warehouse.json');
    writeFileSync(file, JSON.stringify(warehouse));
    const command = new WatchedCommand(['dataproc', '--config', file]);
    await command.waitFor(ready);
    const addresses = readAddresses();
    expect(addresses).toMatchObject({
      ...{ project: 'warehouse', region: 'europe-west1' },
      ...{ cluster: 'nightly', bucket: 'warehouse-data' },
    });
    await putJob(addresses);
    const token = String(addresses['accessToken']);
    const server = `http://${String(addresses['dataproc'])}`;
    const google = `${server}/v1/projects/warehouse`;
    const jobs = `${google}/regions/europe-west1/jobs`;
    const pysparkJob = { mainPythonFileUri: 'gs://warehouse-data/job.py' };
    const job = { reference: { jobId: 'w-1' }, placement: { clusterName: 'nightly' }, pysparkJob };
    const submitted = await send(`${jobs}:submit`, { method: 'POST', token, body: { job } });
    expect(submitted.status).toBe(200);
    const batches = `${google}/locations/europe-west1/batches?batchId=as-default`;
    const body = { pysparkBatch: pysparkJob };
    expect((await send(batches, { method: 'POST', token, body })).status).toBe(200);
    const ended = await waitFor(async () => {
      const seen = parseObject((await send(`${jobs}/w-1`, { token })).body, 'the job');
      return seen['done'] === true ? seen : undefined;
    });
    expect(ended).toMatchObject({ status: { state: 'DONE' } });
    const secret = `${google}/secrets/password/versions/1:access`;
    const data = Buffer.from('owl').toString('base64');
    expect((await send(secret, { token })).body).toMatchObject({ payload: { data } });

    const asReader = { token: 'reader-token' };
    expect((await send(jobs, asReader)).body).toMatchObject({ jobs: [{}] });
    const submit = { ...asReader, method: 'POST', body: { job } };
    expect((await send(`${jobs}:submit`, submit)).body).toMatchObject({
      error: {
        status: 'PERMISSION_DENIED',
        message: expect.stringContaining("Permission 'dataproc.jobs.create' denied") as unknown,
      },
    });
    expect((await send(secret, asReader)).status).toBe(403);
    // The file asks for faults; the command was not given --faults.
    expect((await send(`${server}/_local/requests`)).status).toBe(404);
    await end(command);
  });

  it('refuses a state that is in use, and describes the earlier server again', async () => {
    const earlier = new WatchedCommand(['dataproc', '--state', state]);
    await earlier.waitFor(ready);
    const addresses = readAddresses();
    const second = new WatchedCommand(['dataproc', '--state', state]);
    const { status, output } = await second.ended;
    expect(output).toMatch(new RegExp(`The state folder ${state} is in use by process \\d+\\.\n`));
    expect(status).toBe(1);
    second.dispose();
    const later = new WatchedCommand(['dataproc']);
    await later.waitFor(ready);
    expect(readAddresses()['pid']).not.toBe(addresses['pid']);
    await end(later);
    expect(readAddresses()).toEqual(addresses);
    await end(earlier);
  });

  it.each([
    [['--prot', '1'], "Unknown option '--prot'"],
    [['--port', 'x'], '--port takes a number up to 65535, not "x".'],
    [['--config', 'no-such-file.json'], 'There is no file'],
  ])('refuses %j in one sentence', async (args, sentence) => {
    const command = new WatchedCommand(['dataproc', ...args]);
    const { status, output } = await command.ended;
    expect(output).toContain(sentence);
    expect(status).toBe(1);
    command.dispose();
  });
});
