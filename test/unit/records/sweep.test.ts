import { describe, expect, it } from 'vitest';
import { toDueRecord } from '../../../shared/jobs/due.ts';
import type { LimitHold } from '../../../shared/jobs/limit-hold.ts';
import type { SweepRecords } from '../../../shared/jobs/ports.ts';
import { toProblem } from '../../../shared/problem.ts';
import { toItem } from '../../../shared/records/item.ts';
import { createDynamoDbSweepRecords } from '../../../shared/records/sweep.ts';
import { createClock } from '../../support/clock.ts';
import { createFakeSend, json, type FakeSend, type Scripted } from '../../support/fake-send.ts';
import { makeJobId, makeRecord } from '../../support/job-records.ts';

const DEADLINE = new Date('2026-01-15T12:00:25.000Z');
const HOLD: LimitHold = { limit: 'concurrent-per-caller', key: 'limit#caller#a', most: 2 };
const RECORD = makeRecord({ holds: [HOLD] });
const { jobId, due, brief } = toItem(RECORD);
const ENTRY = { jobId, due, brief };
/** 90 days after now. */
const EXPIRY = { N: '1776254400' };
const THROTTLED = json(400, { __type: 'ProvisionedThroughputExceededException' });

interface Bench extends FakeSend {
  readonly records: SweepRecords;
  readonly bodies: () => readonly unknown[];
  readonly operations: () => readonly (string | undefined)[];
}

function createBench(...answers: readonly Scripted[]): Bench {
  const { now, sleep } = createClock();
  const fake = createFakeSend(...answers);
  const records = createDynamoDbSweepRecords({
    table: 'jobs',
    region: 'eu-west-1',
    endpoint: null,
    credentials: () => ({ accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't' }),
    send: fake.send,
    now,
    sleep,
  });
  const bodies = (): readonly unknown[] =>
    fake.requests.map((request): unknown => JSON.parse(request.body ?? ''));
  const operations = (): readonly (string | undefined)[] =>
    fake.requests.map(({ headers }) => headers['x-amz-target']?.split('.')[1]);
  return { ...fake, records, bodies, operations };
}

function cancelled(...codes: readonly string[]): Scripted {
  const CancellationReasons = codes.map((Code) => ({ Code }));
  return json(400, { __type: 'TransactionCanceledException', CancellationReasons });
}

describe('listing what is due', () => {
  it('reads one page of the index, and the next one from where it ended', async () => {
    const LastEvaluatedKey = { due: { S: 'job' }, jobId };
    const { records, bodies, operations } = createBench(
      json(200, { Items: [ENTRY], LastEvaluatedKey }),
      json(200, { Items: [] }),
    );
    const page = await records.listDue(null, DEADLINE);
    expect(page).toMatchObject({ records: [toDueRecord(RECORD)], unread: [] });
    expect(await records.listDue(page.next, DEADLINE)).toEqual({
      records: [],
      unread: [],
      next: null,
    });
    expect(operations()).toEqual(['Query', 'Query']);
    const first = {
      TableName: 'jobs',
      IndexName: 'due',
      KeyConditionExpression: 'due = :due',
      ExpressionAttributeValues: { ':due': { S: 'job' } },
      Limit: 1_000,
    };
    expect(bodies()).toEqual([first, { ...first, ExclusiveStartKey: LastEvaluatedKey }]);
  });

  it('names the records of which it cannot tell more, and passes over what is none', async () => {
    const [unreadable, absent] = [makeJobId(), makeJobId()];
    const { records } = createBench(
      json(200, {
        Items: [
          { jobId: { S: unreadable }, due: { S: 'job' }, brief: { S: '{"version":2}' } },
          { jobId: { S: absent }, due: { S: 'job' } },
          { jobId: { S: 'no job' }, due: { S: 'job' }, brief },
          { due: { S: 'job' } },
          null,
          ENTRY,
        ],
      }),
    );
    expect(await records.listDue(null, DEADLINE)).toEqual({
      records: [toDueRecord(RECORD)],
      unread: [unreadable, absent],
      next: null,
    });
  });

  it('is tried again when the index is throttled, three times', async () => {
    const patient = createBench(THROTTLED, THROTTLED, json(200, { Items: [ENTRY] }));
    expect((await patient.records.listDue(null, DEADLINE)).records).toHaveLength(1);
    const { records, requests } = createBench(THROTTLED, THROTTLED, THROTTLED);
    await expect(records.listDue(null, DEADLINE)).rejects.toThrow('upstream_unavailable');
    expect(requests).toHaveLength(3);
  });
});

describe('listing counters', () => {
  it('reads those that hold somebody, whoever it is', async () => {
    const { records, bodies } = createBench(
      json(200, {
        Items: [
          { jobId: { S: 'limit#caller#a' }, holders: { SS: [RECORD.id, 'no job'] } },
          { jobId: { S: 'limit#caller#b' }, holders: { S: 'no set' } },
        ],
      }),
    );
    expect(await records.listCounters(null, DEADLINE)).toEqual({
      counters: [{ key: 'limit#caller#a', holders: [RECORD.id, 'no job'] }],
      next: null,
    });
    expect(bodies()).toMatchObject([
      {
        IndexName: 'due',
        ExpressionAttributeValues: { ':due': { S: 'counter' } },
        FilterExpression: 'attribute_exists(holders)',
      },
    ]);
  });
});

describe('taking a holder off a counter', () => {
  const check = {
    ConditionCheck: {
      TableName: 'jobs',
      Key: { jobId: { S: RECORD.id } },
      ConditionExpression: 'NOT contains(held, :key)',
      ExpressionAttributeValues: { ':key': { S: 'limit#caller#a' } },
    },
  };

  it('depends on the item of the job, in one transaction', async () => {
    const { records, bodies } = createBench(json(200, {}));
    expect(await records.releaseHolder(HOLD.key, RECORD.id, DEADLINE)).toBe(true);
    expect(bodies()).toMatchObject([
      {
        ClientRequestToken: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        TransactItems: [
          check,
          {
            Update: {
              TableName: 'jobs',
              Key: { jobId: { S: 'limit#caller#a' } },
              UpdateExpression:
                'DELETE holders :job SET expiresAtSeconds = if_not_exists(expiresAtSeconds, :expiry)',
              ExpressionAttributeValues: { ':job': { SS: [RECORD.id] }, ':expiry': EXPIRY },
            },
          },
        ],
      },
    ]);
  });

  it('is refused by the item, and not by a conflict that passes', async () => {
    const { records, requests } = createBench(
      cancelled('TransactionConflict', 'None'),
      cancelled('None', 'TransactionConflict'),
      cancelled('ConditionalCheckFailed', 'None'),
    );
    expect(await records.releaseHolder(HOLD.key, RECORD.id, DEADLINE)).toBe(false);
    expect(requests).toHaveLength(3);
  });

  it('needs no condition where no job can have the id', async () => {
    const { records, bodies, operations } = createBench(json(200, {}));
    expect(await records.releaseHolder(HOLD.key, 'no job', DEADLINE)).toBe(true);
    expect(operations()).toEqual(['UpdateItem']);
    expect(bodies()).toMatchObject([
      {
        TableName: 'jobs',
        Key: { jobId: { S: 'limit#caller#a' } },
        ExpressionAttributeValues: { ':job': { SS: ['no job'] } },
      },
    ]);
  });
});

describe('counting a job again', () => {
  it('depends on the item of the job, whatever the limit admits', async () => {
    const { records, bodies } = createBench(json(200, {}));
    expect(await records.restoreHolder(RECORD.id, HOLD, DEADLINE)).toBe(true);
    expect(bodies()).toMatchObject([
      {
        TransactItems: [
          { ConditionCheck: { ConditionExpression: 'contains(held, :key)' } },
          {
            Update: {
              Key: { jobId: { S: 'limit#caller#a' } },
              UpdateExpression: 'ADD holders :job SET expiresAtSeconds = :expiry, due = :due',
              ExpressionAttributeValues: {
                ':job': { SS: [RECORD.id] },
                ':expiry': EXPIRY,
                ':due': { S: 'counter' },
              },
            },
          },
        ],
      },
    ]);
    expect(bodies()[0]).not.toHaveProperty('TransactItems.1.Update.ConditionExpression');
  });

  it('is refused when the job does not hold the limit any more', async () => {
    const { records } = createBench(cancelled('ConditionalCheckFailed', 'None'));
    expect(await records.restoreHolder(RECORD.id, HOLD, DEADLINE)).toBe(false);
  });

  it('asks nothing for a limit of a day', async () => {
    const { records, requests } = createBench();
    const day = { ...HOLD, limit: 'runs-per-day' } as const;
    expect(await records.restoreHolder(RECORD.id, day, DEADLINE)).toBe(false);
    expect(requests).toEqual([]);
  });

  it('fails when DynamoDB refuses what it was asked', async () => {
    const { records } = createBench(cancelled('None', 'ValidationError'));
    const restored = records.restoreHolder(RECORD.id, HOLD, DEADLINE);
    const problem = await restored.then(() => undefined, toProblem);
    expect(problem).toMatchObject({ code: 'upstream_refused' });
  });
});
