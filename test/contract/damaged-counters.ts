import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toDueRecord } from '../../shared/jobs/due.ts';
import { isTerminal, type JobId, type JobRecord } from '../../shared/jobs/job.ts';
import type { LimitHold } from '../../shared/jobs/limit-hold.ts';
import { START } from '../support/clock.ts';
import { correctCounters, readAllCounters, readAllDue } from '../support/correct-counters.ts';
import { makeJobId, makeRecord } from '../support/job-records.ts';
import type { SweepBench } from './sweep-records.ts';

/** A store whose index can be kept from following the records; one that cannot does nothing then. */
export interface LaggingBench extends SweepBench {
  readonly holdIndex: () => void;
  readonly releaseIndex: () => void;
}

/** One step: of a request, of a hand, of the index, or of a sweep. Jobs and keys are by their place in the run's lists. */
type Step =
  | { readonly kind: 'put' | 'remove'; readonly job: number }
  | Change
  | { readonly kind: 'damage'; readonly limit: number; readonly ids: readonly number[] }
  | { readonly kind: 'day'; readonly caller: number; readonly runs: number | undefined }
  | { readonly kind: 'hold' | 'release' | 'correct' };

/** What a request or a sweep makes of a record. */
type Change =
  | { readonly kind: 'run'; readonly job: number }
  | { readonly kind: 'announce'; readonly job: number }
  | { readonly kind: 'end'; readonly job: number; readonly ran: boolean };

const JOBS = 8;
const job = fc.nat({ max: JOBS - 1 });
const lives = [
  fc.record({ kind: fc.constant('put'), job }),
  fc.record({ kind: fc.constantFrom('run', 'announce'), job }),
  fc.record({ kind: fc.constant('end'), job, ran: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('hold', 'release', 'correct') }),
] as const;
const damages = [
  fc.record({ kind: fc.constant('remove'), job }),
  fc.record({
    kind: fc.constant('damage'),
    limit: fc.nat({ max: 3 }),
    // The last one is an id that no job ever has.
    ids: fc.uniqueArray(fc.nat({ max: JOBS }), { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('day'),
    caller: fc.nat({ max: 1 }),
    runs: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
  }),
] as const;
const most = fc.integer({ min: 1, max: 4 });

/** Two callers and two templates, with limits that nothing else moves, and jobs of each caller with each template. */
interface World {
  readonly bench: LaggingBench;
  readonly deadline: Date;
  /** The counters of jobs at a time: of the callers, then of the templates. */
  readonly keys: readonly string[];
  readonly days: readonly string[];
  readonly records: readonly JobRecord[];
}

function createWorld(bench: LaggingBench, deadline: Date, admitted: number): World {
  const run = randomUUID();
  const keys = ['caller#a', 'caller#b', 'template#a', 'template#b'].map(
    (name) => `limit#${name}#${run}`,
  );
  const days = ['a', 'b'].map((name) => `limit#day#${name}#${run}`);
  const records = Array.from({ length: JOBS }, (_, index) => {
    const [caller, template] = [index % 2, (index >> 1) % 2];
    const holds: readonly LimitHold[] = [
      { limit: 'runs-per-day', key: days[caller] ?? '', most: 100 },
      { limit: 'concurrent-per-caller', key: keys[caller] ?? '', most: admitted },
      { limit: 'concurrent-per-template', key: keys[2 + template] ?? '', most: admitted },
    ];
    return makeRecord({ id: makeJobId(), state: 'submitting', history: [], holds });
  });
  return { bench, deadline, keys, days, records };
}

/** Takes one step, with the record as it is then; a writer that comes second gives up. */
async function take(world: World, step: Step): Promise<void> {
  const { bench, deadline, keys, days, records } = world;
  const idOf = (index: number): string => records[index]?.id ?? 'no job';
  switch (step.kind) {
    case 'put': {
      const record = records[step.job];
      if (record !== undefined) await bench.records.putIfAbsent(record, deadline);
      return;
    }
    case 'run':
    case 'announce':
    case 'end': {
      const found = await bench.records.find(idOf(step.job) as JobId, deadline);
      const next = found === undefined ? undefined : toNext(found, step);
      if (next !== undefined) await bench.records.replace(next, deadline);
      return;
    }
    case 'remove':
      return bench.hands.removeRecord(idOf(step.job) as JobId);
    case 'damage':
      return bench.hands.setHolders(keys[step.limit] ?? '', step.ids.map(idOf));
    case 'day':
      return bench.hands.setRuns(days[step.caller] ?? '', step.runs);
    case 'hold':
      bench.holdIndex();
      return;
    case 'release':
      bench.releaseIndex();
      return;
    case 'correct':
      return correctCounters(bench.records, deadline);
    default:
      return step satisfies never;
  }
}

function toNext(found: JobRecord, step: Change): JobRecord | undefined {
  const version = found.version + 1;
  if (step.kind === 'announce') {
    const states = found.history.flatMap(({ state }) => (state === 'submitting' ? [] : [state]));
    return { ...found, version, announced: states };
  }
  if (isTerminal(found.state)) return undefined;
  const running = { state: 'running', at: START } as const;
  if (step.kind === 'run') return { ...found, version, state: 'running', history: [running] };
  const state = step.ran ? 'succeeded' : 'failed';
  const before = step.ran ? [running] : found.history;
  const history = [...before, { state, at: START } as const];
  return { ...found, version, state, endedAt: START, history };
}

/** Who counts under each limit of jobs at a time, and who should: the jobs that hold it and have not ended. */
async function readPlaces(world: World): Promise<readonly (readonly [string, Set<string>])[]> {
  const counters = await readAllCounters(world.bench.records, world.deadline);
  const held = new Map(counters.map(({ key, holders }) => [key, new Set(holders)]));
  return world.keys.map((key) => [key, held.get(key) ?? new Set<string>()]);
}

async function readActive(world: World): Promise<readonly JobRecord[]> {
  const found = await Promise.all(
    world.records.map(({ id }) => world.bench.records.find(id, world.deadline)),
  );
  return found.flatMap((record) => (record === undefined ? [] : [record]));
}

async function expectExact(world: World): Promise<void> {
  const found = await readActive(world);
  const active = found.filter(({ state }) => !isTerminal(state));
  const expected = world.keys.map((key) => {
    const holding = active.filter(({ holds }) => holds.some((hold) => hold.key === key));
    return [key, new Set<string>(holding.map(({ id }) => id))];
  });
  expect(await readPlaces(world)).toEqual(expected);
  const own = new Set<string>(world.records.map(({ id }) => id));
  const due = await readAllDue(world.bench.records, world.deadline);
  const byId = (one: { id: string }, other: { id: string }): number => (one.id < other.id ? -1 : 1);
  expect(due.filter(({ id }) => own.has(id)).sort(byId)).toEqual(
    found.flatMap((record) => toDueRecord(record) ?? []).sort(byId),
  );
}

/** Holds the counters of a store to their records, whatever order requests, hands and sweeps come in. */
export function describeDamagedCounters(
  name: string,
  open: () => LaggingBench,
  { numRuns, deadline }: { readonly numRuns: number; readonly deadline: () => Date },
): void {
  describe(`the counters ${name}`, () => {
    it('are exact after one correction, whatever a hand has done to them and to the records', async () => {
      const steps = fc.array(fc.oneof(...lives, ...damages), { maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(steps, most, async (taken, admitted) => {
          const world = createWorld(open(), deadline(), admitted);
          for (const step of taken) await take(world, step);
          world.bench.releaseIndex();
          await correctCounters(world.bench.records, world.deadline);
          await expectExact(world);
          for (const use of (await world.bench.records.findUsage(world.days, deadline())).values())
            expect(use.count).toBeGreaterThanOrEqual(0);
        }),
        { numRuns },
      );
    });

    it('stay exact under corrections by an index that is behind, while requests go on', async () => {
      const batches = fc.array(fc.array(fc.oneof(...lives), { maxLength: 4 }), { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(batches, most, async (taken, admitted) => {
          const world = createWorld(open(), deadline(), admitted);
          for (const steps of taken) await Promise.all(steps.map((step) => take(world, step)));
          world.bench.releaseIndex();
          await expectExact(world);
          for (const [, holders] of await readPlaces(world))
            expect(holders.size).toBeLessThanOrEqual(admitted);
        }),
        { numRuns },
      );
    });
  });
}
