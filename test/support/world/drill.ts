import type { TargetKind } from '../../../shared/config/targets.ts';
import { listUnannounced } from '../../../shared/jobs/announcement.ts';
import { isTerminal, type JobRecord } from '../../../shared/jobs/job.ts';
import { ANALYST } from '../callers.ts';
import type { CallName } from './cloud.ts';
import { listWords, type Fault, type FaultPlan } from './faults.ts';
import type { FunctionName, FunctionProcess } from './function-process.ts';
import { createPlainSchedule } from './schedule.ts';
import { startWorld, type Answered, type Asked, type World } from './world.ts';

/** A caller who may do all that one may do with jobs of one's own. */
export const OWNER = { ...ANALYST, scopes: ['jobs:read', 'jobs:submit', 'jobs:cancel'] };

/** The key of the one job of a drill. */
const KEY = 'key-1';

/** What is asked of a function in a drill. */
export function toAsked(name: FunctionName, kind: TargetKind, world: World): Asked {
  if (name === 'submit-job') {
    const body = { template: `tidy-${kind}`, parameters: { input: 'gs://inputs/open/a.csv' } };
    return { caller: OWNER, key: KEY, body };
  }
  return { caller: OWNER, job: world.records()[0]?.id ?? 'none', cancel: name === 'cancel-job' };
}

/** Asks a new process, which a plan may disturb. */
export async function ask(
  world: World,
  {
    name,
    kind,
    plan,
  }: { readonly name: FunctionName; readonly kind: TargetKind; readonly plan?: FaultPlan },
): Promise<Answered & { readonly calls: readonly CallName[] }> {
  const process = world.start(name, plan);
  const answered = await world.ask(process, toAsked(name, kind, world));
  const { answer } = answered;
  world.note(
    `${name} gives ${String(answer?.status)} ${String(answer?.body['code'] ?? answer?.body['state'])}`,
  );
  return { ...answered, calls: process.calls };
}

/** Faults that may befall a call once; of lists, that they lag behind. */
export function listFaults(call: CallName): readonly Fault[] {
  return [
    { kind: 'refused' },
    { kind: 'cut', worked: false },
    { kind: 'cut', worked: true },
    { kind: 'timeout', worked: true },
    { kind: 'timeout', worked: false, lateMs: 20_000 },
    { kind: 'kill', worked: false },
    { kind: 'kill', worked: true },
    ...listWords(call),
    ...(isList(call) ? [{ kind: 'lag', lagMs: 90_000 } as const] : []),
  ];
}

/** A fault at one call, or at all of a service's operation from this one on; lists lag behind together. */
export function toPlan(at: number, fault: Fault, stays: boolean): FaultPlan {
  let befallen: CallName | undefined;
  return (call, index) => {
    if (index === at) befallen = call;
    if (befallen === undefined) return undefined;
    const same = call.service === befallen.service && call.operation === befallen.operation;
    const lags = fault.kind === 'lag' && isList(call);
    return index === at || (stays && (same || lags)) ? fault : undefined;
  };
}

/** Tells whether what a call shows may be late. */
function isList({ operation }: CallName): boolean {
  return operation.startsWith('List') || operation === 'Query';
}

/** Opens a world of one target in which everything happens in its order. */
export function openWorld(kind: TargetKind): World {
  return startWorld({ schedule: createPlainSchedule(), kinds: [kind] });
}

/** Drivers that wait begin. */
export async function beginDrivers(world: World): Promise<void> {
  const { engine } = world.cloud.dataproc;
  await world.schedule.sleep(1_000);
  for (const driver of engine.drivers()) engine.begin(driver);
  await world.schedule.sleep(1_000);
}

/** Every driver ends, well unless it was told to. */
export async function endDrivers(world: World): Promise<void> {
  const { engine } = world.cloud.dataproc;
  await beginDrivers(world);
  for (const driver of engine.drivers()) {
    const stopped = driver.state === 'stopping';
    engine.end(driver, stopped ? { kind: 'terminated' } : { kind: 'succeeded' });
  }
  await world.schedule.sleep(1_000);
}

/** Minutes between the looks at a job that is to come to an end. */
const LOOKS_MINUTES = [1, 16, 16, 16];

/** The job runs to its end, and its submitter looks at it now and then; nobody sweeps. */
export async function watchToRest(world: World, kind: TargetKind): Promise<readonly Answered[]> {
  const answers: Answered[] = [];
  await world.schedule.sleep(30_000);
  for (const minutes of LOOKS_MINUTES) {
    await endDrivers(world);
    if (world.records().length === 0) break;
    answers.push(await ask(world, { name: 'get-job', kind }));
    await world.schedule.sleep(minutes * 60_000);
    if (world.records().every(isSettled)) break;
  }
  return answers;
}

/** Sweeps after which nothing may be left to do. */
const MOST_SWEEPS = 45;

/** The job runs to its end, and nobody looks: the sweep runs every minute until it has nothing left to do. */
export async function sweepToRest(world: World): Promise<void> {
  const process = world.start('sweep-jobs');
  for (let sweep = 1; sweep <= MOST_SWEEPS; sweep += 1) {
    await world.schedule.sleep(60_000);
    await endDrivers(world);
    await sweepOnce(world, process);
    if (world.records().every(isAnnounced)) return;
  }
}

/** A process sweeps. */
export async function sweepOnce(
  world: World,
  process: FunctionProcess,
): Promise<readonly CallName[]> {
  const summary = await process.sweep();
  const told = typeof summary === 'object' ? toNonZero(summary) : String(summary);
  world.note(`sweep-jobs gives ${told}`);
  return process.calls;
}

function toNonZero(summary: object): string {
  const entries = Object.entries(summary).filter(([, figure]) => figure !== 0);
  return entries.map(([name, figure]) => `${name} ${String(figure)}`).join(', ');
}

function isSettled({ state, outbox }: JobRecord): boolean {
  return isTerminal(state) && outbox.length === 0;
}

function isAnnounced(record: JobRecord): boolean {
  return isSettled(record) && listUnannounced(record).length === 0;
}
