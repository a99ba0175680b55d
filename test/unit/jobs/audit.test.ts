import { describe, expect, it } from 'vitest';
import { findAuditedJob, readJobAudit, type JobAuditPage } from '../../../shared/jobs/audit.ts';
import { formatAuditCursor } from '../../../shared/jobs/audit-cursor.ts';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import type { AuditReader } from '../../../shared/jobs/ports.ts';
import type { AuditRecord } from '../../../shared/policy/audit-record.ts';
import { findGround } from '../../../shared/problem.ts';
import { makeAuditRecord } from '../../support/audit-records.ts';
import { createBrowsing, refusal } from '../../support/browsing.ts';
import { ADMIN, ANALYST, OUTSIDER } from '../../support/callers.ts';
import { createClock, FAR, START } from '../../support/clock.ts';
import { makeJobId, makeRecord } from '../../support/job-records.ts';
import { createMemoryAudit } from '../../support/memory-audit.ts';

const JOB = makeRecord();

/** The record of a decision about the job, `seconds` after it was submitted. */
function at(seconds: number, changes: Partial<AuditRecord> = {}): AuditRecord {
  const timestamp = new Date(Date.parse(START) + seconds * 1000).toISOString();
  return makeAuditRecord({ id: `at-${seconds}`, timestamp, jobId: JOB.id, ...changes });
}

interface Reading {
  readonly record?: JobRecord;
  readonly limit?: number;
  readonly rawCursor?: string | undefined;
}

function read(audit: AuditReader, { record = JOB, limit = 20, rawCursor }: Reading = {}) {
  const clock = createClock();
  clock.advance(3600_000);
  return readJobAudit(record, { limit, rawCursor }, { audit, now: clock.now, deadline: FAR });
}

/** Every page's ids, until there is no next. */
async function readAll(audit: AuditReader, reading: Reading = {}): Promise<readonly string[][]> {
  const pages: string[][] = [];
  let page: JobAuditPage | undefined;
  do {
    page = await read(audit, { ...reading, rawCursor: page?.next });
    pages.push(page.records.map(({ id }) => id));
    if (pages.length > 100) throw new Error('the pages never end');
  } while (page.next !== undefined);
  return pages;
}

describe('the audit of a job', () => {
  it('is oldest first, each record once, and of this job alone', async () => {
    const other = at(2, { id: 'other', jobId: makeJobId() });
    const none = at(2, { id: 'none', jobId: undefined } as unknown as Partial<AuditRecord>);
    const audit = createMemoryAudit([at(3), other, at(1), none, at(2), at(1)]);
    const { records, next } = await read(audit);
    expect(records.map(({ id }) => id)).toEqual(['at-1', 'at-2', 'at-3']);
    expect(next).toBeUndefined();
  });

  it('is looked for from five minutes before the job to now, and not in what comes meanwhile', async () => {
    const audit = createMemoryAudit([]);
    await read(audit);
    expect(audit.queries).toEqual([
      {
        job: JOB.id,
        fromMs: Date.parse('2026-01-15T11:55:00.000Z'),
        toMs: Date.parse('2026-01-15T13:00:00.000Z'),
        token: null,
      },
    ]);
  });

  it('is looked for until 90 days after the job’s end', async () => {
    const record = { ...JOB, state: 'failed', endedAt: '2025-10-01T00:00:00.000Z' } as const;
    const audit = createMemoryAudit([]);
    await read(audit, { record: { ...record, submittedAt: '2025-10-01T00:00:00.000Z' } });
    expect(audit.queries[0]?.toMs).toBe(Date.parse('2025-12-30T00:00:00.000Z'));
  });

  it('holds what still waits in the outbox, once', async () => {
    const record = { ...JOB, outbox: [at(1), at(2)] };
    const { records } = await read(createMemoryAudit([at(2), at(3)]), { record });
    expect(records.map(({ id }) => id)).toEqual(['at-1', 'at-2', 'at-3']);
  });
});

describe('the pages of an audit', () => {
  const seconds = [1, 2, 2.5, 3, 4, 5, 6];
  const whole = seconds.map((each) => `at-${each}`);

  it.each([1, 2, 3, 6, 7, 100])('of %i records hold every record once', async (limit) => {
    const audit = createMemoryAudit(seconds.flatMap((each) => [at(each), at(each)]));
    const pages = await readAll(audit, { limit });
    expect(pages.flat()).toEqual(whole);
    expect(pages).toHaveLength(Math.ceil(7 / limit));
  });

  it('hold every record once when all are of one instant', async () => {
    const held = ['a', 'b', 'c', 'd', 'e'].map((id) => at(1, { id }));
    const pages = await readAll(createMemoryAudit(held), { limit: 2 });
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('hold every record once however the audit cuts its own pages', async () => {
    for (const pageSize of [1, 2, 3]) {
      for (const emptyPages of [0, 1, 2, 7]) {
        const audit = createMemoryAudit(
          seconds.map((each) => at(each)),
          { pageSize, emptyPages },
        );
        const record = { ...JOB, outbox: [at(2.25), at(7)] };
        const pages = await readAll(audit, { limit: 2, record });
        expect(pages.flat()).toEqual(['at-1', 'at-2', 'at-2.25', ...whole.slice(2), 'at-7']);
      }
    }
  });

  it('cost at most three reads each, of which the audit takes five a second', async () => {
    const audit = createMemoryAudit([at(1)], { emptyPages: 10 });
    const { records, next } = await read(audit);
    expect([records, audit.queries.length]).toEqual([[], 3]);
    expect(next).toBeDefined();
  });

  it('end where the first one looked, whatever is recorded meanwhile', async () => {
    const held = [at(1), at(2)];
    const first = await read(createMemoryAudit(held), { limit: 1 });
    const later = at(3 * 3600, { id: 'later' });
    const second = await read(createMemoryAudit([...held, later]), { rawCursor: first.next });
    expect(second.records.map(({ id }) => id)).toEqual(['at-2']);
  });
});

describe('a cursor', () => {
  const good = {
    job: JOB.id,
    fromMs: Date.parse(START),
    toMs: Date.parse(START) + 1000,
    shown: ['a'],
    token: null,
  };

  it('is taken when it is of this job and its time', async () => {
    const { records } = await read(createMemoryAudit([at(1)]), {
      rawCursor: formatAuditCursor(good),
    });
    expect(records).toHaveLength(1);
  });

  it.each<readonly [string, string]>([
    ['no base64url of JSON', 'nonsense'],
    ['empty', ''],
    ['a list', Buffer.from('[]').toString('base64url')],
    ['null', Buffer.from('null').toString('base64url')],
    ['of another job', formatAuditCursor({ ...good, job: makeJobId() })],
    ['before the job', formatAuditCursor({ ...good, fromMs: 0 })],
    ['after now', formatAuditCursor({ ...good, toMs: Date.parse(START) + 86_400_000 })],
    ['backwards', formatAuditCursor({ ...good, toMs: good.fromMs - 1 })],
    ['of half a millisecond', formatAuditCursor({ ...good, fromMs: good.fromMs + 0.5 })],
    [
      'of too many ids',
      formatAuditCursor({ ...good, shown: Array.from({ length: 51 }, () => 'a') }),
    ],
    ['of long ids', formatAuditCursor({ ...good, shown: ['a'.repeat(65)] })],
    ['of a mark that is none', formatAuditCursor({ ...good, token: '' })],
    ['too long', formatAuditCursor({ ...good, token: 'x'.repeat(5_000) })],
  ])('is refused when it is %s', async (_name, rawCursor) => {
    const audit = createMemoryAudit([]);
    const problem = await refusal(read(audit, { rawCursor }));
    expect(problem).toMatchObject({
      code: 'invalid_request',
      detail: 'The query parameter next is no cursor of this job’s audit. Begin without it.',
    });
    expect(audit.queries).toEqual([]);
  });
});

describe('who may read the audit of a job', () => {
  const find = (caller: typeof ANALYST) => {
    const { records } = createBrowsing(JOB);
    return findAuditedJob({ caller, rawJobId: JOB.id, deadline: FAR }, records);
  };

  it('is its submitter', async () => {
    expect((await find(ANALYST)).decision).toEqual({ kind: 'allow', rule: 'own-job' });
  });

  it('is anyone with audit:read, who need not see the job', async () => {
    const auditor = { ...OUTSIDER, scopes: ['jobs:read', 'audit:read'] };
    expect((await find(auditor)).decision).toEqual({ kind: 'allow', rule: 'audit:read' });
  });

  it('is nobody else: the job is not found', async () => {
    const problem = await refusal(find(OUTSIDER));
    expect(problem).toMatchObject({ code: 'job_not_found', extras: {} });
    expect(findGround(problem)).toMatchObject({ rule: 'own-job', missing: ['scope audit:read'] });
  });

  it('is not one who only sees it, and who is told so', async () => {
    const problem = await refusal(find(ADMIN));
    expect(problem).toMatchObject({
      code: 'insufficient_scope',
      detail:
        'You are ada. You may see this job; to read its audit you need scope audit:read. Your token gives jobs:read, jobs:admin. Ask for more where you got it, https://issuer.example, or the operators of this API.',
      extras: {
        job: JOB.id,
        missing: ['scope audit:read'],
        caller: { subject: 'ada', closestRule: 'own-job' },
      },
    });
  });
});
