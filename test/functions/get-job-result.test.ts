import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';
import { AUDIT_GROUP, readLogGroup } from '../support/log-groups.ts';
import { aboutJob, getSucceededJob } from '../support/succeeded-job.ts';

describe('get-job-result', () => {
  let getJobResult: DeployedFunction;

  beforeAll(async () => {
    getJobResult = await loadFunction('get-job-result');
  });

  it('lists the files of a succeeded job with their sizes, types and links', async () => {
    const job = await getSucceededJob();
    const changes = aboutJob('get-job-result', job);
    const { status, body } = await getJobResult.call('get-job-result', changes);
    expect(status).toBe(200);
    expect(body).toMatchObject({ job, state: 'succeeded', truncated: false });
    expect(body['files']).toContainEqual({
      path: 'report.json',
      bytes: expect.any(Number) as number,
      contentType: expect.any(String) as string,
      md5: expect.any(String) as string,
      href: expect.stringMatching(new RegExp(`/v1/jobs/${job}/files/report\\.json$`)) as string,
    });
    expect(await readLogGroup(AUDIT_GROUP)).toContainEqual(
      expect.objectContaining({
        message: 'audit',
        action: 'get-job-result',
        jobId: job,
        decision: 'allow',
        rule: 'own-job',
      }),
    );
  });

  it('answers 404 for a job that nobody submitted', async () => {
    const { status, body } = await getJobResult.call('get-job-result');
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });
});
