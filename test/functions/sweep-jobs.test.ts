import { describe, expect, it } from 'vitest';
import { loadFunction, readEnvironment, readEvent } from '../support/deployed-function.ts';
import { sweepOnce } from '../support/sweep.ts';

const FIGURES = [
  'active',
  'submitting',
  'orphans',
  'strangers',
  'corrected',
  'upstreamCalls',
  'failed',
  'unlisted',
  'unfinished',
];

describe('sweep-jobs', () => {
  it('answers its schedule with figures, and writes them as metrics', async () => {
    const sweepJobs = await loadFunction('sweep-jobs');
    const { result, log } = await sweepJobs.run(readEvent('sweep-jobs'));
    const answer = result as Readonly<Record<string, unknown>>;
    for (const name of FIGURES) expect(answer[name]).toEqual(expect.any(Number));
    const lines = log.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    const swept = lines.filter(({ message }) => message === 'swept');
    expect(swept).toMatchObject([
      { deployment: 'jobgate-local', Sweeps: 1, Active: answer['active'] },
    ]);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('answers the same when Lambda runs it', async () => {
    const answer = await sweepOnce();
    for (const name of FIGURES) expect(answer[name]).toEqual(expect.any(Number));
  });

  it('has no secret of the switches in its environment', async () => {
    const names = Object.keys(await readEnvironment('jobgate-local-sweep-jobs'));
    expect(names).toContain('JOBGATE_EVENT_BUS');
    expect(names.filter((name) => /SWITCHES|ISSUERS/.test(name))).toEqual([]);
  });
});
