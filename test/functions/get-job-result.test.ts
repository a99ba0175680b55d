import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';

describe('get-job-result', () => {
  let getJobResult: DeployedFunction;

  beforeAll(async () => {
    getJobResult = await loadFunction('get-job-result');
  });

  it('answers 404 for a job that nobody submitted', async () => {
    const { status, body } = await getJobResult.call('get-job-result');
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });
});
