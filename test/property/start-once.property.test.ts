import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem, toProblem } from '../../shared/problem.ts';
import { createSubmitting } from '../support/submitting.ts';
import { EPHEMERAL } from '../support/targets.ts';

const WORDS = ['upstream_timeout', 'upstream_error', 'upstream_unavailable'] as const;

/**
 * What befalls one round of requests: a fault or none, whether a list lags behind, how many requests come at once, and how
 * long after the last. Who says that it cannot serve has done nothing.
 */
const rounds = fc.array(
  fc.record({
    code: fc.constantFrom(...WORDS),
    at: fc.constantFrom('submit', 'find', 'replace', 'none'),
    worked: fc.constantFrom('worked', 'not-worked'),
    lags: fc.boolean(),
    requests: fc.integer({ min: 1, max: 3 }),
    waitMs: fc.constantFrom(0, 1_000, 61_000, 16 * 60_000),
  }),
  { minLength: 1, maxLength: 8 },
);

describe('a workflow that is asked for again and again', () => {
  it('is never started twice, and is known once it has been found', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (planned) => {
        const { gateway, records, clock, submit, stored } = createSubmitting(EPHEMERAL);
        const replace = records.replace.bind(records);
        for (const { code, at, worked, lags, requests, waitMs } of planned) {
          clock.advance(waitMs);
          const problem = new Problem(code, 'lost', { upstream: 'Dataproc' });
          const refused = code === 'upstream_unavailable';
          if (at === 'submit') gateway.failNextSubmit(problem, refused ? 'not-worked' : worked);
          if (lags) gateway.hideFromNextFind();
          if (at === 'find') gateway.failNextFind(problem);
          records.replace = async (record, deadline) => {
            records.replace = replace;
            if (at !== 'replace') return replace(record, deadline);
            if (worked === 'worked') await replace(record, deadline);
            throw problem;
          };
          const work = Array.from({ length: requests }, () => submit().catch(toProblem));
          const answers = await Promise.all(work);
          const codes = answers.flatMap((answer) =>
            answer instanceof Problem ? [answer.code] : [],
          );
          expect(codes.filter((each) => each !== code)).toEqual([]);
          expect(gateway.repeats()).toBe(0);
        }
        records.replace = replace;
        gateway.clearFailures();
        const { record } = await submit().catch(() => submit());
        expect(gateway.repeats()).toBe(0);
        expect(gateway.jobs().length).toBeLessThanOrEqual(1);
        if (record.state === 'failed') expect(record.reason).toBe('unknown_outcome');
        else expect(record.state === 'queued').toBe(gateway.jobs().length === 1);
        expect(stored()).toMatchObject({ state: record.state });
      }),
      { numRuns: 300 },
    );
  });
});
