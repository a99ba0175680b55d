import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';
import { aboutJob, getSucceededJob } from '../support/succeeded-job.ts';

describe('get-job', () => {
  let getJob: DeployedFunction;

  beforeAll(async () => {
    getJob = await loadFunction('get-job');
  });

  it('shows a job that has ended, and asks for no further poll', async () => {
    const job = await getSucceededJob();
    const { status, headers, body } = await getJob.call('get-job', aboutJob('get-job', job));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: job,
      state: 'succeeded',
      template: 'preprocess',
      submittedBy: { subject: 'analyst', client: 'analyst' },
      parameters: { startDate: '1999-01-01', endDate: '1999-12-31', dataset: 'faa-bird-strikes' },
      error: null,
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'private, no-cache',
      'x-correlation-id': 'sample-0001',
    });
    expect(headers).not.toHaveProperty('retry-after');
  });

  it('does not know another issuer’s job', async () => {
    const job = await getSucceededJob();
    const { pathParameters } = aboutJob('get-job', job);
    const { status, body } = await getJob.call('get-job', { pathParameters });
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });

  it.each(['get-job', 'get-job.malformed-id'])('answers 404 to the event %s', async (event) => {
    const { status, body } = await getJob.call(event);
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });
});
