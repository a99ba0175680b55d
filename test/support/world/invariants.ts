import { isTerminal, type JobRecord } from '../../../shared/jobs/job.ts';
import { toHolds } from '../../../shared/jobs/limits.ts';
import { parseCounter } from '../../../shared/records/counter-item.ts';
import { isActive, listTrueJobs, type TrueJob } from './upstream-truth.ts';
import { listAudited, type Answered, type World } from './world.ts';

/** What does not hold, in words; empty when all does. */
export type Faults = readonly string[];

/** What a run was like. */
export interface Grounds {
  /** Whether Dataproc refused requests for good, some of them only. */
  readonly refuses?: boolean;
}

interface Truth extends Required<Grounds> {
  readonly jobs: readonly TrueJob[];
  readonly deleted: readonly TrueJob[];
}

/** What must hold at every moment, whoever was ended between two steps. */
export async function findContradictions(world: World): Promise<Faults> {
  const jobs = await listTrueJobs(world.cloud);
  const records = new Map(world.records().map((record) => [String(record.id), record]));
  return [...findDuplicates(jobs), ...findUnrecorded(jobs, records), ...findUnaudited(world, jobs)];
}

/** What must hold beside once everything has come to rest: every job has ended, and everybody was told. */
export async function findUnsettled(
  world: World,
  { refuses = false }: Grounds = {},
): Promise<Faults> {
  const jobs = await listTrueJobs(world.cloud);
  const records = world.records();
  return [
    ...(await findContradictions(world)),
    ...records.flatMap((record) => findUntrue(record, { jobs, refuses, deleted: world.deleted })),
    ...findMiscounted(world, records),
    ...records.flatMap(({ id, outbox }) => (outbox.length === 0 ? [] : [`${id} has an outbox`])),
  ];
}

/** What must hold beside {@link findUnsettled} once the sweep has nothing left to do: every state was told, and no other. */
export function findUntold({ cloud, records }: World): Faults {
  const states = records().flatMap(({ id, history }) =>
    history.map(({ state }) => `${id}:${state}`),
  );
  const audited = cloud.audited.flatMap(({ id, decision }) => (decision === 'event' ? [id] : []));
  return [
    ...states
      .filter((state) => !cloud.told.includes(state))
      .map((state) => `${state} was not told`),
    ...states
      .filter((state) => !audited.includes(state))
      .map((state) => `${state} is not in the audit`),
    ...[...cloud.told, ...audited]
      .filter((state) => !states.includes(state))
      .map((state) => `${state} was told and never was`),
  ];
}

/** No id runs twice: a second workflow of one id is a second run. */
function findDuplicates(jobs: readonly TrueJob[]): Faults {
  const ids = jobs.map(({ jobId }) => jobId);
  return ids.filter((id, at) => ids.indexOf(id) < at).map((id) => `${id} was started twice`);
}

/** No job without a record that was there before it. */
function findUnrecorded(jobs: readonly TrueJob[], records: ReadonlyMap<string, JobRecord>): Faults {
  return jobs
    .filter(({ jobId }) => !records.has(jobId))
    .map(({ jobId }) => `${jobId} has no record`);
}

/** No job that nobody is recorded to have been allowed. */
function findUnaudited(world: World, jobs: readonly TrueJob[]): Faults {
  const allowed = new Set(
    listAudited(world).flatMap(({ action, decision, jobId }) =>
      action === 'submit-job' && decision === 'allow' ? [jobId] : [],
    ),
  );
  return jobs
    .filter(({ jobId }) => !allowed.has(jobId))
    .map(({ jobId }) => `${jobId} was allowed to nobody`);
}

/** A record tells what became of its job. */
function findUntrue(record: JobRecord, { jobs, deleted, refuses }: Truth): Faults {
  const { id, state, reason } = record;
  if (!isTerminal(state)) return [`${id} is left as ${state}`];
  const job = jobs.find(({ jobId }) => jobId === id);
  if (job === undefined) {
    const gone = deleted.find(({ jobId }) => jobId === id);
    if (gone !== undefined && (gone.state === state || reason === 'job_lost')) return [];
    const never = state === 'cancelled' || (state === 'failed' && NEVER_RAN.has(reason ?? ''));
    return never ? [] : [`${id} says ${state} (${String(reason)}) and never ran`];
  }
  // A right that came back between two requests of one key: the sweep ends what the second one has started.
  if (refuses && reason === 'submission_refused' && !isActive(job)) return [];
  return job.state === state ? [] : [`${id} says ${state} (${String(reason)}) and is ${job.state}`];
}

/** Why a job ended that Dataproc never had. */
const NEVER_RAN = new Set(['submission_refused', 'job_lost', 'unknown_outcome', 'never_submitted']);

/** Who runs holds the limits, and nobody else; the day has counted those that ran. */
function findMiscounted({ cloud, catalog }: World, records: readonly JobRecord[]): Faults {
  const expected = new Map<string, Set<string> | number>();
  for (const record of records) {
    for (const { key, limit } of toRecordHolds(record, catalog)) {
      if (limit === 'runs-per-day') {
        const before = expected.get(key) ?? 0;
        expected.set(key, Number(before) + (countsForDay(record) ? 1 : 0));
      } else {
        const holders = expected.get(key) ?? new Set<string>();
        if (!isTerminal(record.state) && holders instanceof Set) holders.add(record.id);
        expected.set(key, holders);
      }
    }
  }
  const counters = cloud.dynamodb.table.all().filter((item) => !('document' in item));
  const found = new Map(
    counters.map((item) => {
      const key = 'S' in (item['jobId'] ?? {}) ? (item['jobId'] as { S: string }).S : '';
      return [key, parseCounter(key, item)] as const;
    }),
  );
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((key): Faults => {
    const wanted = expected.get(key) ?? (key.startsWith('limit#day#') ? 0 : new Set<string>());
    const { count = 0, holders = [] } = found.get(key) ?? {};
    if (typeof wanted === 'number')
      return count === wanted ? [] : [`${key} counts ${count} for ${wanted}`];
    const same = holders.length === wanted.size && holders.every((id) => wanted.has(id));
    return same ? [] : [`${key} is held by [${holders.join()}] for [${[...wanted].join()}]`];
  });
}

/** The limits that a job counts, or counted, under. */
function toRecordHolds(record: JobRecord, catalog: World['catalog']): ReturnType<typeof toHolds> {
  const template = catalog.find(({ name }) => name === record.template);
  if (template === undefined) throw new Error(`${record.template} is in no catalog`);
  const { submittedBy: caller, submittedAt } = record;
  return toHolds({ caller, template, limits: template.limits, at: new Date(submittedAt) });
}

const DAY_MS = 24 * 3600_000;

function countsForDay({ history, endedAt, submittedAt }: JobRecord): boolean {
  const ran = history.some(({ state }) => !isTerminal(state));
  if (endedAt === null || ran) return true;
  return Date.parse(endedAt) - Date.parse(submittedAt) >= DAY_MS;
}

/** More jobs than a limit admits: nobody has changed a counter by hand. */
export function findOverrun({ records, catalog }: World): Faults {
  const active = records().filter(({ state }) => !isTerminal(state));
  const keys = new Map<string, { readonly most: number; readonly jobs: string[] }>();
  for (const record of active) {
    for (const { limit, key, most } of toRecordHolds(record, catalog)) {
      const entry = keys.get(key) ?? { most, jobs: [] };
      keys.set(key, entry);
      if (limit !== 'runs-per-day') entry.jobs.push(record.id);
    }
  }
  return [...keys].flatMap(([key, { most, jobs }]) =>
    jobs.length <= most ? [] : [`${key} admits ${most} and has ${jobs.join()}`],
  );
}

/** A job that two answers call new. */
export function findTwiceNew(answered: readonly Answered[]): Faults {
  const ids = answered.flatMap(({ answer, asked }) =>
    asked.body !== undefined && answer?.status === 202 ? [String(answer.body['id'])] : [],
  );
  return ids.filter((id, at) => ids.indexOf(id) < at).map((id) => `${id} was new twice`);
}

/** Codes of refusals that the network's and the services' troubles may lead to. */
const TROUBLE = new Set([
  'upstream_unavailable',
  'upstream_timeout',
  'upstream_error',
  'job_submitting',
  'limit_reached',
]);
/** Refusals that say something about the request itself, which no retry mends. */
const DEFINITE = new Set(['template_changed', 'idempotency_key_reused', 'job_not_found']);

/** What is wrong with an answer in itself; in a run that was like this. */
export function findMisleading(
  answered: Answered,
  world: World,
  { refuses = false }: Grounds = {},
): Faults {
  const { answer, asked } = answered;
  if (answer === undefined) return [];
  const { status, body, headers } = answer;
  const code = String(body['code'] ?? body['state']);
  const what = `${asked.key ?? asked.job ?? ''}: ${status} ${code}`;
  if (status < 300) return [...findUndecided(answered, world), ...findOtherBody(answered)];
  const retryable = body['retryable'] === true;
  if (TROUBLE.has(code)) {
    if (!retryable) return [`${what} does not say that a retry helps`];
    return headers['retry-after'] === undefined ? [`${what} does not say when to retry`] : [];
  }
  const definite = DEFINITE.has(code) || (refuses && code === 'upstream_refused');
  if (!definite) return [`${what} is not a refusal that a fault may lead to`];
  if (retryable) return [`${what} says that a retry helps`];
  return code === 'job_not_found' ? findUndecided(answered, world) : [];
}

/** Every decision that an answer shows is in the audit, or waits for it; to look at one's own job needs none. */
function findUndecided({ answer, asked, requestId }: Answered, world: World): Faults {
  const decision = (answer?.status ?? 0) < 300 ? 'allow' : 'deny';
  if (decision === 'allow' && asked.job !== undefined && asked.cancel !== true) return [];
  const found = listAudited(world).some(
    (each) => each.requestId === requestId && each.decision === decision,
  );
  return found ? [] : [`${requestId} (${decision}) is not in the audit`];
}

/** A key never shows the job of another body. */
function findOtherBody({ answer, asked }: Answered): Faults {
  const wanted = asked.body as { readonly parameters?: { readonly mode?: unknown } } | undefined;
  const shown = answer?.body['parameters'] as { readonly mode?: unknown } | undefined;
  const mode = wanted?.parameters?.mode;
  return mode === undefined || shown?.mode === mode
    ? []
    : [`${asked.key ?? ''} shows another body`];
}
