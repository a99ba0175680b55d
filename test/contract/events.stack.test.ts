import { randomUUID } from 'node:crypto';
import {
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventBridge } from '../../shared/events/event-bridge.ts';
import { toJobEventDetail } from '../../shared/events/job-event-detail.ts';
import type { JobEvents } from '../../shared/jobs/ports.ts';
import { getStack } from '../support/api.ts';
import { soon } from '../support/deployed-app.ts';
import { assumeRole, callAws, readEnvironment } from '../support/deployed-function.ts';
import { makeEvent } from '../support/job-events.ts';
import { compileSchema } from '../support/json-schemas.ts';
import { createLogRecorder } from '../support/log-lines.ts';
import { createQueue, type TestQueue } from '../support/queues.ts';

const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' };
const FUNCTION = 'jobgate-local-sweep-jobs';
const ENDED_AT = '2026-01-15T12:10:00.000Z';
const isEvent = compileSchema('shared/events/job-event.schema.json', { closed: true });

interface Delivered {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

describe('an event on the deployed bus', () => {
  let client: EventBridgeClient;
  let bus: string;
  let events: JobEvents;
  let publicUrl: string;

  beforeAll(async () => {
    const endpoint = getStack().aws;
    client = new EventBridgeClient({ endpoint, region: 'us-east-1', credentials: KEYS });
    const environment = await readEnvironment(FUNCTION);
    bus = environment['JOBGATE_EVENT_BUS'] ?? '';
    publicUrl = environment['JOBGATE_PUBLIC_URL'] ?? '';
    events = await connect(endpoint);
  });

  afterAll(() => {
    client.destroy();
  });

  /** The teller of events as the deployed function has it: its role, its bus. */
  async function connect(endpoint: string, eventBus = bus): Promise<JobEvents> {
    const role = await assumeRole(FUNCTION);
    return createEventBridge({
      eventBus,
      publicUrl,
      region: 'us-east-1',
      endpoint,
      credentials: () => ({
        accessKeyId: role['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: role['AWS_SECRET_ACCESS_KEY'] ?? '',
        sessionToken: role['AWS_SESSION_TOKEN'],
      }),
      log: createLogRecorder().log,
      now: () => new Date(),
    });
  }

  /** Has events of a template delivered to a queue of the test. */
  async function listen(template: string, detailType: string): Promise<TestQueue> {
    const queue = await createQueue();
    const rule = { Name: `test-${randomUUID()}`, EventBusName: bus };
    const pattern = {
      source: ['jobgate'],
      'detail-type': [detailType],
      detail: { template: [template] },
    };
    await client.send(new PutRuleCommand({ ...rule, EventPattern: JSON.stringify(pattern) }));
    const targets = [{ Id: 'queue', Arn: queue.arn }];
    await client.send(
      new PutTargetsCommand({ Rule: rule.Name, EventBusName: bus, Targets: targets }),
    );
    return queue;
  }

  it('arrives as its schema says, and is all that was told', async () => {
    const queue = await listen('tidy', 'job.succeeded');
    const event = makeEvent({ state: 'succeeded', endedAt: ENDED_AT }, { at: ENDED_AT });
    expect(await events.publish([makeEvent(), event], soon())).toEqual([]);
    const [body = '{}'] = await queue.receive(1);
    const { source, resources, detail, ...rest } = JSON.parse(body) as Delivered;
    expect([source, rest['detail-type'], resources]).toEqual(['jobgate', 'job.succeeded', []]);
    expect(isEvent(detail) ? [] : isEvent.errors).toEqual([]);
    expect(detail).toEqual(toJobEventDetail(event, publicUrl));
  });

  it('is one of many that arrive, each once', async () => {
    const queue = await listen('tidy', 'job.cancelling');
    const told = Array.from({ length: 25 }, () => makeEvent({ state: 'cancelling' }));
    expect(await events.publish(told, soon())).toEqual([]);
    const bodies = await queue.receive(25);
    const ids = bodies.map((body) => (JSON.parse(body) as Delivered).detail['id']);
    expect(ids.sort()).toEqual(told.map(({ id }) => id).sort());
  });

  it('goes to no other bus: the role of the sweep may not', async () => {
    const elsewhere = await connect(getStack().aws, 'default');
    await expect(elsewhere.publish([makeEvent()], soon())).rejects.toMatchObject({
      code: 'upstream_unavailable',
      cause: expect.objectContaining({ name: 'AccessDeniedException' }) as Error,
    });
  });

  describe('of a job that ended badly', () => {
    const RULE = 'jobgate-local-ended-badly';

    /** Has what the operators are mailed delivered to a queue of the test as well. */
    async function listenToMail(): Promise<TestQueue> {
      const { Targets } = await client.send(
        new ListTargetsByRuleCommand({ Rule: RULE, EventBusName: bus }),
      );
      expect(Targets).toMatchObject([
        {
          DeadLetterConfig: {
            Arn: expect.stringContaining(':jobgate-local-undelivered-events') as string,
          },
        },
      ]);
      const queue = await createQueue();
      const subscription = new URLSearchParams({
        Action: 'Subscribe',
        Version: '2010-03-31',
        TopicArn: Targets?.[0]?.Arn ?? '',
        Protocol: 'sqs',
        Endpoint: queue.arn,
        'Attributes.entry.1.key': 'RawMessageDelivery',
        'Attributes.entry.1.value': 'true',
      });
      await callAws('sns', `/?${subscription.toString()}`);
      return queue;
    }

    it('is mailed in a sentence, and one of a job that somebody cancelled is not', async () => {
      const queue = await listenToMail();
      const failed = makeEvent({ state: 'failed', reason: 'driver_failed' }, { at: ENDED_AT });
      const capped = makeEvent(
        { state: 'cancelled', reason: 'max_runtime_reached' },
        { at: ENDED_AT },
      );
      const asked = makeEvent({ state: 'cancelled', reason: 'cancel_requested' });
      const good = makeEvent({ state: 'succeeded' });
      expect(await events.publish([good, asked, failed, capped], soon())).toEqual([]);
      const mails = await queue.receive(2);
      const about = (id: string, state: string, reason: string): string =>
        `"Job ${id} of ana (template tidy 1.2.0) is ${state} since ${ENDED_AT}, for the reason ${reason}. More: ${publicUrl}/v1/jobs/${id}"`;
      expect([...mails].sort()).toEqual(
        [
          about(failed.record.id, 'failed', 'driver_failed'),
          about(capped.record.id, 'cancelled', 'max_runtime_reached'),
        ].sort(),
      );
    });
  });
});
