import { describe, expect, it } from 'vitest';
import { ask, beginDrivers, endDrivers, openWorld } from '../../support/world/drill.ts';
import type { ServiceName } from '../../support/world/cloud.ts';

describe('a sweep', () => {
  it.each(['STS', 'IAM', 'Dataproc'] as const satisfies readonly ServiceName[])(
    'announces and delivers though %s answers nothing',
    async (silent) => {
      const world = openWorld('batch');
      await ask(world, { name: 'submit-job', kind: 'batch' });
      const sweeping = world.start('sweep-jobs', ({ service }) =>
        service === silent ? { kind: 'timeout', worked: false } : undefined,
      );
      await world.schedule.sleep(60_000);
      expect(await sweeping.sweep()).toMatchObject({
        due: 1,
        unlisted: 1,
        failed: 1,
        announced: 1,
      });
      expect(world.records()).toMatchObject([{ state: 'queued', announced: ['queued'] }]);
    },
  );

  it.each([
    ['batch', 2, 2],
    ['cluster', 2, 2],
    ['workflow', 4, 4],
  ] as const)('counts each request to Dataproc, of a %s too', async (kind, repeated, looked) => {
    const world = openWorld(kind);
    await ask(world, { name: 'submit-job', kind });
    await beginDrivers(world);
    let full = true;
    const sweeping = world.start('sweep-jobs', ({ service }) => {
      const refused = service === 'Dataproc' && full;
      return refused ? { kind: 'says', word: 'RESOURCE_EXHAUSTED', worked: false } : undefined;
    });
    const sweep = async (): Promise<number> => {
      const before = sweeping.calls.length;
      const summary = await sweeping.sweep();
      const calls = sweeping.calls.slice(before).filter(({ service }) => service === 'Dataproc');
      expect(summary).toMatchObject({ upstreamCalls: calls.length });
      return calls.length;
    };
    // Each list is asked for twice.
    expect(await sweep()).toBe(repeated);
    full = false;
    await endDrivers(world);
    // Each list once, and the look at the job, of a workflow at its operation and its step's job.
    expect(await sweep()).toBe(looked);
  });
});
