import { beforeAll, describe, expect, it } from 'vitest';
import type { JobsApp } from '../../shared/app/jobs.ts';
import { makeJobId } from '../support/job-records.ts';
import { buildDeployedApp, soon } from '../support/deployed-app.ts';
import { describeJobRecords } from './job-records.ts';

let app: JobsApp;

beforeAll(async () => {
  app = await buildDeployedApp('jobgate-local-submit-job');
});

describeJobRecords('in DynamoDB', () => app.records, soon);

describe('the job records in DynamoDB', () => {
  it('are unavailable, and say so, when nobody listens', async () => {
    const lost = await buildDeployedApp('jobgate-local-submit-job', {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    });
    await expect(lost.records.find(makeJobId(), soon())).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'DynamoDB' },
    });
  });
});
