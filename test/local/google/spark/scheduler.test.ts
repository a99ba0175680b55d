import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Run, RunEnd, RunSpec } from '../../../../local/google/spark/run.ts';
import type { Batch } from '../../../../local/google/dataproc/batch.ts';
import {
  type DriverEnd,
  type RunningDriver,
  Scheduler,
} from '../../../../local/google/spark/scheduler.ts';
import { sampleBatch } from '../dataproc/sample-batch.ts';

interface Driver {
  terminated: boolean;
  readonly end: (how: DriverEnd) => void;
}

/** A scheduler whose drivers end when the test says so. */
function makeScheduler(
  maxConcurrentRuns: number,
  start?: () => Promise<RunningDriver>,
  resumed?: RunningDriver,
) {
  const drivers = new Map<string, Driver>();
  const timers: { readonly seconds: number; readonly fire: () => void }[] = [];
  const startDriver = (spec: RunSpec): Promise<RunningDriver> => {
    const { promise, resolve } = Promise.withResolvers<DriverEnd>();
    const driver: Driver = { terminated: false, end: resolve };
    drivers.set(spec.name, driver);
    const terminate = () => {
      driver.terminated = true;
      resolve({ kind: 'terminated' });
    };
    return Promise.resolve({ ended: promise, terminate });
  };
  const scheduler = new Scheduler({
    engine: {
      start: start ?? startDriver,
      resume: () => Promise.resolve(resumed),
      hasLeft: () => resumed !== undefined,
    },
    maxConcurrentRuns,
    now: () => new Date('2026-11-21T14:00:01Z'),
    startTimer: (seconds, fire) => {
      timers.push({ seconds, fire });
      return () => undefined;
    },
  });
  return { scheduler, drivers, timers };
}

async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await turn();
}

function historyOf(batch: Batch): unknown {
  const { stateHistory } = batch.toMessage();
  return Array.isArray(stateHistory)
    ? stateHistory.map((entry: { state: string }) => entry.state)
    : stateHistory;
}

/** A run that is told of its end, and fails at what it is told. */
function makeFailingRun(name: string, fails: 'starts' | 'ends') {
  const ends: RunEnd[] = [];
  const fail = () => {
    throw new Error('no space left');
  };
  const run: Run = {
    spec: sampleBatch(name).spec,
    waits: () => undefined,
    cancels: () => undefined,
    starts: fails === 'starts' ? fail : () => undefined,
    ends: (end) => {
      ends.push(end);
      if (fails === 'ends') fail();
    },
  };
  return { run, ends };
}

describe('a run that fails at what it is told', () => {
  it('at its start has its driver ended, and the next one starts', async () => {
    const { scheduler, drivers } = makeScheduler(1);
    const { run, ends } = makeFailingRun('first', 'starts');
    const next = sampleBatch('next');
    for (const each of [run, next]) scheduler.submit(each);
    await settle();
    expect(drivers.get('first')?.terminated).toBe(true);
    expect(ends).toEqual([{ kind: 'failed', reason: 'no space left' }]);
    expect(next.state).toBe('RUNNING');
    await scheduler.stop();
  });

  it('at its end is told of it once, and the next one starts', async () => {
    const { scheduler, drivers } = makeScheduler(1);
    const { run, ends } = makeFailingRun('first', 'ends');
    const next = sampleBatch('next');
    for (const each of [run, next]) scheduler.submit(each);
    await settle();
    drivers.get('first')?.end({ kind: 'succeeded' });
    await settle();
    expect(ends).toEqual([{ kind: 'succeeded' }]);
    expect(next.state).toBe('RUNNING');
    await scheduler.stop();
  });
});

describe('the life of a batch', () => {
  it('goes from PENDING over RUNNING to SUCCEEDED', async () => {
    const { scheduler, drivers } = makeScheduler(1);
    const batch = sampleBatch('first');
    scheduler.submit(batch);
    expect(batch.state).toBe('PENDING');
    await settle();
    expect(batch.state).toBe('RUNNING');
    drivers.get('first')?.end({ kind: 'succeeded' });
    await settle();
    expect(batch.state).toBe('SUCCEEDED');
    expect(historyOf(batch)).toEqual(['PENDING', 'RUNNING']);
  });

  it('waits with a reason while others take the room, and starts in order', async () => {
    const { scheduler, drivers } = makeScheduler(1);
    const [first, second, third] = [
      sampleBatch('first'),
      sampleBatch('second'),
      sampleBatch('third'),
    ];
    for (const batch of [first, second, third]) scheduler.submit(batch);
    await settle();
    expect(third.stateMessage).toBe(
      'Waiting for capacity: 1 of 1 drivers are running, 1 more wait before this one.',
    );
    drivers.get('first')?.end({ kind: 'succeeded' });
    await settle();
    expect([first.state, second.state, third.state]).toEqual(['SUCCEEDED', 'RUNNING', 'PENDING']);
    await scheduler.stop();
  });

  it('ends as FAILED with the reason', async () => {
    const { scheduler, drivers } = makeScheduler(1);
    const batch = sampleBatch('first');
    scheduler.submit(batch);
    await settle();
    drivers.get('first')?.end({ kind: 'failed', reason: 'ValueError: no' });
    await settle();
    expect(batch.state).toBe('FAILED');
    expect(batch.stateMessage).toMatch(/^Job failed with message \[ValueError: no\]\. Additional/);
  });

  it('ends as FAILED when the driver cannot start', async () => {
    const { scheduler } = makeScheduler(1, () => Promise.reject(new Error('no Java')));
    const batch = sampleBatch('first');
    scheduler.submit(batch);
    await settle();
    expect(batch.state).toBe('FAILED');
    expect(batch.stateMessage).toContain('[no Java]');
  });

  it('ends as CANCELLED over CANCELLING, with the driver terminated', async () => {
    const { scheduler, drivers } = makeScheduler(1);
    const batch = sampleBatch('first');
    scheduler.submit(batch);
    await settle();
    scheduler.cancel(batch, 'asked');
    expect(batch.state).toBe('CANCELLING');
    expect(drivers.get('first')?.terminated).toBe(true);
    await settle();
    expect(batch.state).toBe('CANCELLED');
    expect(historyOf(batch)).toEqual(['PENDING', 'RUNNING', 'CANCELLING']);
  });

  it('is cancelled before its start without ever starting', async () => {
    const { scheduler, drivers } = makeScheduler(1);
    const batch = sampleBatch('first');
    scheduler.submit(batch);
    scheduler.cancel(batch, 'asked');
    await settle();
    expect(batch.state).toBe('CANCELLED');
    expect(drivers.size).toBe(0);
  });

  it('stays as it is when it is cancelled after its end', async () => {
    const { scheduler, drivers } = makeScheduler(1);
    const batch = sampleBatch('first');
    scheduler.submit(batch);
    await settle();
    drivers.get('first')?.end({ kind: 'succeeded' });
    await settle();
    scheduler.cancel(batch, 'asked');
    expect(batch.state).toBe('SUCCEEDED');
  });

  it('ends as CANCELLED when its ttl is over', async () => {
    const { scheduler, timers } = makeScheduler(1);
    const batch = sampleBatch('first');
    scheduler.submit(batch);
    await settle();
    expect(timers.map(({ seconds }) => seconds)).toEqual([14_400]);
    timers[0]?.fire();
    await settle();
    expect([batch.state, batch.stateMessage]).toEqual([
      'CANCELLED',
      'The batch exceeded its ttl of 14400s.',
    ]);
  });

  it('ends when the service stops, and nothing that waits starts', async () => {
    const { scheduler, drivers } = makeScheduler(1);
    const [first, second] = [sampleBatch('first'), sampleBatch('second')];
    scheduler.submit(first);
    scheduler.submit(second);
    await settle();
    await scheduler.stop();
    expect(first.state).toBe('CANCELLED');
    expect([...drivers.keys()]).toEqual(['first']);
  });

  it('that an earlier server began goes on, with the rest of its ttl', async () => {
    const { promise, resolve } = Promise.withResolvers<DriverEnd>();
    const startedAt = new Date('2026-11-21T13:00:01Z');
    const resumed = { ended: promise, terminate: () => undefined, startedAt };
    const { scheduler, timers } = makeScheduler(1, undefined, resumed);
    const batch = sampleBatch('first');
    batch.starts(startedAt);
    scheduler.resume(batch);
    await settle();
    expect(timers.map(({ seconds }) => seconds)).toEqual([10_800]);
    resolve({ kind: 'succeeded' });
    await settle();
    expect([batch.state, historyOf(batch)]).toEqual(['SUCCEEDED', ['PENDING', 'RUNNING']]);
  });

  it('that did not outlive its server ends as FAILED', async () => {
    const { scheduler } = makeScheduler(1);
    const batch = sampleBatch('first');
    batch.starts(new Date('2026-11-21T13:00:01Z'));
    scheduler.resume(batch);
    await settle();
    expect(batch.state).toBe('FAILED');
    expect(batch.stateMessage).toContain(
      '[The local Dataproc was restarted, and the driver did not outlive it.]',
    );
  });
});
