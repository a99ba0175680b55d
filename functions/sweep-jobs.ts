import type { Context, ScheduledEvent } from 'aws-lambda';
import { createRuntime } from '../shared/app/runtime.ts';
import { buildSweepApp, serveSweep } from '../shared/app/sweep-app.ts';
import { runSweep, type SweepSummary } from '../shared/app/sweep.ts';

const runtime = createRuntime();
const app = buildSweepApp(runtime);

/** Brings every job's record up to date, once a minute, whether anybody asks for it or not. */
export function handler(_event: ScheduledEvent, context: Context): Promise<SweepSummary> {
  return serveSweep(context, { app, run: runSweep, log: runtime.log, now: runtime.now });
}
