import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobRecord } from '../../shared/jobs/job.ts';
import { START } from '../support/clock.ts';
import { correctCounters } from '../support/correct-counters.ts';
import { soon } from '../support/deployed-app.ts';
import { makeJobId, makeRecord } from '../support/job-records.ts';
import { createOwnTable, type OwnTable } from '../support/own-table.ts';
import { describeDamagedCounters } from './damaged-counters.ts';

let table: OwnTable;

beforeAll(async () => {
  table = await createOwnTable();
});

afterAll(async () => {
  await table.drop();
});

// The emulator's index follows at once: that it may lag behind is shown in memory.
const follow = (): void => undefined;

describeDamagedCounters(
  'in DynamoDB',
  () => ({ ...table, holdIndex: follow, releaseIndex: follow }),
  { numRuns: 12, deadline: () => new Date(soon().getTime() + 100_000) },
);

describe('a record whose `held` a hand has taken away', () => {
  const key = `limit#caller#${randomUUID()}`;
  const record: JobRecord = makeRecord({
    id: makeJobId(),
    holds: [{ limit: 'concurrent-per-caller', key, most: 1 }],
  });
  const ended: JobRecord = { ...record, version: 2, state: 'succeeded', endedAt: START };

  it('ends all the same, once, and gives its place back at the next correction', async () => {
    const { records, call } = table;
    await records.putIfAbsent(record, soon());
    const Key = { jobId: { S: record.id } };
    await call('UpdateItem', { Key, UpdateExpression: 'REMOVE held' });
    expect(await records.replace(ended, soon())).toBe('replaced');
    expect(await records.replace(ended, soon())).toBe('conflict');
    expect(await records.find(record.id, soon())).toEqual({ ...ended, holds: [] });
    expect((await records.findUsage([key], soon())).get(key)?.holders).toEqual([record.id]);
    await correctCounters(records, new Date(soon().getTime() + 100_000));
    expect((await records.findUsage([key], soon())).get(key)?.count).toBe(0);
  });
});
