import { describe, expect, it } from 'vitest';
import { createLogGroupWriter } from '../../../shared/audit/log-group.ts';
import type { Guard } from '../../../shared/policy/guard.ts';
import { toProblem } from '../../../shared/problem.ts';
import { TransportError } from '../../../shared/transport.ts';
import { makeAuditRecord } from '../../support/audit-records.ts';
import { createClock, type FakeClock } from '../../support/clock.ts';
import { createFakeSend, json, type FakeSend, type Scripted } from '../../support/fake-send.ts';

const DEADLINE = new Date('2026-01-15T12:00:25.000Z');
const RECORD = makeAuditRecord({ jobId: 'jg-1' });
const DONE = json(200, {});
const THROTTLED = json(400, { __type: 'ThrottlingException' });
const NO_STREAM = json(400, { __type: 'ResourceNotFoundException' });
const STREAM_EXISTS = json(400, { __type: 'ResourceAlreadyExistsException' });
const FAILED = json(500, { __type: 'InternalFailure' });
const UNAVAILABLE = json(503, { __type: 'ServiceUnavailableException' });

interface Bench extends FakeSend {
  readonly clock: FakeClock;
  readonly write: Guard['record'];
  /** What was asked for, in order. */
  readonly operations: () => readonly string[];
}

function createBench(...answers: readonly Scripted[]): Bench {
  const clock = createClock();
  const fake = createFakeSend(...answers);
  const write = createLogGroupWriter({
    logGroup: '/jobgate/prod/audit',
    logStream: 'jobgate-prod-get-job/1',
    region: 'eu-west-1',
    endpoint: null,
    credentials: () => ({ accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't' }),
    send: fake.send,
    now: clock.now,
    sleep: clock.sleep,
  });
  const operations = (): readonly string[] =>
    fake.requests.map(({ headers }) => (headers['x-amz-target'] ?? '').replace(/^.*\./, ''));
  return { ...fake, clock, write, operations };
}

describe('writing an audit record', () => {
  it('makes the stream once and puts one signed event, at the record’s own time', async () => {
    const { write, requests, operations } = createBench(DONE, DONE, DONE);
    await write(RECORD, DEADLINE);
    await write({ ...RECORD, id: 'decision-2' }, DEADLINE);
    expect(operations()).toEqual(['CreateLogStream', 'PutLogEvents', 'PutLogEvents']);
    const logStreamName = 'jobgate-prod-get-job/1';
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      logGroupName: '/jobgate/prod/audit',
      logStreamName,
    });
    expect(JSON.parse(requests[1]?.body ?? '')).toEqual({
      logGroupName: '/jobgate/prod/audit',
      logStreamName,
      // 2026-01-15T12:00:00Z
      logEvents: [{ timestamp: 1_768_478_400_000, message: JSON.stringify(RECORD) }],
    });
    expect(requests[1]).toMatchObject({
      url: 'https://logs.eu-west-1.amazonaws.com/',
      headers: {
        'x-amz-target': 'Logs_20140328.PutLogEvents',
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-security-token': 't',
      },
    });
    expect(requests[1]?.headers['Authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=ASIA1\/\d{8}\/eu-west-1\/logs\/aws4_request, /,
    );
  });

  it('puts a record that waited for more than 13 days at a time that CloudWatch takes', async () => {
    const { write, requests } = createBench(DONE, DONE);
    const timestamp = '2025-12-01T00:00:00.000Z';
    await write({ ...RECORD, timestamp }, DEADLINE);
    expect(JSON.parse(requests[1]?.body ?? '')).toMatchObject({
      logEvents: [
        {
          timestamp: Date.parse('2026-01-02T12:00:00.000Z'),
          message: JSON.stringify({ ...RECORD, timestamp }),
        },
      ],
    });
  });

  it('goes on when the stream is there already', async () => {
    const { write, operations } = createBench(STREAM_EXISTS, DONE);
    await write(RECORD, DEADLINE);
    expect(operations()).toEqual(['CreateLogStream', 'PutLogEvents']);
  });

  it('makes the stream anew when somebody deleted it', async () => {
    const { write, operations } = createBench(DONE, DONE, NO_STREAM, DONE, DONE);
    await write(RECORD, DEADLINE);
    await write(RECORD, DEADLINE);
    expect(operations()).toEqual([
      'CreateLogStream',
      'PutLogEvents',
      'PutLogEvents',
      'CreateLogStream',
      'PutLogEvents',
    ]);
  });

  it.each([
    ['throttled', THROTTLED],
    ['failed inside', FAILED],
    ['was unavailable', UNAVAILABLE],
    ['cut the connection', new TransportError('cut', 'cut')],
    ['could not be reached', new TransportError('refused', 'refused')],
    ['did not answer', new TransportError('timeout', 'timeout')],
  ])('tries again with growing pauses when CloudWatch %s', async (_name, answer) => {
    const { write, operations, clock, requests } = createBench(answer, DONE, answer, answer, DONE);
    await write(RECORD, DEADLINE);
    expect(operations()).toEqual([
      'CreateLogStream',
      'CreateLogStream',
      'PutLogEvents',
      'PutLogEvents',
      'PutLogEvents',
    ]);
    expect(new Set(requests.slice(2).map(({ body }) => body)).size).toBe(1);
    expect(clock.slept).toHaveLength(3);
    expect(clock.slept[0]).toBeLessThanOrEqual(200);
    expect(clock.slept[2]).toBeLessThanOrEqual(800);
  });

  it('gives one attempt two seconds, so that a hanging one does not use up the time', async () => {
    const { write, requests } = createBench(DONE, DONE);
    await write(RECORD, DEADLINE);
    expect(requests.map(({ deadline }) => deadline.toISOString())).toEqual([
      '2026-01-15T12:00:02.000Z',
      '2026-01-15T12:00:02.000Z',
    ]);
  });
});

describe('an audit record that cannot be written', () => {
  async function refuse(bench: Bench): Promise<unknown> {
    return bench.write(RECORD, DEADLINE).then(() => undefined, toProblem);
  }

  it.each<readonly [string, readonly Scripted[], number]>([
    ['throttled for good', [DONE, THROTTLED, THROTTLED, THROTTLED, THROTTLED], 5],
    ['down', [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE], 4],
    ['without its log group', [NO_STREAM], 1],
    ['refusing the role', [DONE, json(400, { __type: 'AccessDeniedException' })], 2],
    ['not JSON', [DONE, { status: 400, headers: {}, body: Buffer.from('<html>') }], 2],
  ])('is a 503 that names the audit when CloudWatch is %s', async (_name, answers, calls) => {
    const bench = createBench(...answers);
    expect(await refuse(bench)).toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'audit', retryAfter: 5 },
    });
    expect(bench.requests).toHaveLength(calls);
  });

  it('counts as not written when CloudWatch accepted the call and rejected the event', async () => {
    const rejected = json(200, { rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 } });
    const bench = createBench(DONE, rejected);
    expect(await refuse(bench)).toMatchObject({ code: 'upstream_unavailable' });
    expect(bench.requests).toHaveLength(2);
  });

  it('is given up before the deadline passes', async () => {
    const bench = createBench(THROTTLED);
    bench.clock.advance(24_751);
    await expect(bench.write(RECORD, DEADLINE)).rejects.toMatchObject({
      code: 'upstream_unavailable',
    });
    expect(bench.requests).toEqual([]);
  });

  it('says why in the cause, for the log, and not in the answer', async () => {
    const answer = json(400, { __type: 'AccessDeniedException', message: 'arn:secret' });
    const problem = await createBench(DONE, answer)
      .write(RECORD, DEADLINE)
      .then(() => undefined, toProblem);
    expect(String(problem?.cause)).toBe('Error: PutLogEvents: 400 AccessDeniedException');
    expect(problem?.detail).toBe(
      'What was decided cannot be recorded now, and nothing is answered without its record. Try again.',
    );
  });
});
