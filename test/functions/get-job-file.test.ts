import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { callApi, SAMPLE_BODY, waitForEnd } from '../support/api.ts';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';

describe('get-job-file', () => {
  let getJobFile: DeployedFunction;

  beforeAll(async () => {
    getJobFile = await loadFunction('get-job-file');
  });

  it.each(['get-job-file', 'get-job-file.traversal'])(
    'answers 404 to the event %s',
    async (event) => {
      const { status, body } = await getJobFile.call(event);
      expect([status, body['code']]).toEqual([404, 'job_not_found']);
    },
  );

  it('has nothing to link to before the job has ended', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const posted = await callApi('/jobs', { as: 'analyst', json: SAMPLE_BODY, headers });
    const job = String(posted.body['id']);
    const early = await callApi(`/jobs/${job}/files/report.json`, { as: 'analyst' });
    expect([early.status, early.body['code']]).toEqual([409, 'job_not_finished']);
    await waitForEnd(job);
    const path = encodeURIComponent('../../secret');
    const outside = await callApi(`/jobs/${job}/files/${path}`, { as: 'analyst' });
    expect([outside.status, outside.body['code']]).toEqual([404, 'file_not_found']);
  });
});
