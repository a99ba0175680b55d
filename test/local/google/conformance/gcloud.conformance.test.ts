import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { type CommandEnd, findGcloud, type GcloudPlace, runGcloud } from './gcloud.ts';

const program = findGcloud();
if (program === undefined) console.warn('gcloud is not installed: what it does is not tested.');

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let place: GcloudPlace;

/** Prints its arguments and its rows, once a second, for as many seconds as its last argument says. */
const job = `
import sys, time
from pyspark.sql import SparkSession
print("arguments:", sys.argv[1:], flush=True)
for second in range(int(sys.argv[-1])):
    print("second", second, flush=True)
    time.sleep(1)
print("rows:", SparkSession.builder.getOrCreate().range(10).count())
`;

beforeAll(async () => {
  if (program === undefined) return;
  server = await startGoogle(folder, {
    run: 'gcloud-test',
    clusters: [
      {
        name: 'suite',
        stagingBucket: 'jobgate-staging',
        serviceAccount: accounts.runtime,
        labels: {},
      },
    ],
  });
  const home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'job.py'), job);
  const { google, storage } = server.ready;
  place = {
    program,
    google: String(google),
    storage: String(storage),
    token: 'owner-token',
    folder: home,
  };
});

afterAll(removeFolder);
afterAll(async () => {
  if (program !== undefined) await server.stop();
});

function gcloud(...args: readonly string[]): Promise<CommandEnd> {
  return runGcloud(place, ['dataproc', ...args]);
}

describe.runIf(program !== undefined)('gcloud', () => {
  it('stages a local file, submits it, streams what it prints and ends as the job does', async () => {
    const end = await gcloud(
      ...['jobs', 'submit', 'pyspark', 'job.py', '--cluster=suite', '--id=gcloud-1'],
      ...['--labels=env=dev', '--', '--name', 'a b', '2'],
    );
    expect(end.stderr).toContain("arguments: ['--name', 'a b', '2']");
    expect(end.stderr).toContain('second 1');
    expect(end.stderr).toContain('rows: 10');
    expect(end.stderr).toContain('Job [gcloud-1] finished successfully.');
    expect(end.status).toBe(0);
  });

  it('ends with an error, and the reason, when the job fails', async () => {
    const end = await gcloud(
      ...['jobs', 'submit', 'pyspark', 'gs://jobgate-staging/jobs/fail.py'],
      ...['--cluster=suite', '--id=gcloud-2'],
    );
    expect(end.status).toBe(1);
    expect(end.stderr).toContain('ValueError: no rows in gs://x');
  });

  it('lists by filter', async () => {
    const format = '--format=value(reference.jobId,status.state)';
    const dev = await gcloud('jobs', 'list', '--filter=labels.env = dev', format);
    expect(dev.stdout).toBe('gcloud-1\tDONE\n');
    const ended = await gcloud('jobs', 'list', '--state-filter=inactive', format);
    expect(ended.stdout.trim().split('\n').sort()).toEqual(['gcloud-1\tDONE', 'gcloud-2\tERROR']);
  });

  it('waits for a job, and kills one', async () => {
    const submit = ['jobs', 'submit', 'pyspark', 'job.py', '--cluster=suite', '--async'];
    await gcloud(...submit, '--id=gcloud-3', '--', '3');
    const waited = await gcloud('jobs', 'wait', 'gcloud-3');
    expect(waited.stderr).toContain('second 2');
    expect(waited.status).toBe(0);
    await gcloud(...submit, '--id=gcloud-4', '--', '600');
    const killed = await gcloud('jobs', 'kill', 'gcloud-4', '--format=value(status.state)');
    expect(killed.stdout).toBe('CANCELLED\n');
  });

  it('submits a batch and streams what it prints', async () => {
    const end = await gcloud(
      ...['batches', 'submit', 'pyspark', 'job.py', '--batch=gcloud-batch'],
      ...['--deps-bucket=jobgate-staging', `--service-account=${accounts.runtime}`, '--', '1'],
    );
    expect(end.stderr).toContain('rows: 10');
    expect(end.stderr).toContain('Batch [gcloud-batch] finished.');
    expect(end.status).toBe(0);
    const listed = await gcloud('batches', 'list', '--format=value(state)');
    expect(listed.stdout).toBe('SUCCEEDED\n');
  });
});
