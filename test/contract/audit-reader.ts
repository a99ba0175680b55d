import { describe, expect, it } from 'vitest';
import type { AuditQuery, AuditReader } from '../../shared/jobs/ports.ts';
import type { AuditRecord } from '../../shared/policy/audit-record.ts';
import { makeAuditRecord } from '../support/audit-records.ts';
import { FAR } from '../support/clock.ts';
import { makeJobId } from '../support/job-records.ts';

/** Ids of all records that a reader gives for a query, page after page. */
async function readIds(
  reader: AuditReader,
  query: AuditQuery,
  deadline: Date,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let token: string | null = null;
  do {
    const answer = await reader.read({ ...query, token }, deadline);
    ids.push(...answer.records.filter(({ jobId }) => jobId === query.job).map(({ id }) => id));
    ({ token } = answer);
  } while (token !== null);
  return ids;
}

/** Holds every implementation of {@link AuditReader} to the same behaviour; `open` gives a reader of some records. */
export function describeAuditReader(
  name: string,
  open: (held: readonly AuditRecord[]) => Promise<AuditReader>,
  deadline: () => Date = () => FAR,
): void {
  describe(`the audit reader ${name}`, () => {
    const job = makeJobId();
    const startMs = Date.now() - 60_000;
    const at = (seconds: number, changes: Partial<AuditRecord> = {}): AuditRecord =>
      makeAuditRecord({
        id: `at-${seconds}`,
        timestamp: new Date(startMs + seconds * 1_000).toISOString(),
        jobId: job,
        ...changes,
      });
    const query = { job, fromMs: startMs, toMs: startMs + 10_000, token: null };

    it('gives the records of a job, oldest first, ends of the time included', async () => {
      const held = [at(5), at(0), at(10), at(10.001), at(-0.001), at(3)];
      const reader = await open([...held, at(4, { id: 'other', jobId: makeJobId() })]);
      expect(await readIds(reader, query, deadline())).toEqual(['at-0', 'at-3', 'at-5', 'at-10']);
    });

    it('gives a record back as it was written', async () => {
      const other = makeJobId();
      const record = at(1, { jobId: other, actor: 'agent-7', missing: ['group "a"', 'ü\n\\'] });
      const reader = await open([record]);
      const { records } = await reader.read({ ...query, job: other }, deadline());
      expect(records.filter(({ jobId }) => jobId === other)).toEqual([record]);
    });

    it('gives nothing of a job that has no records', async () => {
      const reader = await open([]);
      expect(await readIds(reader, { ...query, job: makeJobId() }, deadline())).toEqual([]);
    });
  });
}
