import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../shared/jobs/job.ts';
import { START } from '../support/clock.ts';
import { buildDeployedApp, buildDeployedSweep, soon } from '../support/deployed-app.ts';
import { makeRecord } from '../support/job-records.ts';

/** The record of a job that never ran and has ended: its write gives back all limits. Nothing has this id. */
const ENDED: JobRecord = makeRecord({
  version: 2,
  state: 'cancelled',
  endedAt: START,
  history: [{ state: 'cancelled', at: START }],
  holds: [
    { limit: 'runs-per-day', key: 'limit#day#2026-01-15#nobody', most: 1 },
    { limit: 'concurrent-per-caller', key: 'limit#caller#nobody', most: 1 },
    { limit: 'concurrent-per-template', key: 'limit#template#nobody', most: 1 },
  ],
});

describe('the table', () => {
  // A role that lacked a permission would be refused before any condition is looked at.
  it.each(['submit-job', 'get-job', 'get-job-logs', 'get-job-result', 'cancel-job'])(
    'lets the role of %s write the end of a job',
    async (name) => {
      const { records } = await buildDeployedApp(`jobgate-local-${name}`);
      expect(await records.replace(ENDED, soon())).toBe('conflict');
    },
  );

  it('lets the role of sweep-jobs do all that a sweep does', async () => {
    const { records } = await buildDeployedSweep();
    const [hold] = ENDED.holds.slice(1);
    if (hold === undefined) throw new Error('the record holds nothing');
    expect((await records.listDue(null, soon())).unread).toEqual([]);
    await expect(records.listCounters(null, soon())).resolves.toHaveProperty('counters');
    expect(await records.find(ENDED.id, soon())).toBeUndefined();
    expect(await records.replace(ENDED, soon())).toBe('conflict');
    expect(await records.restoreHolder(ENDED.id, hold, soon())).toBe(false);
    expect(await records.releaseHolder(hold.key, ENDED.id, soon())).toBe(true);
    expect(await records.releaseHolder(hold.key, 'no job', soon())).toBe(true);
  });
});
