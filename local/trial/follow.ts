import { setTimeout as sleep } from 'node:timers/promises';
import type { Screen } from '../demo/screen.ts';
import type { Table } from '../google/shape.ts';
import { toFields } from '../up/fields.ts';
import type { TrialClient } from './client.ts';

/** How a batch ended. */
export interface TrialEnd {
  readonly succeeded: boolean;
  /** What Dataproc says of its end; empty when it says nothing. */
  readonly message: string;
  /** The driver's last lines, oldest first. */
  readonly lastLines: readonly string[];
  /** Seconds from the start of the driver to its end. */
  readonly seconds: number;
}

/** Where a batch is shown while it runs. */
export interface FollowOptions {
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

const POLL_MS = 250;
const SHOWN_LINES = 10;
const TAIL_CHARACTERS = 16_384;
const ENDED = ['SUCCEEDED', 'FAILED', 'CANCELLED'];

/**
 * Follows a batch to its end, which its own ttl bounds: every change of state once, and the driver's output as it grows.
 */
export async function followBatch(
  client: TrialClient,
  batchId: string,
  { screen, signal }: FollowOptions,
): Promise<TrialEnd> {
  const startedAt = Date.now();
  const log = new DriverLog(client, screen);
  let shown = '';
  let runningAt = startedAt;
  for (;;) {
    const batch = await client.getBatch(batchId);
    const state = String(batch['state']);
    const ended = ENDED.includes(state);
    await log.show(batch);
    const elapsed = `${toSeconds(Date.now() - startedAt)} s`;
    if (state !== shown) screen.fact(elapsed, state.toLowerCase());
    if (state === 'RUNNING' && shown !== 'RUNNING') runningAt = Date.now();
    shown = state;
    if (ended) return toEnd(batch, log.lastLines, Date.now() - runningAt);
    screen.passing(`${elapsed}  ${state.toLowerCase()} …`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

function toEnd(batch: Table, lastLines: readonly string[], ranMs: number): TrialEnd {
  const message = batch['stateMessage'];
  return {
    succeeded: batch['state'] === 'SUCCEEDED',
    message: typeof message === 'string' ? message : '',
    lastLines,
    seconds: Number(toSeconds(ranMs)),
  };
}

function toSeconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}

/** Shows each part of the driver's output once; a part of no bytes says that nothing follows. */
class DriverLog {
  readonly #client: TrialClient;
  readonly #screen: Screen;
  readonly #decoder = new TextDecoder();
  #parts = 0;
  #tail = '';
  #started = '';

  constructor(client: TrialClient, screen: Screen) {
    this.#client = client;
    this.#screen = screen;
  }

  get lastLines(): readonly string[] {
    const lines = this.#tail.split('\n').map((line) => line.trimEnd());
    return lines.filter((line) => line !== '').slice(-SHOWN_LINES);
  }

  async show(batch: Table): Promise<void> {
    const outputUri = toFields(batch['runtimeInfo']).get('outputUri');
    if (typeof outputUri !== 'string') return;
    const parts = await this.#client.list(outputUri);
    for (const { path } of parts.slice(this.#parts)) {
      const bytes = await this.#client.read(outputUri + path);
      this.#print(this.#decoder.decode(bytes, { stream: true }), bytes.length === 0);
    }
    this.#parts = parts.length;
  }

  /** A line that a part has cut waits for its rest. */
  #print(text: string, isLast: boolean): void {
    this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
    const all = this.#started + text;
    const end = isLast ? all.length : all.lastIndexOf('\n') + 1;
    if (end > 0) this.#screen.output(all.slice(0, end));
    this.#started = all.slice(end);
  }
}
