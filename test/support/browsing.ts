import type { Caller } from '../../shared/identity/caller.ts';
import { getJob, type BrowsePorts } from '../../shared/jobs/browse.ts';
import type { JobRecord } from '../../shared/jobs/job.ts';
import { toUpstreamLabels } from '../../shared/jobs/labels.ts';
import type { StorageAccess, UpstreamJob } from '../../shared/jobs/ports.ts';
import { toProblem, type Problem } from '../../shared/problem.ts';
import { ANALYST } from './callers.ts';
import { createClock, FAR, type FakeClock } from './clock.ts';
import { createGuardRecorder, type GuardRecorder } from './guards.ts';
import { createMemoryGateway, type MemoryGateway } from './memory-gateway.ts';
import { createMemoryRecords, type MemoryRecords } from './memory-records.ts';
import { createMemoryStorage, type MemoryStorage } from './memory-storage.ts';

/** Looking at one job over memory. */
export interface Browsing {
  readonly clock: FakeClock;
  readonly gateway: MemoryGateway;
  readonly records: MemoryRecords;
  readonly storage: MemoryStorage;
  readonly audit: GuardRecorder;
  readonly ports: BrowsePorts;
  readonly get: (rawJobId: unknown, caller?: Caller) => Promise<JobRecord>;
}

/** Makes a store in which one record is stored and its batch is known as `upstream` says; undefined: unknown. */
export function createBrowsing(record: JobRecord, upstream?: Partial<UpstreamJob>): Browsing {
  const clock = createClock();
  const gateway = createMemoryGateway();
  const records = createMemoryRecords();
  records.seed(record);
  if (upstream !== undefined) gateway.plant(toUpstream(record, upstream));
  const readerOf = (target: string): string => `reader-of-${target}`;
  const storage = createMemoryStorage();
  const accessOf = (target: string, deadline: Date): StorageAccess => ({
    account: `reader-of-${target}`,
    deadline,
  });
  const audit = createGuardRecorder();
  const { record: recordDecision } = audit.guard;
  const ports = {
    records,
    record: recordDecision,
    gateway,
    storage,
    deployment: 'jobgate-test',
    readerOf,
    accessOf,
    now: clock.now,
  };
  const get = async (rawJobId: unknown, caller = ANALYST): Promise<JobRecord> =>
    (await getJob({ caller, rawJobId, deadline: FAR }, ports)).record;
  return { clock, gateway, records, storage, audit, ports, get };
}

function toUpstream(record: JobRecord, changes: Partial<UpstreamJob>): UpstreamJob {
  return {
    jobId: record.id,
    state: 'queued',
    waitReason: 'provisioning',
    startedAt: null,
    endedAt: null,
    history: [],
    labels: toUpstreamLabels(record, 'jobgate-test'),
    driverOutputUri: null,
    error: null,
    handle: null,
    ...changes,
  };
}

/** The problem that some work ends in. */
export async function refusal(work: Promise<unknown>): Promise<Problem> {
  return work.then(() => {
    throw new Error('nothing was refused');
  }, toProblem);
}
