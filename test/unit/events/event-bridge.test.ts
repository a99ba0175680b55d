import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEventBridge } from '../../../shared/events/event-bridge.ts';
import type { JobEvent, JobEvents } from '../../../shared/jobs/ports.ts';
import { createClock } from '../../support/clock.ts';
import { makeEvent } from '../../support/job-events.ts';
import { createLogRecorder, type LogRecorder } from '../../support/log-lines.ts';

interface Entry {
  readonly Detail: string;
  readonly [name: string]: unknown;
}

/** What the played bus answers to one call. */
type Answer = (entries: readonly Entry[]) => readonly [status: number, body: object];

const take: Answer = (entries) => [
  200,
  { FailedEntryCount: 0, Entries: entries.map((_entry, index) => ({ EventId: `e-${index}` })) },
];
const refuse: Answer = () => [400, { __type: 'AccessDeniedException', message: 'not for you' }];

describe('telling events on a bus', () => {
  let server: Server;
  let endpoint: string;
  let calls: (readonly Entry[])[];
  let answers: Answer[];
  let recorder: LogRecorder;

  beforeAll(async () => {
    server = createServer((request, response) => {
      void readBody(request).then((body) => {
        const { Entries } = JSON.parse(body) as { readonly Entries: readonly Entry[] };
        calls.push(Entries);
        const [status, answer] = (answers.shift() ?? take)(Entries);
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    calls = [];
    answers = [];
    recorder = createLogRecorder();
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const { now } = createClock();
  const soon = new Date(now().getTime() + 20_000);

  function createBus(): JobEvents {
    return createEventBridge({
      eventBus: 'jobgate-test',
      publicUrl: 'https://api.example',
      region: 'us-east-1',
      endpoint,
      credentials: () => ({
        accessKeyId: 'test',
        secretAccessKey: 'test',
        sessionToken: undefined,
      }),
      log: recorder.log,
      now,
    });
  }

  const makeEvents = (count: number): readonly JobEvent[] =>
    Array.from({ length: count }, () => makeEvent());

  it('names the bus, the source, the state and the time of each', async () => {
    const event = makeEvent({ state: 'succeeded' }, { at: '2026-01-15T12:00:42.000Z' });
    expect(await createBus().publish([event], soon)).toEqual([]);
    const [[entry] = []] = calls;
    expect(entry).toEqual({
      EventBusName: 'jobgate-test',
      Source: 'jobgate',
      DetailType: 'job.succeeded',
      Time: Date.parse('2026-01-15T12:00:42.000Z') / 1000,
      Resources: [],
      Detail: expect.any(String) as string,
    });
    expect(JSON.parse(entry?.Detail ?? '')).toMatchObject({ id: event.id, state: 'succeeded' });
  });

  it('asks nothing of the bus when there is nothing to tell', async () => {
    expect(await createBus().publish([], soon)).toEqual([]);
    expect(calls).toEqual([]);
  });

  it('tells ten in a call, in their order', async () => {
    const events = makeEvents(23);
    expect(await createBus().publish(events, soon)).toEqual([]);
    expect(calls.map((entries) => entries.length)).toEqual([10, 10, 3]);
    const told = calls.flat().map(({ Detail }) => (JSON.parse(Detail) as { id: string }).id);
    expect(told).toEqual(events.map(({ id }) => id));
  });

  it('keeps a call below 256 kB', async () => {
    const labels = { note: 'ü'.repeat(50_000) };
    const events = Array.from({ length: 5 }, () => makeEvent({ labels }));
    expect(await createBus().publish(events, soon)).toEqual([]);
    expect(calls.map((entries) => entries.length)).toEqual([2, 2, 1]);
  });

  it('gives back those that the bus refuses one by one, and says why', async () => {
    const events = makeEvents(3);
    answers = [
      () => [
        200,
        {
          FailedEntryCount: 2,
          Entries: [
            { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' },
            { EventId: 'e-1' },
            { ErrorCode: 'InternalFailure', ErrorMessage: 'oh' },
          ],
        },
      ],
    ];
    expect(await createBus().publish(events, soon)).toEqual([events[0], events[2]]);
    expect(recorder.entries()).toMatchObject([
      {
        level: 'warn',
        message: 'untold',
        jobId: events[0]?.record.id,
        code: 'ThrottlingException',
      },
      { level: 'warn', message: 'untold', jobId: events[2]?.record.id, code: 'InternalFailure' },
    ]);
  });

  it('gives back those that the bus says nothing of', async () => {
    const events = makeEvents(2);
    answers = [() => [200, { FailedEntryCount: 0, Entries: [{ EventId: 'e-0' }] }]];
    expect(await createBus().publish(events, soon)).toEqual([events[1]]);
  });

  it('gives back a call that failed, tells the others, and logs the cause', async () => {
    const events = makeEvents(12);
    answers = [refuse];
    expect(await createBus().publish(events, soon)).toEqual(events.slice(0, 10));
    expect(calls.map((entries) => entries.length)).toEqual([10, 2]);
    expect(recorder.entries()).toMatchObject([
      { message: 'untold', cause: expect.stringContaining('AccessDenied') as string },
    ]);
  });

  it('says that events are unavailable when nothing was taken', async () => {
    answers = [refuse, refuse];
    await expect(createBus().publish(makeEvents(12), soon)).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'events', retryAfter: 5 },
      cause: expect.objectContaining({ name: 'AccessDeniedException' }) as Error,
    });
  });

  it('repeats a call that the bus throttles', async () => {
    answers = [() => [400, { __type: 'ThrottlingException', message: 'slow down' }]];
    expect(await createBus().publish(makeEvents(1), soon)).toEqual([]);
    expect(calls).toHaveLength(2);
  });

  it('calls nobody once the deadline has passed', async () => {
    const publishing = createBus().publish(makeEvents(1), now());
    await expect(publishing).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(calls).toEqual([]);
  });
});

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      resolve(Buffer.concat(chunks).toString());
    });
    request.once('error', reject);
  });
}
