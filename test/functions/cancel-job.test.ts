import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';
import { aboutJob, getSucceededJob } from '../support/succeeded-job.ts';

describe('cancel-job', () => {
  let cancelJob: DeployedFunction;

  beforeAll(async () => {
    cancelJob = await loadFunction('cancel-job');
  });

  it('gives a job that has ended back as it is', async () => {
    const job = await getSucceededJob();
    const answer = await cancelJob.call('cancel-job', aboutJob('cancel-job', job));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: job, state: 'succeeded', reason: null });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-correlation-id': 'sample-0001',
    });
    expect(answer.headers['location']).toMatch(new RegExp(`/v1/jobs/${job}$`));
    expect(answer.headers).not.toHaveProperty('retry-after');
  });

  it('does not know another issuer’s job', async () => {
    const { pathParameters } = aboutJob('cancel-job', await getSucceededJob());
    const { status, body } = await cancelJob.call('cancel-job', { pathParameters });
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });

  it.each([
    ['cancel-job', 404, 'job_not_found'],
    ['cancel-job.no-scope', 403, 'insufficient_scope'],
  ])('refuses the event %s with %i %s', async (event, status, code) => {
    const answer = await cancelJob.call(event);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });
});
