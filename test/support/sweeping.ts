import type { JobRecord, JobState } from '../../shared/jobs/job.ts';
import { toUpstreamLabels } from '../../shared/jobs/labels.ts';
import type { JobEvent, UpstreamJob } from '../../shared/jobs/ports.ts';
import { runSweep } from '../../shared/jobs/sweep/run.ts';
import type { SweepPorts, SweepSummary, SweepTrouble } from '../../shared/jobs/sweep/work.ts';
import { Problem } from '../../shared/problem.ts';
import { createClock, FAR, type FakeClock } from './clock.ts';
import { createGuardRecorder, type GuardRecorder } from './guards.ts';
import { createMemoryGateway, type MemoryGateway } from './memory-gateway.ts';
import { createMemoryRecords, type MemoryRecords } from './memory-records.ts';
import { createMemoryStorage } from './memory-storage.ts';

/** Sweeping over memory: one target, `analytics`. */
export interface Sweeping {
  readonly clock: FakeClock;
  readonly gateway: MemoryGateway;
  readonly records: MemoryRecords;
  readonly audit: GuardRecorder;
  /** Every event that was taken. */
  readonly events: readonly JobEvent[];
  /** What the next publication does instead of taking all: which ids it refuses, or the problem of them all. */
  readonly spoilNextPublication: (spoil: readonly string[] | Problem) => void;
  readonly troubles: readonly SweepTrouble[];
  /** `<job>:<state>` of all that was noted as announced. */
  readonly counted: readonly string[];
  readonly ports: SweepPorts;
  readonly sweep: (order?: {
    readonly corrects?: boolean;
    readonly deadline?: Date;
  }) => Promise<SweepSummary>;
  readonly read: (record: JobRecord) => JobRecord;
}

/** The deployment whose jobs are swept. */
export const SWEPT = 'jobgate-test';

/** Makes a store that holds `known`. */
export function createSweeping(...known: readonly JobRecord[]): Sweeping {
  const clock = createClock();
  const [gateway, records, audit] = [
    createMemoryGateway(),
    createMemoryRecords(),
    createGuardRecorder(),
  ];
  for (const record of known) records.seed(record);
  const events: JobEvent[] = [];
  const troubles: SweepTrouble[] = [];
  const counted: string[] = [];
  let spoil: readonly string[] | Problem | undefined;
  const ports: SweepPorts = {
    records,
    gateway,
    record: audit.guard.record,
    storage: createMemoryStorage(),
    now: clock.now,
    readerOf: (target) => `reader-of-${target}`,
    operatorOf: (target) => `operator-of-${target}`,
    accessOf: (target, deadline) => ({ account: `reader-of-${target}`, deadline }),
    deployment: SWEPT,
    targets: ['analytics'],
    requestId: 'sweep-1',
    events: {
      publish: async (all) => {
        await new Promise((resolve) => setImmediate(resolve));
        const spoilt = spoil;
        spoil = undefined;
        if (spoilt instanceof Problem) throw spoilt;
        const refused = all.filter(({ id }) => spoilt?.includes(id) === true);
        events.push(...all.filter((event) => !refused.includes(event)));
        return refused;
      },
    },
    onAnnounced: ({ id }, states) => counted.push(...states.map((state) => `${id}:${state}`)),
    onTrouble: (trouble) => troubles.push(trouble),
  };
  return {
    clock,
    gateway,
    records,
    audit,
    events,
    troubles,
    counted,
    ports,
    spoilNextPublication: (next) => {
      spoil = next;
    },
    sweep: ({ corrects = false, deadline = FAR } = {}) => runSweep({ corrects, deadline }, ports),
    read: ({ id }) => {
      const record = records.all().find((each) => each.id === id);
      if (record === undefined) throw new Error(`no record ${id}`);
      return record;
    },
  };
}

/** The job of a record as Dataproc has it. */
export function toJob(
  record: JobRecord,
  state: JobState,
  changes: Partial<UpstreamJob> = {},
): UpstreamJob {
  return {
    jobId: record.id,
    state,
    waitReason: state === 'queued' ? 'provisioning' : null,
    startedAt: null,
    endedAt: null,
    history: [],
    labels: toUpstreamLabels(record, SWEPT),
    driverOutputUri: null,
    error: null,
    handle: null,
    ...changes,
  };
}
