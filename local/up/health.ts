import { setTimeout as sleep } from 'node:timers/promises';
import { StackFailure } from './failure.ts';

const TIMEOUT_MS = 30_000;
const POLL_MS = 200;

/**
 * Waits until the deployed API says that it is healthy.
 * @throws StackFailure with the last answer when it does not within 30 s.
 */
export async function waitForHealth(api: string, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  let answer = await ask(api, deadline);
  while (answer !== 'healthy') {
    signal?.throwIfAborted();
    if (Date.now() > deadline) {
      throw new StackFailure(`The API does not answer at ${api}/health: ${answer}.`);
    }
    await sleep(POLL_MS);
    answer = await ask(api, deadline);
  }
}

async function ask(api: string, deadline: number): Promise<string> {
  try {
    const signal = AbortSignal.timeout(Math.max(1, deadline - Date.now()));
    const response = await fetch(`${api}/health`, { signal });
    const text = await response.text();
    return response.ok ? 'healthy' : `status ${response.status}, ${text.slice(0, 200)}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'no answer';
  }
}
