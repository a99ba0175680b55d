import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';

describe('get-job', () => {
  let getJob: DeployedFunction;

  beforeAll(async () => {
    getJob = await loadFunction('get-job');
  });

  it.each(['get-job', 'get-job.malformed-id'])('answers 404 to the event %s', async (event) => {
    const { status, body } = await getJob.call(event);
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });
});
