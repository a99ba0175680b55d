import type { TargetKind } from '../../../shared/config/targets.ts';
import type { Caller } from '../../../shared/identity/caller.ts';
import type { AuditRecord } from '../../../shared/policy/audit-record.ts';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import { parseItem } from '../../../shared/records/item.ts';
import type { Template } from '../../../shared/templates/template.ts';
import { ANALYST } from '../callers.ts';
import { makeProxyEvent } from '../proxy-events.ts';
import { startCloud, type CloudOptions, type PlayedCloud } from './cloud.ts';
import { makeTemplate } from './deployment.ts';
import { NO_FAULTS, type FaultPlan } from './faults.ts';
import {
  startProcess,
  type Answer,
  type FunctionName,
  type FunctionProcess,
} from './function-process.ts';
import type { Schedule } from './schedule.ts';
import type { TrueJob } from './upstream-truth.ts';

/** A request to a function: as whom, which job or body, under which key. */
export interface Asked {
  readonly caller?: Caller;
  readonly body?: unknown;
  readonly key?: string;
  readonly job?: string;
  /** Whether its end is asked for. */
  readonly cancel?: boolean;
}

/** A deployment in this process: functions over a played cloud. */
export interface World {
  readonly schedule: Schedule;
  readonly cloud: PlayedCloud;
  /** The templates that processes know which start from now on. */
  readonly catalog: Template[];
  readonly start: (name: FunctionName, plan?: FaultPlan) => FunctionProcess;
  /** Lets a process serve a request. */
  readonly ask: (process: FunctionProcess, asked: Asked) => Promise<Answered>;
  readonly records: () => readonly JobRecord[];
  /** Jobs that somebody has deleted in Dataproc, as they were then. */
  readonly deleted: TrueJob[];
  /** What has happened, a line each. */
  readonly story: readonly string[];
  readonly note: (line: string) => void;
}

/** A request and what came of it; `answer` is undefined when its process ended before. */
export interface Answered {
  readonly requestId: string;
  readonly asked: Asked;
  readonly answer: Answer | undefined;
}

/** How a world is to be. */
export interface WorldOptions extends CloudOptions {
  readonly schedule: Schedule;
  /** The kinds of its targets; there is a template for each. */
  readonly kinds: readonly TargetKind[];
  /** Milliseconds that a request, or an answer, is on its way. */
  readonly tripMs?: () => number;
}

/** Starts a deployment in which nothing has happened. */
export function startWorld(options: WorldOptions): World {
  const { schedule, kinds, tripMs = () => TRIP_MS } = options;
  const cloud = startCloud(schedule, options);
  const catalog = kinds.map((kind) => makeTemplate(kind));
  const story: string[] = [];
  let requests = 0;
  const note = (line: string): void => {
    story.push(`${schedule.now().toISOString().slice(11, 23)} ${line}`);
  };
  return {
    schedule,
    cloud,
    catalog,
    deleted: [],
    story,
    note,
    start: (name, plan = NO_FAULTS) =>
      startProcess({ name, cloud, schedule, kinds, catalog: [...catalog], plan, tripMs, note }),
    ask: async (process, asked) => {
      const requestId = `request-${(requests += 1)}`;
      const answer = await process.serve(toEvent(asked, requestId, schedule.now()));
      return { requestId, asked, answer };
    },
    records: () => listRecords(cloud),
  };
}

const TRIP_MS = 2;

function toEvent(
  { caller = ANALYST, body, key, job }: Asked,
  requestId: string,
  now: Date,
): unknown {
  const expiresAt = new Date(now.getTime() + 600_000);
  const event = makeProxyEvent({
    caller: { ...caller, expiresAt },
    headers: {
      'content-type': 'application/json',
      'x-correlation-id': `correlation-${requestId}`,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(job === undefined ? {} : { pathParameters: { job } }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { requestContext } = event as { readonly requestContext: object };
  return { ...event, requestContext: { ...requestContext, requestId } };
}

/** Every record in the table. */
function listRecords({ dynamodb }: PlayedCloud): readonly JobRecord[] {
  return dynamodb.table
    .all()
    .filter((item) => 'document' in item)
    .map(parseItem);
}

/** What the audit has, and what still waits on the jobs' items for it. */
export function listAudited(world: World): readonly AuditRecord[] {
  return [...world.cloud.audited, ...world.records().flatMap(({ outbox }) => outbox)];
}
