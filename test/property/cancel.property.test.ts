import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cancelJob } from '../../shared/jobs/cancel.ts';
import { isTerminal, type JobRecord, type JobState } from '../../shared/jobs/job.ts';
import { adoptUpstream, endIfLost } from '../../shared/jobs/progress.ts';
import { Problem } from '../../shared/problem.ts';
import { makeAuditRecord } from '../support/audit-records.ts';
import { createBrowsing, type Browsing } from '../support/browsing.ts';
import { FAR, START } from '../support/clock.ts';
import { makeRecord } from '../support/job-records.ts';

const DECISION = makeAuditRecord({ id: 'decision-of-cancel', action: 'cancel-job' });

/** What others may write on a record while its job is cancelled. */
const OTHERS = ['saw it', 'missed it', 'announced it', 'left a record'] as const;
type Other = (typeof OTHERS)[number];

function writeAs(other: Other, record: JobRecord, bench: Browsing): JobRecord {
  const next = { ...record, version: record.version + 1 };
  switch (other) {
    case 'saw it': {
      const [upstream] = bench.gateway.jobs();
      return upstream === undefined ? next : adoptUpstream(record, upstream, bench.clock.now());
    }
    case 'missed it':
      return { ...endIfLost(record, bench.clock.now()), version: next.version };
    case 'announced it':
      return { ...next, announced: record.history.map(({ state }) => state as JobState) };
    case 'left a record': {
      const id = `left-${String(next.version)}`;
      return { ...next, outbox: [...record.outbox, makeAuditRecord({ id })] };
    }
    default:
      return other satisfies never;
  }
}

/** A job that runs, how long a look has missed it, which of the looks miss it now, and who writes before which write. */
const cancellations = fc.record({
  state: fc.constantFrom('queued', 'running', 'cancelling'),
  missingMinutes: fc.option(fc.integer({ min: 0, max: 40 })),
  misses: fc.array(fc.boolean(), { minLength: 2, maxLength: 2 }),
  others: fc.array(fc.option(fc.constantFrom(...OTHERS)), { maxLength: 4 }),
});

describe('a job that others write while it is cancelled', () => {
  it('loses nothing that they wrote, and is not lost once one of them has seen it', async () => {
    await fc.assert(
      fc.asyncProperty(cancellations, async ({ state, missingMinutes, misses, others }) => {
        const missingSince = missingMinutes === null ? null : START;
        const bench = createBrowsing(makeRecord({ state, missingSince }), { state: 'running' });
        const { records, gateway, ports } = bench;
        bench.clock.advance((missingMinutes ?? 0) * 60_000);
        const written: JobRecord[] = [];
        const [looks, writers] = [misses.values(), others.values()];
        const operatorOf = (): string => 'operator';
        const played = {
          ...ports,
          operatorOf,
          gateway: {
            ...gateway,
            find: async (...args: Parameters<typeof gateway.find>) => {
              if (looks.next().value === true) gateway.hideFromNextFind();
              return gateway.find(...args);
            },
          },
          records: {
            ...records,
            replace: async (...args: Parameters<typeof records.replace>) => {
              const other = writers.next().value ?? null;
              const [before] = records.all();
              if (other !== null && before !== undefined && !isTerminal(before.state)) {
                const next = writeAs(other, before, bench);
                written.push(next);
                records.seed(next);
              }
              return records.replace(...args);
            },
          },
        };
        const order = { decision: DECISION, reason: 'cancel_requested', deadline: FAR } as const;
        const [known] = records.all();
        if (known === undefined) throw new Error('nothing is stored');
        await cancelJob(known, order, played).catch((error: unknown) => {
          if (!(error instanceof Problem)) throw error;
        });
        const [stored] = records.all();
        for (const each of written) {
          expect(stored?.announced).toEqual(expect.arrayContaining([...each.announced]));
          expect(stored?.outbox).toEqual(expect.arrayContaining([...each.outbox]));
        }
        const seen = written.some((each) => each.missingSince === null && !isTerminal(each.state));
        const ended = written.some((each) => isTerminal(each.state));
        if (seen && !ended) expect(stored?.reason).not.toBe('job_lost');
      }),
      { numRuns: 500 },
    );
  });
});
