import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeJobId } from '../support/job-records.ts';
import { buildDeployedApp, soon } from '../support/deployed-app.ts';
import { createOwnTable, type OwnTable } from '../support/own-table.ts';
import { describeJobRecords } from './job-records.ts';
import { describeSweepRecords } from './sweep-records.ts';

let table: OwnTable;

beforeAll(async () => {
  table = await createOwnTable();
});

afterAll(async () => {
  await table.drop();
});

describeJobRecords('in DynamoDB', () => table.records, soon);
describeSweepRecords('in DynamoDB', () => table, soon);

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
