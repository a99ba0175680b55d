import type { PlayedDriver } from './engine.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** The drivers that have not ended. */
export function listDrivers({ cloud }: World): readonly PlayedDriver[] {
  return cloud.dataproc.engine.drivers();
}

/** A driver goes on by a step: it begins, or it ends well or badly; one that is to stop ends. */
export function playDriver({ cloud, note }: World, driver: PlayedDriver, random: Random): void {
  const { engine } = cloud.dataproc;
  // A workflow's own job has a suffix that nothing determines.
  const name = driver.spec.name.slice(0, 29);
  if (driver.state === 'stopping') {
    engine.end(driver, { kind: 'terminated' });
  } else if (driver.state === 'waiting' && random.chance(0.8)) {
    engine.begin(driver);
    note(`the driver of ${name} begins`);
  } else {
    const reason = 'ValueError: no such column';
    const end = random.chance(0.7)
      ? ({ kind: 'succeeded' } as const)
      : ({ kind: 'failed', reason } as const);
    engine.end(driver, end);
    note(`the driver of ${name} ends: ${end.kind}`);
  }
}
