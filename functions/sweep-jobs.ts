import type { Context, ScheduledEvent } from 'aws-lambda';
import { createRuntime } from '../shared/app/runtime.ts';
import { buildSweepApp, serveSweep } from '../shared/app/sweep-app.ts';
import { sweepJobs, type SweptSummary } from '../shared/app/sweep.ts';

const runtime = createRuntime();
const app = buildSweepApp(runtime);

/** Brings every job's record up to date, once a minute, whether anybody asks for it or not. */
export function handler(_event: ScheduledEvent, context: Context): Promise<SweptSummary> {
  return serveSweep(context, { app, run: sweepJobs, log: runtime.log, now: runtime.now });
}
