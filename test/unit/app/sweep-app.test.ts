import { describe, expect, it } from 'vitest';
import { serveSweep, type SweepApp, type SweepRun } from '../../../shared/app/sweep-app.ts';
import { createMetrics } from '../../../shared/metrics.ts';
import { createClock } from '../../support/clock.ts';
import { createLogRecorder } from '../../support/log-lines.ts';

const FIGURES = {
  looked: 7,
  active: 3,
  submitting: 1,
  orphans: 0,
  strangers: 0,
  corrected: 0,
  uncorrected: null,
  upstreamCalls: 2,
  failed: 0,
  unlisted: 0,
  unfinished: 0,
};

function serve(run: (work: SweepRun) => Promise<typeof FIGURES>, remainingMs = 55_000) {
  const clock = createClock();
  const recorder = createLogRecorder();
  const metrics: string[] = [];
  const app = {
    metrics: createMetrics({ writeLine: (line) => metrics.push(line), now: clock.now }, 'jobgate'),
  } as unknown as SweepApp;
  const context = { awsRequestId: 'invocation-1', getRemainingTimeInMillis: () => remainingMs };
  const answer = serveSweep(context, { app: () => app, run, log: recorder.log, now: clock.now });
  return { answer, clock, recorder, metrics };
}

describe('a sweep', () => {
  it('answers with its figures, and writes them as metrics', async () => {
    const { answer, metrics } = serve(() => Promise.resolve(FIGURES));
    expect(await answer).toEqual(FIGURES);
    expect(metrics.map((line) => JSON.parse(line) as object)).toMatchObject([
      { message: 'swept', deployment: 'jobgate', Sweeps: 1, Active: 3, UpstreamCalls: 2 },
    ]);
  });

  it('ends before Lambda’s time and before the next sweep', async () => {
    const deadlines: string[] = [];
    const run = ({ deadline }: SweepRun) => {
      deadlines.push(deadline.toISOString());
      return Promise.resolve(FIGURES);
    };
    for (const remainingMs of [55_000, 900_000, 1_000]) await serve(run, remainingMs).answer;
    expect(deadlines).toEqual([
      '2026-01-15T12:00:50.000Z',
      '2026-01-15T12:00:50.000Z',
      '2026-01-15T12:00:00.000Z',
    ]);
  });

  it('that fails is logged with its cause, thrown on without it, and writes no metric', async () => {
    const cause = new Error('Bearer abc.def at https://internal.example');
    const { answer, recorder, metrics } = serve(() => Promise.reject(cause));
    const thrown = await answer.catch((error: unknown) => error);
    expect(String(thrown)).toMatch(/^SweepError: The sweep failed\./);
    expect(thrown).not.toHaveProperty('cause');
    expect(String(thrown)).not.toContain('internal.example');
    expect(recorder.entries()).toMatchObject([
      {
        level: 'error',
        message: 'sweep failed',
        function: 'sweep-jobs',
        requestId: 'invocation-1',
        cause: 'Error: [redacted] at https://internal.example',
      },
    ]);
    expect(metrics).toEqual([]);
  });
});
