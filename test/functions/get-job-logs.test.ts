import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';
import { aboutJob, getSucceededJob } from '../support/succeeded-job.ts';

describe('get-job-logs', () => {
  let getJobLogs: DeployedFunction;

  beforeAll(async () => {
    getJobLogs = await loadFunction('get-job-logs');
  });

  it('reads what the driver printed, from the cursor that is asked for', async () => {
    const job = await getSucceededJob();
    const changes = aboutJob('get-job-logs', job);
    const whole = await getJobLogs.call('get-job-logs', {
      ...changes,
      queryStringParameters: null,
    });
    expect(whole.status).toBe(200);
    expect(whole.body).toMatchObject({ job, cursor: 0, end: true });
    expect(whole.body['content']).toContain('10,000 rows');
    const queryStringParameters = { cursor: String(whole.body['next']) };
    const rest = await getJobLogs.call('get-job-logs', { ...changes, queryStringParameters });
    expect([rest.status, rest.body['content'], rest.body['end']]).toEqual([200, '', true]);
  });

  it('answers 404 for a job that nobody submitted', async () => {
    const { status, body } = await getJobLogs.call('get-job-logs');
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });

  it('refuses a cursor that is no whole number, and one past the end', async () => {
    const { status, body } = await getJobLogs.call('get-job-logs.bad-cursor');
    expect([status, body['code']]).toEqual([400, 'invalid_request']);
    const past = await getJobLogs.call('get-job-logs', {
      ...aboutJob('get-job-logs', await getSucceededJob()),
      queryStringParameters: { cursor: '99999999' },
    });
    expect([past.status, past.body['code']]).toEqual([400, 'invalid_request']);
  });
});
