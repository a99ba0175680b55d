import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { callApi, SAMPLE_BODY, waitForEnd } from '../support/api.ts';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';
import { aboutJob, getSucceededJob } from '../support/succeeded-job.ts';

describe('get-job-file', () => {
  let getJobFile: DeployedFunction;
  let job: string;

  beforeAll(async () => {
    getJobFile = await loadFunction('get-job-file');
    job = await getSucceededJob();
  });

  it('redirects to a link that reads the file for five minutes', async () => {
    const changes = aboutJob('get-job-file', job);
    const { status, headers, body } = await getJobFile.call('get-job-file', changes);
    expect([status, body]).toEqual([303, {}]);
    expect(headers['cache-control']).toBe('no-store');
    const link = new URL(headers['location'] ?? '');
    expect(link.pathname).toContain(`/preprocess/${job}/report.json`);
    expect(link.searchParams.get('X-Goog-Expires')).toBe('300');
    const report: unknown = await (await fetch(link)).json();
    expect(report).toMatchObject({ rowsIn: 10_000, dataset: 'faa-bird-strikes' });
  });

  it('knows no file outside the job’s folder', async () => {
    const event = 'get-job-file.traversal';
    const { status, headers, body } = await getJobFile.call(event, aboutJob(event, job));
    expect([status, body['code']]).toEqual([404, 'file_not_found']);
    expect(headers).not.toHaveProperty('location');
  });

  it.each(['secret.txt', 'report.json/', '/report.json', 'data/../report.json', '%2e%2e/x', '%'])(
    'knows no file %s',
    async (path) => {
      const { status, body } = await getJobFile.call('get-job-file', {
        ...aboutJob('get-job-file', job),
        pathParameters: { job, path },
      });
      expect([status, body['code']]).toEqual([404, 'file_not_found']);
    },
  );

  it('answers 404 for a job that nobody submitted', async () => {
    const { status, body } = await getJobFile.call('get-job-file');
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });

  it('has nothing to link to before the job has ended', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const posted = await callApi('/jobs', { as: 'analyst', json: SAMPLE_BODY, headers });
    const started = String(posted.body['id']);
    const event = 'get-job-file';
    const { status, body } = await getJobFile.call(event, aboutJob(event, started));
    expect([status, body['code']]).toEqual([409, 'job_not_finished']);
    await waitForEnd(started);
  });
});
