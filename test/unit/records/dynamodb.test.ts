import { describe, expect, it } from 'vitest';
import type { JobRecords } from '../../../shared/jobs/ports.ts';
import { toProblem } from '../../../shared/problem.ts';
import { createDynamoDbRecords } from '../../../shared/records/dynamodb.ts';
import { TransportError } from '../../../shared/transport.ts';
import { makeAuditRecord } from '../../support/audit-records.ts';
import { createClock, type FakeClock } from '../../support/clock.ts';
import { createFakeSend, json, type FakeSend, type Scripted } from '../../support/fake-send.ts';
import { makeRecord } from '../../support/job-records.ts';

const DEADLINE = new Date('2026-01-15T12:00:25.000Z');
const RECORD = makeRecord();
const DOCUMENT = Object.fromEntries(Object.entries(RECORD).filter(([name]) => name !== 'outbox'));
const ITEM = {
  jobId: { S: RECORD.id },
  version: { N: '1' },
  state: { S: 'queued' },
  document: { S: JSON.stringify(DOCUMENT) },
  due: { S: 'job' },
  brief: { S: expect.stringMatching(/^\{"state":"queued",/) as string },
};
const CONDITION_FAILED = json(400, {
  __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
});
const UNMET = json(400, {
  __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
  CancellationReasons: [{ Code: 'ConditionalCheckFailed' }],
});
const THROTTLED = json(400, { __type: 'com.amazon.coral.availability#ThrottlingException' });

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

describe('putting a record', () => {
  it('is conditional on its absence, and signed', async () => {
    const { records, requests, bodies } = createBench(json(200, {}));
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toEqual({ kind: 'created' });
    const ConditionExpression = 'attribute_not_exists(jobId)';
    const Put = { TableName: 'jobs', Item: ITEM, ConditionExpression };
    expect(bodies()).toEqual([
      {
        TransactItems: [{ Put }],
        ClientRequestToken: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      },
    ]);
    expect(requests).toMatchObject([
      {
        url: 'https://dynamodb.eu-west-1.amazonaws.com/',
        method: 'POST',
        deadline: DEADLINE,
        headers: {
          'x-amz-target': 'DynamoDB_20120810.TransactWriteItems',
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-security-token': 't',
        },
      },
    ]);
    expect(requests[0]?.headers['Authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=ASIA1\/\d{8}\/eu-west-1\/dynamodb\/aws4_request, /,
    );
  });

  it('keeps audit records that wait beside the document', async () => {
    const outbox = [makeAuditRecord({ jobId: RECORD.id })];
    const { records, bodies } = createBench(json(200, {}));
    await records.putIfAbsent({ ...RECORD, outbox }, DEADLINE);
    const Item = { ...ITEM, outbox: { S: JSON.stringify(outbox) } };
    expect(bodies()).toMatchObject([{ TransactItems: [{ Put: { Item } }] }]);
    const reading = createBench(json(200, { Item }));
    expect(await reading.records.find(RECORD.id, DEADLINE)).toEqual({ ...RECORD, outbox });
  });

  it('gives the record that was there', async () => {
    const other = { ...RECORD, correlationId: 'correlation-2' };
    const item = { ...ITEM, document: { S: JSON.stringify(other) } };
    const { records, bodies } = createBench(UNMET, json(200, { Item: item }));
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toEqual({ kind: 'exists', record: other });
    expect(bodies()[1]).toEqual({
      TableName: 'jobs',
      Key: { jobId: { S: RECORD.id } },
      ConsistentRead: true,
    });
  });

  it('gives the record that was there though it is just the same: another request has put it', async () => {
    const { records } = createBench(UNMET, json(200, { Item: ITEM }));
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toEqual({ kind: 'exists', record: RECORD });
  });

  it('is created when DynamoDB says so of a repetition under one token', async () => {
    const { records, bodies } = createBench(json(500, {}), json(200, {}));
    expect(await records.putIfAbsent(RECORD, DEADLINE)).toEqual({ kind: 'created' });
    const [first, second] = bodies();
    expect(second).toEqual(first);
    expect(first).toHaveProperty('ClientRequestToken');
  });

  it('is a failure when DynamoDB contradicts itself', async () => {
    const { records } = createBench(UNMET, json(200, {}));
    const problem = await records.putIfAbsent(RECORD, DEADLINE).then(() => undefined, toProblem);
    expect(problem).toMatchObject({ code: 'upstream_error', extras: { upstream: 'DynamoDB' } });
  });
});

describe('replacing a record', () => {
  it('is conditional on the version before', async () => {
    const { records, bodies } = createBench(json(200, {}));
    expect(await records.replace({ ...RECORD, version: 8 }, DEADLINE)).toBe('replaced');
    expect(bodies()).toMatchObject([
      {
        Item: { version: { N: '8' } },
        ConditionExpression: '#version = :previous',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':previous': { N: '7' } },
      },
    ]);
  });

  it('is a conflict when another writer was first', async () => {
    const { records } = createBench(CONDITION_FAILED);
    expect(await records.replace(RECORD, DEADLINE)).toBe('conflict');
  });
});

describe('finding a record', () => {
  it('gives what was put', async () => {
    const { records } = createBench(json(200, { Item: ITEM }));
    expect(await records.find(RECORD.id, DEADLINE)).toEqual(RECORD);
  });

  it('gives nothing when there is none', async () => {
    expect(await createBench(json(200, {})).records.find(RECORD.id, DEADLINE)).toBeUndefined();
  });

  it.each([
    ['no document', { jobId: { S: 'x' } }],
    ['a document that is no text', { document: { N: '1' } }],
    ['a document that is no record', { document: { S: '{}' } }],
    ['an outbox that is no list', { ...ITEM, outbox: { S: '{}' } }],
  ])('fails on an item with %s', async (_name, Item) => {
    await expect(
      createBench(json(200, { Item })).records.find(RECORD.id, DEADLINE),
    ).rejects.toThrow();
  });
});

describe('a call that DynamoDB does not take', () => {
  it.each([
    ['throttled', THROTTLED],
    ['failed inside', json(500, { __type: 'InternalServerError' })],
    [
      'had too much of the account',
      json(400, { __type: 'com.amazonaws.dynamodb.v20120810#RequestLimitExceeded' }),
    ],
    ['unavailable', json(503, {})],
  ])('is repeated twice with growing pauses when it was %s', async (_name, answer) => {
    const { records, requests, clock } = createBench(answer, answer, json(200, {}));
    expect(await records.replace(RECORD, DEADLINE)).toBe('replaced');
    expect(requests).toHaveLength(3);
    expect(clock.slept).toHaveLength(2);
    expect(clock.slept[0]).toBeLessThanOrEqual(100);
    expect(clock.slept[1]).toBeLessThanOrEqual(200);
  });

  it('is given up after three attempts', async () => {
    const { records, requests } = createBench(THROTTLED, THROTTLED, THROTTLED);
    const problem = await records.find(RECORD.id, DEADLINE).then(() => undefined, toProblem);
    expect(problem).toMatchObject({ code: 'upstream_unavailable', extras: { retryAfter: 5 } });
    expect(requests).toHaveLength(3);
  });

  it('is given up when less than a second is left', async () => {
    const { records, requests, clock } = createBench(THROTTLED, THROTTLED);
    clock.advance(24_001);
    await expect(records.find(RECORD.id, DEADLINE)).rejects.toThrow('upstream_unavailable');
    expect(requests).toHaveLength(1);
  });

  it.each(['ValidationException', 'AccessDeniedException', 'ExpiredTokenException'])(
    'is refused for good with %s, and the words stay in the log',
    async (type) => {
      const { records, requests } = createBench(json(400, { __type: type, message: 'arn:secret' }));
      const problem = await records.find(RECORD.id, DEADLINE).then(() => undefined, toProblem);
      expect(problem).toMatchObject({ code: 'upstream_refused' });
      expect(problem?.detail).not.toContain('secret');
      expect(String(problem?.cause)).toBe(`Error: GetItem: ${type}`);
      expect(requests).toHaveLength(1);
    },
  );

  it.each([
    ['timeout', 'upstream_timeout'],
    ['refused', 'upstream_unavailable'],
  ] as const)('is a problem when the exchange ends as %s', async (kind, code) => {
    const { records } = createBench(new TransportError(kind, 'failed'));
    await expect(records.find(RECORD.id, DEADLINE)).rejects.toMatchObject({ code });
  });
});
