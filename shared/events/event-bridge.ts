import type { EventBridgeClient, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { toClientOptions, type ClientPlace } from '../aws/client-options.ts';
import type { JobEvent, JobEvents } from '../jobs/ports.ts';
import { describeCause, type Log } from '../log.ts';
import { Problem } from '../problem.ts';
import { toJobEventDetail } from './job-event-detail.ts';

/** What telling events on a bus needs from outside. */
export interface EventBridgeOptions extends ClientPlace {
  /** Name of the bus. */
  readonly eventBus: string;
  /** Base of the links in events. */
  readonly publicUrl: string;
  /** Told what the bus did not take, and why. */
  readonly log: Log;
  readonly now: () => Date;
}

/** Entries of one call, and bytes of all of them together. Source: EventBridge API reference, PutEvents. */
const MAX_ENTRIES = 10;
const MAX_BYTES = 256_000;
/** Milliseconds that one call may take, its repetitions included. */
const CALL_MS = 10_000;

/** An event with the entry that tells it. */
interface Told {
  readonly event: JobEvent;
  readonly entry: PutEventsRequestEntry;
}

/**
 * Makes the teller of events on an EventBridge bus, over the official client, which is loaded when it is first needed.
 * Events go in calls of ten, one call after the other. What the bus refuses one by one, what a call that failed held, and
 * what the deadline left no time for is given back; if nothing was taken at all, it throws.
 */
export function createEventBridge(options: EventBridgeOptions): JobEvents {
  let client: Promise<EventBridgeClient> | undefined;
  return {
    publish: async (events, deadline) => {
      if (events.length === 0) return [];
      client ??= openClient(options);
      const connected = await client;
      const all = events.map((event) => ({ event, entry: toEntry(event, options) }));
      const left: Told[] = [];
      let cause: unknown;
      for (const batch of toBatches(all)) {
        try {
          left.push(...(await putBatch(connected, batch, { ...options, deadline })));
        } catch (error) {
          cause = error;
          left.push(...batch);
        }
      }
      if (left.length === events.length) throw toUnavailable(cause);
      if (cause !== undefined) {
        options.log.write('warn', 'untold', { cause: describeCause(cause) });
      }
      return left.map(({ event }) => event);
    },
  };
}

async function openClient(options: EventBridgeOptions): Promise<EventBridgeClient> {
  const { EventBridgeClient } = await import('@aws-sdk/client-eventbridge');
  return new EventBridgeClient(toClientOptions(options));
}

function toEntry(
  event: JobEvent,
  { eventBus, publicUrl }: EventBridgeOptions,
): PutEventsRequestEntry {
  return {
    EventBusName: eventBus,
    Source: 'jobgate',
    DetailType: `job.${event.state}`,
    Time: new Date(event.at),
    Resources: [],
    Detail: JSON.stringify(toJobEventDetail(event, publicUrl)),
  };
}

/** Splits entries, in their order, into calls that keep to both bounds; every member of a detail is bounded. */
function toBatches(all: readonly Told[]): readonly (readonly Told[])[] {
  const batches: Told[][] = [];
  let bytes = 0;
  for (const told of all) {
    const size = toBytes(told.entry);
    const last = batches.at(-1);
    if (last === undefined || last.length === MAX_ENTRIES || bytes + size > MAX_BYTES) {
      batches.push([told]);
      bytes = size;
    } else {
      last.push(told);
      bytes += size;
    }
  }
  return batches;
}

/** How PutEvents counts: 14 bytes for the time, the others as UTF-8. Source: EventBridge user guide, entry size. */
function toBytes({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  return 14 + Buffer.byteLength(Source + DetailType + Detail);
}

/** One call; gives what the bus did not take of it. */
async function putBatch(
  client: EventBridgeClient,
  batch: readonly Told[],
  { log, now, deadline }: EventBridgeOptions & { readonly deadline: Date },
): Promise<readonly Told[]> {
  const { PutEventsCommand } = await import('@aws-sdk/client-eventbridge');
  const leftMs = deadline.getTime() - now().getTime();
  if (leftMs <= 0) throw new Error('the deadline has passed');
  const command = new PutEventsCommand({ Entries: batch.map(({ entry }) => entry) });
  const { Entries: results = [] } = await client.send(command, {
    abortSignal: AbortSignal.timeout(Math.min(leftMs, CALL_MS)),
  });
  return batch.filter(({ event }, index) => {
    const result = results[index];
    if (result?.EventId !== undefined) return false;
    const code = result?.ErrorCode ?? 'unknown';
    log.write('warn', 'untold', { jobId: event.record.id, state: event.state, code });
    return true;
  });
}

function toUnavailable(cause: unknown): Problem {
  const detail = 'What became of jobs cannot be announced now. Try again.';
  return new Problem('upstream_unavailable', detail, { upstream: 'events', retryAfter: 5 }, cause);
}
