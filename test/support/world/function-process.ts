import type { Context } from 'aws-lambda';
import { serveCancel } from '../../../shared/app/cancel.ts';
import { buildGuard } from '../../../shared/app/guard.ts';
import { openJob } from '../../../shared/app/job-data.ts';
import { buildJobsApp } from '../../../shared/app/jobs.ts';
import type { FunctionRuntime } from '../../../shared/app/runtime.ts';
import { serveSubmit } from '../../../shared/app/submit.ts';
import { buildSweepApp, serveSweep, type SweepApp } from '../../../shared/app/sweep-app.ts';
import { sweepJobs, type SweptSummary } from '../../../shared/app/sweep.ts';
import type { TargetKind } from '../../../shared/config/targets.ts';
import {
  createEndpoint,
  type AuthorizedEndpointOptions,
  type ProxyHandler,
} from '../../../shared/http/endpoint.ts';
import type { ApiResponse } from '../../../shared/http/response.ts';
import submitSchema from '../../../shared/http/schemas/submit-job.schema.json' with { type: 'json' };
import { isTerminal, type JobRecord } from '../../../shared/jobs/job.ts';
import { toJobView } from '../../../shared/jobs/view.ts';
import { createLog } from '../../../shared/log.ts';
import type { Template } from '../../../shared/templates/template.ts';
import { compileValidator } from '../templates.ts';
import type { PlayedCloud } from './cloud.ts';
import { PARAMETERS_VALIDATOR, toEnvironment } from './deployment.ts';
import type { FaultPlan } from './faults.ts';
import { createPlayedBus } from './event-bus.ts';
import { createNetwork, type Network } from './network.ts';
import type { Schedule } from './schedule.ts';

/** The functions that are played. */
export type FunctionName = 'submit-job' | 'cancel-job' | 'get-job' | 'sweep-jobs';

/** What a process of a function is started with. */
export interface ProcessOptions {
  readonly name: FunctionName;
  readonly cloud: PlayedCloud;
  readonly schedule: Schedule;
  readonly catalog: readonly Template[];
  /** The kinds of targets that there are. */
  readonly kinds: readonly TargetKind[];
  readonly plan: FaultPlan;
  readonly tripMs: () => number;
  readonly note: (line: string) => void;
}

/** An answer whose body is parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A process of a function, which serves one event at a time until it ends. */
export interface FunctionProcess extends Pick<Network, 'calls' | 'kill'> {
  /** Serves an event; undefined when the process ended before it had an answer. */
  readonly serve: (event: unknown) => Promise<Answer | undefined>;
  /** Sweeps; gives what the sweep says of itself, or that it failed, or that the process ended before. */
  readonly sweep: () => Promise<SweptSummary | 'failed' | undefined>;
}

const BODY_VALIDATOR = compileValidator(submitSchema);
/** Milliseconds that an invocation may take, after which Lambda ends the process. Source: serverless.yml. */
const TIMEOUT_MS = 29_000;
const SWEEP_TIMEOUT_MS = 55_000;

/** Starts a process: the function's own code, with the played cloud at the other end of its network. */
export function startProcess(options: ProcessOptions): FunctionProcess {
  const { schedule, name, note } = options;
  const { now } = schedule;
  let endsAt = now();
  const network = createNetwork({ ...options, endsAt: () => endsAt });
  const runtime: FunctionRuntime = {
    environment: toEnvironment(name, options.kinds),
    now,
    sleep: network.sleep,
    send: network.send,
    log: createLog({ writeLine: noteTrouble(note), now }),
    writeLine: () => undefined,
  };
  const invoke = async <T>(
    timeoutMs: number,
    work: (context: Context) => Promise<T>,
  ): Promise<T | undefined> => {
    endsAt = new Date(now().getTime() + timeoutMs);
    const context = {
      awsRequestId: 'invocation',
      getRemainingTimeInMillis: () => endsAt.getTime() - now().getTime(),
    } as Context;
    return Promise.race([work(context), network.killed]);
  };
  const handler = name === 'sweep-jobs' ? undefined : createHandler(name, options.catalog, runtime);
  const sweepApp = buildSweepApp(runtime);
  return {
    calls: network.calls,
    kill: network.kill,
    serve: async (event) => {
      if (handler === undefined) throw new Error(`${name} serves no requests`);
      const result = await invoke(TIMEOUT_MS, (context) => handler(event, context));
      if (result === undefined) return undefined;
      const { statusCode: status, headers = {}, body } = result;
      return { status, headers, body: JSON.parse(body) as Answer['body'] };
    },
    sweep: () =>
      invoke(SWEEP_TIMEOUT_MS, (context) => {
        const app = (): SweepApp => ({ ...sweepApp(), events: createPlayedBus(network.send) });
        return serveSweep(context, { app, run: sweepJobs, log: runtime.log, now }).catch(
          () => 'failed' as const,
        );
      }),
  };
}

/** Of what a function logs, mistakes of Jobgate's own are worth a line. */
function noteTrouble(note: (line: string) => void): (line: string) => void {
  return (line) => {
    const { level, message, code, cause } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (level === 'error') note(`LOG ${String(message)} ${String(code)} ${JSON.stringify(cause)}`);
  };
}

type Served = Exclude<FunctionName, 'sweep-jobs'>;

function createHandler(
  name: Served,
  catalog: readonly Template[],
  runtime: FunctionRuntime,
): ProxyHandler {
  const { now, log, environment } = runtime;
  const guard = buildGuard(runtime);
  const jobs = buildJobsApp(runtime, guard);
  const endpoint: AuthorizedEndpointOptions = { operation: name, environment, log, now, guard };
  switch (name) {
    case 'submit-job': {
      const parameterValidators = Object.fromEntries(
        catalog.map((template) => [template.name, PARAMETERS_VALIDATOR]),
      );
      const { admitJob } = guard;
      const app = {
        jobs,
        catalog,
        bodyValidator: BODY_VALIDATOR,
        parameterValidators,
        admitJob,
        now,
      };
      return createEndpoint(endpoint, async (invocation) => {
        const { record, replayed } = await serveSubmit(invocation, app);
        return show(record, replayed ? 200 : 202);
      });
    }
    case 'cancel-job':
      return createEndpoint(endpoint, async (invocation) => {
        const record = await serveCancel(invocation, jobs().cancel);
        return show(record, isTerminal(record.state) ? 200 : 202);
      });
    case 'get-job':
      return createEndpoint(endpoint, async (invocation) =>
        show(await openJob(invocation, jobs()), 200),
      );
    default:
      return name satisfies never;
  }
}

function show(record: JobRecord, status: ApiResponse['status']): ApiResponse {
  const body = toJobView(record, { publicUrl: 'https://api.example', mayReadData: true });
  return { status, body };
}
