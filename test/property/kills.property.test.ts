import { describe, expect, it } from 'vitest';
import { TARGET_KINDS, type TargetKind } from '../../shared/config/targets.ts';
import type { CallName } from '../support/world/cloud.ts';
import {
  ask,
  beginDrivers,
  endDrivers,
  listFaults,
  openWorld,
  sweepOnce,
  sweepToRest,
  toPlan,
  watchToRest,
} from '../support/world/drill.ts';
import { describeFault, type Fault, type FaultPlan } from '../support/world/faults.ts';
import type { FunctionName } from '../support/world/function-process.ts';
import {
  findContradictions,
  findMisleading,
  findUnsettled,
  findUntold,
} from '../support/world/invariants.ts';
import { listTrueJobs } from '../support/world/upstream-truth.ts';
import type { World } from '../support/world/world.ts';

/** A function at a moment of a job's life; each of its calls meets each fault. */
interface Drill {
  readonly title: string;
  readonly name: FunctionName;
  readonly prepare: (world: World, kind: TargetKind) => Promise<unknown>;
  /** Whether its calls are refused in every word that there is; otherwise lines break and processes end. */
  readonly words: boolean;
}

const toDataproc = (fault: Fault): FaultPlan => {
  return ({ service }) => (service === 'Dataproc' ? fault : undefined);
};
const submit = (world: World, kind: TargetKind, plan?: FaultPlan): Promise<unknown> =>
  ask(world, { name: 'submit-job', kind, ...(plan === undefined ? {} : { plan }) });

const NEW: Drill['prepare'] = () => Promise.resolve();
const THERE: Drill['prepare'] = submit;
const RUNNING: Drill['prepare'] = async (world, kind) => {
  await submit(world, kind);
  await beginDrivers(world);
};
const ENDED: Drill['prepare'] = async (world, kind) => {
  await submit(world, kind);
  await endDrivers(world);
};
const LEFT: Drill['prepare'] = async (world, kind) => {
  await submit(world, kind, toDataproc({ kind: 'kill', worked: false }));
  await world.schedule.sleep(150_000);
};
const STARTED: Drill['prepare'] = async (world, kind) => {
  await submit(world, kind, toDataproc({ kind: 'kill', worked: true }));
  await world.schedule.sleep(90_000);
};
const STARTED_AND_ENDED: Drill['prepare'] = async (world, kind) => {
  await submit(world, kind, toDataproc({ kind: 'timeout', worked: true }));
  await endDrivers(world);
};
const OVERDUE: Drill['prepare'] = async (world, kind) => {
  await RUNNING(world, kind);
  await ask(world, { name: 'get-job', kind });
  await world.schedule.sleep(31 * 60_000);
};

const DRILLS: readonly Drill[] = [
  { title: 'submitting', name: 'submit-job', prepare: NEW, words: true },
  { title: 'submitting what is there', name: 'submit-job', prepare: THERE, words: false },
  {
    title: 'submitting what was recorded and not started',
    name: 'submit-job',
    prepare: LEFT,
    words: true,
  },
  {
    title: 'submitting what was started and not noted',
    name: 'submit-job',
    prepare: STARTED,
    words: false,
  },
  {
    title: 'submitting what was started, has ended and was not noted',
    name: 'submit-job',
    prepare: STARTED_AND_ENDED,
    words: false,
  },
  { title: 'looking at what runs', name: 'get-job', prepare: RUNNING, words: false },
  { title: 'looking at what has ended', name: 'get-job', prepare: ENDED, words: true },
  { title: 'cancelling what runs', name: 'cancel-job', prepare: RUNNING, words: true },
  { title: 'cancelling what has ended', name: 'cancel-job', prepare: ENDED, words: false },
  {
    title: 'cancelling what was recorded and not started',
    name: 'cancel-job',
    prepare: LEFT,
    words: false,
  },
  {
    title: 'cancelling what was started, has ended and was not noted',
    name: 'cancel-job',
    prepare: STARTED_AND_ENDED,
    words: false,
  },
  { title: 'sweeping what runs', name: 'sweep-jobs', prepare: RUNNING, words: false },
  { title: 'sweeping what has ended', name: 'sweep-jobs', prepare: ENDED, words: true },
  {
    title: 'sweeping what was recorded and not started',
    name: 'sweep-jobs',
    prepare: LEFT,
    words: false,
  },
  {
    title: 'sweeping what was started and not noted',
    name: 'sweep-jobs',
    prepare: STARTED,
    words: false,
  },
  {
    title: 'sweeping what has run for too long',
    name: 'sweep-jobs',
    prepare: OVERDUE,
    words: true,
  },
];

/** What befalls which call, once or for as long as the operation goes on, and who sees to the job afterwards. */
interface Case {
  readonly at: number;
  readonly fault: Fault;
  readonly stays: boolean;
  readonly then: 'asked again' | 'watched' | 'swept';
}

/**
 * A call that was not done, and whose caller never asks again, is as one before which the process ended: only what was done
 * and not heard of is left to the sweep as well.
 */
function listCases(calls: readonly CallName[], { name, words }: Drill): readonly Case[] {
  const sweeps = name === 'sweep-jobs';
  const thens = sweeps ? (['swept'] as const) : (['watched', 'swept'] as const);
  return calls.flatMap((call, at) =>
    listFaults(call).flatMap((fault): readonly Case[] => {
      const once = { at, fault, stays: false };
      if (fault.kind === 'kill') return thens.map((then) => ({ ...once, then }));
      const again: Case = { ...once, then: sweeps ? 'swept' : 'asked again' };
      if (fault.kind === 'lag') return [again, { ...again, stays: true }];
      if (fault.kind === 'says') return words ? [again, { ...again, stays: true }] : [];
      return isDone(fault) && !sweeps ? [again, { ...once, then: 'swept' }] : [again];
    }),
  );
}

function isDone(fault: Fault): boolean {
  return (fault.kind === 'cut' || fault.kind === 'timeout') && fault.worked;
}

/** What does not hold after a case, with the story of it; empty when all does. */
async function run(drill: Drill, kind: TargetKind, each: Case): Promise<readonly string[]> {
  const world = openWorld(kind);
  await drill.prepare(world, kind);
  const plan = toPlan(each.at, each.fault, each.stays);
  const wrong =
    drill.name === 'sweep-jobs'
      ? await sweepOnce(world, world.start('sweep-jobs', plan)).then(() => [])
      : await askUntilDone(world, {
          name: drill.name,
          kind,
          plan,
          again: each.then === 'asked again',
        });
  wrong.push(...(await findContradictions(world)));
  if (each.then === 'watched') {
    for (const answered of await watchToRest(world, kind))
      wrong.push(...findMisleading(answered, world));
    wrong.push(...(await findUnsettled(world)));
  }
  await sweepToRest(world);
  wrong.push(...(await findUnsettled(world)), ...findUntold(world));
  if (wrong.length === 0) return [];
  const story = world.story.map((line) => `    ${line}`);
  return [...new Set(wrong), ...story.slice(0, 12), ...story.slice(12).slice(-12)];
}

/** Retries after which a request has to have got through. */
const RETRIES = 3;

async function askUntilDone(
  world: World,
  {
    again,
    plan,
    ...about
  }: { name: FunctionName; kind: TargetKind; plan: FaultPlan; again: boolean },
): Promise<string[]> {
  let last = await ask(world, { ...about, plan });
  const wrong = [...findMisleading(last, world)];
  for (let retry = 1; again && retry <= RETRIES; retry += 1) {
    if (last.answer !== undefined && last.answer.status < 300) return wrong;
    await world.schedule.sleep(Number(last.answer?.headers['retry-after'] ?? 2) * 1000);
    last = await ask(world, about);
    wrong.push(...findMisleading(last, world));
  }
  // Whether a workflow is on its way is certain only after a quarter of an hour.
  const waits = last.answer?.body['code'] === 'job_submitting';
  if (again && !waits && (last.answer?.status ?? 0) >= 300) wrong.push('no retry helps');
  return wrong;
}

async function listCalls({ name, prepare }: Drill, kind: TargetKind): Promise<readonly CallName[]> {
  const world = openWorld(kind);
  await prepare(world, kind);
  return name === 'sweep-jobs'
    ? sweepOnce(world, world.start('sweep-jobs'))
    : (await ask(world, { name, kind })).calls;
}

describe.each(TARGET_KINDS)('on a %s', (kind) => {
  it.each(DRILLS)(
    '$title comes to one true end, whatever befalls any step',
    async (drill) => {
      const calls = await listCalls(drill, kind);
      const failures: string[] = [];
      const all = listCases(calls, drill);
      // The way to a cluster differs from that to batches in addresses only: it is enough to be ended between its steps.
      const cases = kind === 'cluster' ? all.filter(({ fault }) => fault.kind === 'kill') : all;
      for (const each of cases) {
        const wrong = await run(drill, kind, each);
        const { service, operation } = calls[each.at] ?? { service: '', operation: '' };
        const what = `${service} ${operation}, call ${each.at + 1}: ${describeFault(each.fault)}`;
        if (wrong.length > 0)
          failures.push(`${what}${each.stays ? ' for good' : ''}, then ${each.then}`, ...wrong);
      }
      expect(failures.slice(0, 60)).toEqual([]);
    },
    200_000,
  );
});

describe.each(['batch', 'cluster'] as const)('a %s that was started after all', (kind) => {
  it('when its record had ended is ended by the sweep, and the audit says why', async () => {
    const world = openWorld(kind);
    const late: Fault = { kind: 'timeout', worked: false, lateMs: 20_000 };
    await submit(world, kind, toDataproc(late));
    const refused: Fault = { kind: 'says', word: 'PERMISSION_DENIED', worked: false };
    const creates: FaultPlan = ({ operation }) =>
      operation === 'CreateBatch' || operation === 'SubmitJob' ? refused : undefined;
    await submit(world, kind, creates);
    expect(world.records()).toMatchObject([{ state: 'failed', reason: 'submission_refused' }]);
    expect(await listTrueJobs(world.cloud)).toEqual([]);
    await world.schedule.sleep(60_000);
    await beginDrivers(world);
    expect(await listTrueJobs(world.cloud)).toMatchObject([{ kind, state: 'running' }]);
    await sweepOnce(world, world.start('sweep-jobs'));
    await endDrivers(world);
    expect(await listTrueJobs(world.cloud)).toMatchObject([{ kind, state: 'cancelled' }]);
    expect(world.cloud.audited.filter(({ rule }) => rule === 'orphan')).toHaveLength(1);
  });
});
