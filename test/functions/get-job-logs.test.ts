import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';

describe('get-job-logs', () => {
  let getJobLogs: DeployedFunction;

  beforeAll(async () => {
    getJobLogs = await loadFunction('get-job-logs');
  });

  it('answers 404 for a job that nobody submitted', async () => {
    const { status, body } = await getJobLogs.call('get-job-logs');
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });

  it('refuses a cursor that is no whole number', async () => {
    const { status, body } = await getJobLogs.call('get-job-logs.bad-cursor');
    expect([status, body['code']]).toEqual([400, 'invalid_request']);
  });
});
