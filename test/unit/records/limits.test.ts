import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import type { LimitHold } from '../../../shared/jobs/limit-hold.ts';
import type { JobRecords } from '../../../shared/jobs/ports.ts';
import { toProblem } from '../../../shared/problem.ts';
import { createDynamoDbRecords } from '../../../shared/records/dynamodb.ts';
import { toItem } from '../../../shared/records/item.ts';
import { createClock, type FakeClock } from '../../support/clock.ts';
import { createFakeSend, json, type FakeSend, type Scripted } from '../../support/fake-send.ts';
import { makeRecord } from '../../support/job-records.ts';

const DEADLINE = new Date('2026-01-15T12:00:25.000Z');
const HOLDS: readonly LimitHold[] = [
  { limit: 'runs-per-day', key: 'limit#day#2026-01-15#a', most: 50 },
  { limit: 'concurrent-per-caller', key: 'limit#caller#a', most: 2 },
  { limit: 'concurrent-per-template', key: 'limit#template#tidy', most: 10 },
];
const RECORD = makeRecord({ holds: HOLDS });
const ENDED = { ...RECORD, version: 2, state: 'succeeded', endedAt: RECORD.submittedAt } as const;
/** 90 days after the submission. */
const EXPIRY = { N: '1776254400' };

interface Bench extends FakeSend {
  readonly clock: FakeClock;
  readonly records: JobRecords;
  readonly bodies: () => readonly unknown[];
}

function createBench(...answers: readonly Scripted[]): Bench {
  const clock = createClock();
  const fake = createFakeSend(...answers);
  const records = createDynamoDbRecords({
    table: 'jobs',
    region: 'eu-west-1',
    endpoint: null,
    credentials: () => ({ accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't' }),
    send: fake.send,
    now: clock.now,
    sleep: clock.sleep,
  });
  const bodies = (): readonly unknown[] =>
    fake.requests.map((request): unknown => JSON.parse(request.body ?? ''));
  return { ...fake, clock, records, bodies };
}

/** A transaction that was cancelled for these reasons, in the order of its parts. */
function cancelled(...reasons: readonly (string | readonly [string, unknown])[]): Scripted {
  const CancellationReasons = reasons.map((reason) =>
    typeof reason === 'string' ? { Code: reason } : { Code: reason[0], Item: reason[1] },
  );
  const __type = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException';
  return json(400, { __type, CancellationReasons });
}

describe('putting a record under limits', () => {
  it('is one transaction that puts the record if absent and moves each counter under its limit', async () => {
    const { records, requests, bodies } = createBench(json(200, {}));
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toEqual({ kind: 'created' });
    expect(requests[0]?.headers['x-amz-target']).toBe('DynamoDB_20120810.TransactWriteItems');
    expect(bodies()).toMatchObject([
      {
        ClientRequestToken: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        TransactItems: [
          {
            Put: {
              TableName: 'jobs',
              Item: { jobId: { S: RECORD.id }, held: { SS: HOLDS.map(({ key }) => key) } },
              ConditionExpression: 'attribute_not_exists(jobId)',
            },
          },
          {
            Update: {
              TableName: 'jobs',
              Key: { jobId: { S: 'limit#day#2026-01-15#a' } },
              UpdateExpression: 'ADD runs :job SET expiresAtSeconds = :expiry',
              ConditionExpression: 'attribute_not_exists(runs) OR runs < :most',
              ExpressionAttributeValues: {
                ':job': { N: '1' },
                ':expiry': EXPIRY,
                ':most': { N: '50' },
              },
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
          {
            Update: {
              Key: { jobId: { S: 'limit#caller#a' } },
              UpdateExpression: 'ADD holders :job SET expiresAtSeconds = :expiry, due = :due',
              ConditionExpression: 'attribute_not_exists(holders) OR size(holders) < :most',
              ExpressionAttributeValues: {
                ':job': { SS: [RECORD.id] },
                ':expiry': EXPIRY,
                ':due': { S: 'counter' },
                ':most': { N: '2' },
              },
            },
          },
          {
            Update: {
              Key: { jobId: { S: 'limit#template#tidy' } },
              ExpressionAttributeValues: { ':most': { N: '10' } },
            },
          },
        ],
      },
    ]);
  });

  it('names the limits that are reached, with what they hold', async () => {
    const { records, requests } = createBench(
      cancelled(
        'None',
        ['ConditionalCheckFailed', { runs: { N: '50' } }],
        ['ConditionalCheckFailed', { holders: { SS: [RECORD.id, 'no job'] } }],
        'None',
      ),
    );
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toEqual({
      kind: 'limited',
      reached: [
        { key: 'limit#day#2026-01-15#a', count: 50, holders: [] },
        { key: 'limit#caller#a', count: 2, holders: [RECORD.id] },
      ],
    });
    expect(requests).toHaveLength(1);
  });

  it('gives a record that is there, whatever the limits say', async () => {
    const other = { ...RECORD, correlationId: 'correlation-2' };
    const Item = { document: { S: JSON.stringify(other) } };
    const { records } = createBench(
      cancelled('ConditionalCheckFailed', 'ConditionalCheckFailed', 'None', 'None'),
      json(200, { Item }),
    );
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toMatchObject({
      kind: 'exists',
      record: { correlationId: 'correlation-2' },
    });
  });

  it('asks again, and does not refuse, while the record itself is in conflict', async () => {
    const { records, requests } = createBench(
      cancelled('TransactionConflict', 'None', 'ConditionalCheckFailed', 'None'),
      json(200, {}),
    );
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toEqual({ kind: 'created' });
    expect(requests).toHaveLength(2);
  });

  it('refuses at a limit though another counter is in conflict', async () => {
    const { records } = createBench(
      cancelled('None', 'TransactionConflict', ['ConditionalCheckFailed', {}], 'None'),
    );
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toMatchObject({ kind: 'limited' });
  });
});

describe('a transaction that DynamoDB does not take', () => {
  it.each([
    ['TransactionConflict', cancelled('None', 'None', 'None', 'TransactionConflict')],
    ['ThrottlingError', cancelled('ThrottlingError', 'None', 'None', 'None')],
    ['ProvisionedThroughputExceeded', cancelled('None', 'ProvisionedThroughputExceeded', 'None')],
    ['TransactionInProgressException', json(400, { __type: 'TransactionInProgressException' })],
    ['ThrottlingException', json(400, { __type: 'ThrottlingException' })],
    ['InternalServerError', json(500, { __type: 'InternalServerError' })],
  ])('is repeated word for word after %s, under the same token', async (_name, answer) => {
    const { records, clock, bodies } = createBench(answer, answer, answer, json(200, {}));
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toEqual({ kind: 'created' });
    const [first, ...others] = bodies();
    expect(others).toEqual([first, first, first]);
    expect(clock.slept).toHaveLength(3);
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(400);
  });

  it('has another token for each put', async () => {
    const { records, bodies } = createBench(json(200, {}), json(200, {}));
    await records.putIfAbsent(RECORD, DEADLINE);
    await records.putIfAbsent(RECORD, DEADLINE);
    const tokens = bodies().map((body) => (body as Record<string, unknown>)['ClientRequestToken']);
    expect(new Set(tokens).size).toBe(2);
  });

  it('is unavailable, to be tried again, when the conflict outlasts the attempts', async () => {
    const conflict = cancelled('None', 'None', 'TransactionConflict', 'None');
    const { records, requests, clock } = createBench(...Array.from({ length: 12 }, () => conflict));
    const problem = await records.putIfAbsent(RECORD, DEADLINE).then(() => undefined, toProblem);
    expect(problem).toMatchObject({ code: 'upstream_unavailable', extras: { retryAfter: 5 } });
    expect(requests).toHaveLength(12);
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(1_000);
  });

  it('is not repeated when less than a second is left', async () => {
    const { records, requests, clock } = createBench(cancelled('TransactionConflict'));
    clock.advance(24_001);
    await expect(records.putIfAbsent(RECORD, DEADLINE)).rejects.toThrow('upstream_unavailable');
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['an item that is wrong', cancelled('None', 'ValidationError', 'None', 'None')],
    ['an item that is too large', cancelled('ItemCollectionSizeLimitExceeded', 'None')],
    ['no reason', cancelled()],
    ['a token of another put', json(400, { __type: 'IdempotentParameterMismatchException' })],
  ])('is refused for good for %s', async (_name, answer) => {
    const { records, requests } = createBench(answer);
    const problem = await records.putIfAbsent(RECORD, DEADLINE).then(() => undefined, toProblem);
    expect(problem).toMatchObject({ code: 'upstream_refused' });
    expect(String(problem?.cause)).toMatch(/^Error: TransactWriteItems: /);
    expect(requests).toHaveLength(1);
  });
});

describe('the write that ends a job', () => {
  it('takes the job off its limits in one transaction, if it still holds them', async () => {
    const { records, bodies } = createBench(json(200, {}));
    expect(await records.replace(ENDED, DEADLINE)).toBe('replaced');
    const [body] = bodies() as readonly { readonly TransactItems: readonly unknown[] }[];
    expect(body?.TransactItems).toMatchObject([
      {
        Put: {
          ConditionExpression: '#version = :previous AND attribute_exists(held)',
          ExpressionAttributeValues: { ':previous': { N: '1' } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
      {
        Update: {
          Key: { jobId: { S: 'limit#caller#a' } },
          UpdateExpression:
            'DELETE holders :job SET expiresAtSeconds = if_not_exists(expiresAtSeconds, :expiry)',
          ExpressionAttributeValues: { ':job': { SS: [RECORD.id] }, ':expiry': EXPIRY },
        },
      },
      { Update: { Key: { jobId: { S: 'limit#template#tidy' } } } },
    ]);
    expect(body?.TransactItems[0]).not.toHaveProperty('Put.Item.held');
  });

  it('gives the run of the day back when the job never ran', async () => {
    const { records, bodies } = createBench(json(200, {}));
    const history = [{ state: 'failed', at: RECORD.submittedAt }] as const;
    await records.replace({ ...ENDED, state: 'failed', history }, DEADLINE);
    expect(bodies()).toMatchObject([
      {
        TransactItems: [
          {},
          {
            Update: {
              Key: { jobId: { S: 'limit#day#2026-01-15#a' } },
              UpdateExpression: 'ADD runs :job',
              ConditionExpression: 'runs > :none',
              ExpressionAttributeValues: { ':job': { N: '-1' }, ':none': { N: '0' } },
            },
          },
          {},
          {},
        ],
      },
    ]);
  });

  it('is a conflict when another writer was first', async () => {
    const { records } = createBench(cancelled('ConditionalCheckFailed', 'None', 'None'));
    expect(await records.replace(ENDED, DEADLINE)).toBe('conflict');
  });

  /** What is stored of the record, of which a hand or its end has taken `held` away. */
  function store(changes: Partial<JobRecord>): object {
    return Object.fromEntries(
      Object.entries(toItem({ ...RECORD, ...changes })).filter(([name]) => name !== 'held'),
    );
  }

  it('ends the job without its counters when a hand has taken `held` off its item', async () => {
    const { records, requests, bodies } = createBench(
      cancelled(['ConditionalCheckFailed', store({})], 'None', 'None'),
      json(200, {}),
    );
    expect(await records.replace(ENDED, DEADLINE)).toBe('replaced');
    expect(requests[1]?.headers['x-amz-target']).toBe('DynamoDB_20120810.PutItem');
    const [, body] = bodies() as readonly {
      readonly Item?: { readonly document: { readonly S: string } };
    }[];
    expect(body).toMatchObject({
      ConditionExpression: '#version = :previous',
      ExpressionAttributeValues: { ':previous': { N: '1' } },
    });
    expect(body).not.toHaveProperty('Item.held');
    expect(JSON.parse(body?.Item?.document.S ?? '{}')).toMatchObject({
      state: 'succeeded',
      holds: [],
    });
  });

  it('is a conflict when another writer comes after a hand', async () => {
    const { records } = createBench(
      cancelled(['ConditionalCheckFailed', store({})], 'None', 'None'),
      json(400, { __type: 'ConditionalCheckFailedException' }),
    );
    expect(await records.replace(ENDED, DEADLINE)).toBe('conflict');
  });

  it.each([
    ['a later version', store({ version: 2 })],
    ['an earlier version', store({ version: 0 })],
    ['a record that has ended', store({ state: 'succeeded', holds: [] })],
    ['a record that holds its limits', toItem(RECORD)],
    ['nothing', undefined],
  ])('is a conflict, and no second write, with %s', async (_name, stored) => {
    const { records, requests } = createBench(
      cancelled(['ConditionalCheckFailed', stored], 'None', 'None'),
    );
    expect(await records.replace(ENDED, DEADLINE)).toBe('conflict');
    expect(requests).toHaveLength(1);
  });

  it('ends the job all the same when its day has nothing left to give back', async () => {
    const { records, bodies } = createBench(
      cancelled('None', 'ConditionalCheckFailed', 'None', 'None'),
      json(200, {}),
    );
    const history = [{ state: 'failed', at: RECORD.submittedAt }] as const;
    const failed = { ...ENDED, state: 'failed', history } as const;
    expect(await records.replace(failed, DEADLINE)).toBe('replaced');
    const [first, second] = bodies() as readonly {
      readonly TransactItems: readonly unknown[];
      readonly ClientRequestToken: string;
    }[];
    expect(first?.TransactItems).toHaveLength(4);
    expect(second?.TransactItems).toEqual(first?.TransactItems.filter((_, index) => index !== 1));
    expect(second?.ClientRequestToken).not.toBe(first?.ClientRequestToken);
  });

  it('is a conflict when another writer came between its two attempts', async () => {
    const { records } = createBench(
      cancelled('None', 'ConditionalCheckFailed', 'None', 'None'),
      cancelled('ConditionalCheckFailed', 'None', 'None'),
    );
    const history = [{ state: 'failed', at: RECORD.submittedAt }] as const;
    expect(await records.replace({ ...ENDED, state: 'failed', history }, DEADLINE)).toBe(
      'conflict',
    );
  });

  it('is repeated while another job ends at the same time', async () => {
    const { records } = createBench(
      cancelled('None', 'TransactionConflict', 'None'),
      json(200, {}),
    );
    expect(await records.replace(ENDED, DEADLINE)).toBe('replaced');
  });
});

describe('reading how much is used', () => {
  const item = { jobId: { S: 'limit#caller#a' }, holders: { SS: [RECORD.id] } };

  it('is one consistent read, and what is not there counts nothing', async () => {
    const { records, bodies } = createBench(json(200, { Responses: { jobs: [item] } }));
    const keys = ['limit#caller#a', 'limit#template#tidy'];
    expect(await records.findUsage(keys, DEADLINE)).toEqual(
      new Map([
        ['limit#caller#a', { key: 'limit#caller#a', count: 1, holders: [RECORD.id] }],
        ['limit#template#tidy', { key: 'limit#template#tidy', count: 0, holders: [] }],
      ]),
    );
    const Keys = keys.map((key) => ({ jobId: { S: key } }));
    expect(bodies()).toEqual([{ RequestItems: { jobs: { Keys, ConsistentRead: true } } }]);
  });

  it('counts what is in a set, though no job has such an id, and never less than nothing', async () => {
    const Responses = {
      jobs: [
        { jobId: { S: 'limit#caller#a' }, holders: { SS: [RECORD.id, 'no job'] } },
        { jobId: { S: 'limit#day#a' }, runs: { N: '-1' } },
      ],
    };
    const { records } = createBench(json(200, { Responses }));
    const usage = await records.findUsage(['limit#caller#a', 'limit#day#a'], DEADLINE);
    expect([...usage.values()]).toEqual([
      { key: 'limit#caller#a', count: 2, holders: [RECORD.id] },
      { key: 'limit#day#a', count: 0, holders: [] },
    ]);
  });

  it('asks for the keys that DynamoDB left over', async () => {
    const UnprocessedKeys = { jobs: { Keys: [{ jobId: { S: 'limit#caller#a' } }] } };
    const { records, bodies } = createBench(
      json(200, { Responses: { jobs: [] }, UnprocessedKeys }),
      json(200, { Responses: { jobs: [item] }, UnprocessedKeys: {} }),
    );
    const usage = await records.findUsage(['limit#caller#a'], DEADLINE);
    expect(usage.get('limit#caller#a')?.count).toBe(1);
    expect(bodies()[1]).toEqual({ RequestItems: UnprocessedKeys });
  });

  it('fails when DynamoDB never reads them all', async () => {
    const left = json(200, { UnprocessedKeys: { jobs: { Keys: [] } } });
    const { records, requests } = createBench(left, left, left);
    await expect(records.findUsage(['limit#caller#a'], DEADLINE)).rejects.toMatchObject({
      code: 'upstream_error',
    });
    expect(requests).toHaveLength(3);
  });
});
