import type { Context } from 'aws-lambda';
import { readSweepConfig } from '../config/sweep.ts';
import { createEventBridge } from '../events/event-bridge.ts';
import type { JobEvents, SweepRecords } from '../jobs/ports.ts';
import { describeCause, type Log } from '../log.ts';
import { createMetrics, type Metrics, type SweepFigures } from '../metrics.ts';
import type { Guard } from '../policy/guard.ts';
import { createDynamoDbSweepRecords } from '../records/sweep.ts';
import { readAwsCredentials } from './aws-credentials.ts';
import { buildRecord } from './guard.ts';
import { buildJobsAppOver, type JobsApp } from './jobs.ts';
import { once, type FunctionRuntime } from './runtime.ts';

/** Everything that the sweep uses, built from the environment. */
export interface SweepApp extends Pick<
  JobsApp<SweepRecords>,
  'config' | 'records' | 'gateway' | 'browse' | 'cancel'
> {
  readonly events: JobEvents;
  /** Writes an audit record durably. */
  readonly record: Guard['record'];
  readonly metrics: Metrics;
  /** Requests that were sent to Dataproc since the app was built. */
  readonly countDataprocCalls: () => number;
  readonly now: () => Date;
}

/** One sweep. */
export interface SweepRun {
  readonly app: SweepApp;
  /** Lambda's id of the invocation. */
  readonly requestId: string;
  /** When every outside call must have ended. */
  readonly deadline: Date;
  readonly log: Log;
}

/** Builds the adapters on first use. The returned function throws ConfigError when the environment is wrong. */
export function buildSweepApp(runtime: FunctionRuntime): () => SweepApp {
  const record = buildRecord(runtime);
  let dataprocCalls = 0;
  const onDataprocCall = (): void => {
    dataprocCalls += 1;
  };
  const jobs = buildJobsAppOver(createDynamoDbSweepRecords, runtime, { record, onDataprocCall });
  return once(() => {
    const { eventBus, publicUrl, region, endpoints, deployment } = readSweepConfig(
      runtime.environment,
    );
    const { config, records, gateway, browse, cancel } = jobs();
    const { now, log, writeLine } = runtime;
    const credentials = () => readAwsCredentials(runtime);
    const place = { region, endpoint: endpoints.aws, credentials };
    return {
      config,
      records,
      gateway,
      browse,
      cancel,
      events: createEventBridge({ ...place, eventBus, publicUrl, log, now }),
      record,
      metrics: createMetrics({ writeLine, now }, deployment),
      countDataprocCalls: () => dataprocCalls,
      now,
    };
  });
}

/** What a sweep is served with; `run` is the sweep itself. */
export interface SweepOptions<Summary extends SweepFigures> {
  readonly app: () => SweepApp;
  readonly run: (work: SweepRun) => Promise<Summary>;
  readonly log: Log;
  readonly now: () => Date;
}

/** Milliseconds kept for the end of a sweep, and the most that it may take: the next one comes after a minute. */
const RESERVE_MS = 3_000;
const MOST_MS = 50_000;

/**
 * Serves one invocation and gives what the sweep answers. One that fails is logged and thrown on without its cause, so that
 * Lambda counts an error and shows nothing.
 */
export async function serveSweep<Summary extends SweepFigures>(
  context: Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>,
  options: SweepOptions<Summary>,
): Promise<Summary> {
  const { awsRequestId: requestId } = context;
  const { now } = options;
  const log = options.log.with({ function: 'sweep-jobs', requestId });
  const startedMs = now().getTime();
  const usableMs = Math.min(MOST_MS, context.getRemainingTimeInMillis() - RESERVE_MS);
  const deadline = new Date(startedMs + Math.max(0, usableMs));
  try {
    const app = options.app();
    const summary = await options.run({ app, requestId, deadline, log });
    app.metrics.swept(summary, now().getTime() - startedMs);
    return summary;
  } catch (error) {
    log.write('error', 'sweep failed', { cause: describeCause(error) });
    throw new SweepError();
  }
}

/** A sweep that failed; its log says why. */
class SweepError extends Error {
  override readonly name = 'SweepError';

  constructor() {
    super(
      'The sweep failed. The log line "sweep failed" with this request id says why; the next sweep tries again.',
    );
  }
}
