import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { playSeed } from '../support/world/seeded-run.ts';

/**
 * Runs in which chance decides what callers, Dataproc and the platform do, and what befalls every call: see
 * test/support/world/seeded-run.ts. Each is determined by one number. A failure prints it, with the end of the run's story:
 *
 *     JOBGATE_SEED=1234 vitest run --project fast test/property/seeded-runs
 *
 * plays that one run again and prints all of its story. The 1,000 runs have the seeds that follow a base, which is in the
 * title of the tests; `JOBGATE_BASE_SEED` sets it, and `JOBGATE_RUNS` how many there are.
 */
const { JOBGATE_SEED, JOBGATE_BASE_SEED, JOBGATE_RUNS } = process.env;
const BASE = Number(JOBGATE_BASE_SEED ?? randomInt(2 ** 31));
const RUNS = Number(JOBGATE_RUNS ?? 1_000);

/** Runs of one test, and milliseconds that they may take on a machine that does much else. */
const AT_A_TIME = 100;
const MOST_MS = 400_000;
/** Lines of a story that a failure shows. */
const LAST_LINES = 80;

/** Plays a run; gives what does not hold, which is nothing, and then how it came to that. */
async function play(seed: number): Promise<readonly string[]> {
  const { wrong, story } = await playSeed(seed);
  if (JOBGATE_SEED !== undefined) process.stdout.write(`${story.join('\n')}\n`);
  if (wrong.length === 0) return [];
  return [`JOBGATE_SEED=${seed} plays it again`, ...wrong, ...story.slice(-LAST_LINES)];
}

if (JOBGATE_SEED === undefined) {
  describe(`runs from the seed ${BASE} on`, () => {
    const starts = Array.from({ length: Math.ceil(RUNS / AT_A_TIME) }, (_, at) => at * AT_A_TIME);

    it.each(starts)(
      'come to rest with each accepted job run once, told truly, counted exactly and audited: from run %i',
      async (start) => {
        for (let run = start; run < Math.min(start + AT_A_TIME, RUNS); run += 1) {
          expect(await play(BASE + run)).toEqual([]);
        }
      },
      MOST_MS,
    );
  });
} else {
  describe(`the run of the seed ${JOBGATE_SEED}`, () => {
    it('comes to rest as each run has to', async () => {
      expect(await play(Number(JOBGATE_SEED))).toEqual([]);
    });
  });
}

describe('a seed', () => {
  it('plays the same run again, to the millisecond', async () => {
    const seed = Number(JOBGATE_SEED ?? BASE);
    const first = await playSeed(seed);
    expect(await playSeed(seed)).toEqual(first);
  });
});
