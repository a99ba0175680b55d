import { ApiError, type ApiClient } from './api-client.ts';
import type { Screen } from './screen.ts';

/** Where a followed job is shown. */
export interface FollowOptions {
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

const POLL_MS = 400;
const MOST_POLLS = 600;
const ENDED = ['succeeded', 'failed', 'cancelled'];

/**
 * Follows a job to its end: every change of state once, and the driver's log as it grows.
 * @returns the job as it ended. @throws ApiError when it takes longer than a demo may.
 */
export async function followJob(
  client: ApiClient,
  job: string,
  { screen, signal }: FollowOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const startedAt = Date.now();
  const log = createLogReader(client, job, screen);
  let shown = '';
  for (let poll = 0; poll < MOST_POLLS; poll += 1) {
    const { body } = await client.get(`/jobs/${job}`);
    const state = describeState(body);
    const elapsed = `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
    const ended = ENDED.includes(String(body['state']));
    if (ended) await log.readAll();
    if (state !== shown) screen.fact(elapsed, state);
    shown = state;
    if (ended) return body;
    await log.readPage();
    screen.passing(`${elapsed}  ${state} …`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    signal.throwIfAborted();
  }
  throw new ApiError(`the job had not ended after ${MOST_POLLS} polls`);
}

function describeState(job: Readonly<Record<string, unknown>>): string {
  const { state, waitReason } = job;
  return typeof waitReason === 'string' ? `${String(state)} (${waitReason})` : String(state);
}

interface LogReader {
  /** Reads what there is; true when the log is complete. */
  readonly readPage: () => Promise<boolean>;
  readonly readAll: () => Promise<void>;
}

function createLogReader(client: ApiClient, job: string, screen: Screen): LogReader {
  let cursor = 0;
  const readPage = async (): Promise<boolean> => {
    const { body } = await client.get(`/jobs/${job}/logs?cursor=${cursor}`);
    const { content, next, end } = body;
    if (typeof content === 'string' && content !== '') screen.output(content);
    cursor = Number(next);
    return end === true;
  };
  const readAll = async (): Promise<void> => {
    for (let page = 0; page < MOST_POLLS; page += 1) if (await readPage()) return;
  };
  return { readPage, readAll };
}
