import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../shared/jobs/job.ts';
import { START } from '../support/clock.ts';
import { buildDeployedApp, soon } from '../support/deployed-app.ts';
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
});
