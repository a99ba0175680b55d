import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgress } from '../../local/setup/progress.mjs';
import { startStack, type RunningStack } from '../../local/up/stack.ts';
import { callApi, SAMPLE_BODY, waitForEnd } from '../support/api.ts';
import { readFunctionLog } from '../support/log-groups.ts';

describe('two stacks at once from one checkout', () => {
  let stacks: readonly RunningStack[] = [];

  beforeAll(async () => {
    const start = (): Promise<RunningStack> => startStack({ progress: createProgress() });
    stacks = await Promise.all([start(), start()]);
  });

  afterAll(async () => {
    await Promise.all(stacks.map((running) => running.stop()));
  });

  it('share no address and no process', () => {
    const [one, other] = stacks.map(({ stack }) => stack);
    expect(one?.api).not.toBe(other?.api);
    expect(one?.pids.filter((pid) => other?.pids.includes(pid))).toEqual([]);
  });

  it('each run a job of their own and do not know the other’s', async () => {
    const jobs = await Promise.all(
      stacks.map(async ({ stack }) => {
        const posted = await callApi('/jobs', { as: 'analyst', json: SAMPLE_BODY }, stack);
        const ended = await waitForEnd(String(posted.body['id']), 'analyst', stack);
        expect(ended['state']).toBe('succeeded');
        return String(posted.body['id']);
      }),
    );
    const [one, other] = stacks.map(({ stack }) => stack);
    const crossed = [
      await callApi(`/jobs/${jobs[1] ?? ''}`, { as: 'analyst' }, one),
      await callApi(`/jobs/${jobs[0] ?? ''}`, { as: 'analyst' }, other),
    ];
    expect(crossed.map((answer) => answer.body['code'])).toEqual([
      'job_not_found',
      'job_not_found',
    ]);
  });

  it('sweep by their own schedule, which nothing but time starts', async () => {
    const until = Date.now() + 150_000;
    const sweeps = async (): Promise<readonly number[]> =>
      Promise.all(
        stacks.map(async ({ stack }) => {
          const lines = await readFunctionLog('sweep-jobs', stack);
          return lines.filter((line) => line.includes('"message":"swept"')).length;
        }),
      );
    let seen = await sweeps();
    while (seen.includes(0) && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      seen = await sweeps();
    }
    expect(seen).not.toContain(0);
  });

  it('listen on loopback only', async () => {
    const { listListeners } = await import('../support/listeners.ts');
    const addresses = stacks.flatMap(({ run }) => listListeners(run.id));
    expect(addresses.length).toBeGreaterThanOrEqual(8);
    expect(addresses.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([]);
  });
});
