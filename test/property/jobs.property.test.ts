import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalize, fingerprint } from '../../shared/jobs/canonical-json.ts';
import { deriveJobId, parseJobId } from '../../shared/jobs/job.ts';
import { toUpstreamLabels } from '../../shared/jobs/labels.ts';
import { readLog } from '../../shared/jobs/output.ts';
import { linkFile } from '../../shared/jobs/result.ts';
import { submitJob } from '../../shared/jobs/submit.ts';
import { Problem, toProblem } from '../../shared/problem.ts';
import type { AuditRecord } from '../../shared/policy/audit-record.ts';
import { makeAuditRecord } from '../support/audit-records.ts';
import { ANALYST } from '../support/callers.ts';
import { createClock, FAR } from '../support/clock.ts';
import { createGuardRecorder } from '../support/guards.ts';
import { makeRecord } from '../support/job-records.ts';
import { createMemoryGateway } from '../support/memory-gateway.ts';
import { createMemoryRecords } from '../support/memory-records.ts';
import { createMemoryStorage } from '../support/memory-storage.ts';
import { ANALYTICS } from '../support/targets.ts';
import { TIDY } from '../support/templates.ts';

const { now } = createClock();
const ACCESS = { account: 'reader', deadline: FAR };

/** Bytes cut into parts of any size, whatever characters lie there. */
function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (const size of sizes) {
    if (start >= bytes.length) break;
    parts.push(bytes.subarray(start, start + size));
    start += size;
  }
  if (start < bytes.length) parts.push(bytes.subarray(start));
  return parts;
}

describe('the pages of a log', () => {
  const prefix = 'gs://stage/driveroutput';
  const record = makeRecord({ state: 'running', driverOutputUri: prefix });
  const logs = fc.record({
    text: fc.string({ unit: 'binary', maxLength: 300 }),
    sizes: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }),
    limits: fc.array(fc.integer({ min: 4, max: 64 }), { minLength: 1, maxLength: 10 }),
    ended: fc.boolean(),
  });

  it('joined give every byte, whatever the parts and the pages are', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async ({ text, sizes, limits, ended }) => {
        const storage = createMemoryStorage();
        const bytes = Buffer.from(text);
        const parts = [...cut(bytes, sizes), ...(ended ? [Buffer.alloc(0)] : [])];
        for (const [index, part] of parts.entries()) {
          storage.put(`${prefix}.${String(index).padStart(9, '0')}`, part);
        }
        let [cursor, content, pages, end] = [0, '', 0, false];
        while (cursor < bytes.length) {
          const limitBytes = limits[pages % limits.length] ?? 64;
          const page = await readLog(
            record,
            { cursor, limitBytes },
            { storage, access: ACCESS, now },
          );
          expect(page.next).toBeGreaterThan(cursor);
          expect(page.next - cursor).toBeLessThanOrEqual(limitBytes);
          [cursor, content, end] = [page.next, content + page.content, page.end];
          pages += 1;
        }
        expect(Buffer.from(content).equals(bytes)).toBe(true);
        if (bytes.length > 0) expect(end).toBe(ended);
      }),
    );
  });

  it('never stand still over bytes that are no text', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.integer({ min: 4, max: 20 }), async (content, limitBytes) => {
        const storage = createMemoryStorage();
        storage.put(`${prefix}.000000000`, content);
        storage.put(`${prefix}.000000001`, new Uint8Array());
        let cursor = 0;
        while (cursor < content.length) {
          const page = await readLog(
            record,
            { cursor, limitBytes },
            { storage, access: ACCESS, now },
          );
          expect(page.next).toBeGreaterThan(cursor);
          cursor = page.next;
        }
      }),
    );
  });
});

describe('a link', () => {
  it('never leads out of the job’s own output', async () => {
    const paths = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('..', '.', '', 'secret', '%2e%2e', '\\'), { maxLength: 6 })
        .map((parts) => parts.join('/')),
    );
    const record = makeRecord({ state: 'succeeded' });
    const storage = createMemoryStorage();
    storage.put('gs://results/secret', Buffer.from('x'));
    storage.put('gs://results/tidy/secret', Buffer.from('x'));
    await fc.assert(
      fc.asyncProperty(paths, async (path) => {
        const work = linkFile(record, path, { storage, access: ACCESS });
        expect(await work.then(() => undefined, toProblem)).toMatchObject({
          code: 'file_not_found',
        });
      }),
    );
  });
});

describe('the canonical form', () => {
  it('holds the same value', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        const again: unknown = JSON.parse(canonicalize(value));
        expect(JSON.stringify(again, sortMembers)).toBe(JSON.stringify(value, sortMembers));
        expect(canonicalize(again)).toBe(canonicalize(value));
      }),
    );
  });

  it('does not depend on the order of members', () => {
    const members = fc.uniqueArray(fc.tuple(fc.string(), fc.jsonValue()), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(members, (entries) => {
        const forward = Object.fromEntries(entries);
        const backward = Object.fromEntries([...entries].reverse());
        expect(fingerprint(forward)).toBe(fingerprint(backward));
      }),
    );
  });
});

/** A replacer that puts the members of every object in order. */
function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

describe('what a batch is called', () => {
  const words = fc.string({ unit: 'binary', maxLength: 100 });

  it('is always a job id', () => {
    fc.assert(
      fc.property(words, words, words, words, (subject, actor, template, idempotencyKey) => {
        const identity = { deployment: 'd', issuer: 'i', subject, actor, template, idempotencyKey };
        expect(parseJobId(deriveJobId(identity))).toBeDefined();
        expect(deriveJobId(identity)).not.toBe(deriveJobId({ ...identity, actor: null }));
      }),
    );
  });

  it('has labels that Dataproc takes', () => {
    fc.assert(
      fc.property(words, words, (issuer, subject) => {
        const record = makeRecord({ submittedBy: { issuer, subject, client: 'c', actor: null } });
        const labels = Object.entries(toUpstreamLabels(record, 'jobgate-prod')).flat();
        expect(labels.filter((label) => !/^[a-z][a-z0-9_-]{0,62}$/.test(label))).toEqual([]);
      }),
    );
  });
});

describe('a submission that is repeated until it succeeds', () => {
  const failures = fc.array(
    fc.record({
      code: fc.constantFrom('upstream_timeout', 'upstream_error', 'upstream_unavailable'),
      worked: fc.constantFrom('worked', 'not-worked'),
      at: fc.constantFrom('submit', 'find', 'replace'),
      auditDown: fc.boolean(),
    }),
    { maxLength: 8 },
  );

  it('starts exactly one job and records every answer, whatever was lost before', async () => {
    await fc.assert(
      fc.asyncProperty(failures, async (planned) => {
        const gateway = createMemoryGateway();
        const records = createMemoryRecords();
        const { guard, records: audited, setDown } = createGuardRecorder();
        const answered: string[] = [];
        let requests = 0;
        const replace = records.replace.bind(records);
        const submit = async (): Promise<string> => {
          const id = `request-${(requests += 1)}`;
          const describe = (): AuditRecord => makeAuditRecord({ id });
          const result = await submitJob(
            { ...REQUEST, describe },
            {
              deployment: 'jobgate-prod',
              target: ANALYTICS,
              gateway,
              records,
              record: guard.record,
              now: createClock().now,
              onRecorded: () => undefined,
            },
          );
          answered.push(id);
          return result.record.state;
        };
        for (const { code, worked, at, auditDown } of planned) {
          setDown(auditDown);
          const problem = new Problem(code, 'lost');
          if (at === 'submit') gateway.failNextSubmit(problem, worked);
          if (at === 'find') gateway.failNextFind(problem);
          records.replace = async (record, deadline) => {
            records.replace = replace;
            if (at !== 'replace') return replace(record, deadline);
            if (worked === 'worked') await replace(record, deadline);
            throw problem;
          };
          const outcome = await submit().catch((error: unknown) => toProblem(error).code);
          expect(['queued', code]).toContain(outcome);
        }
        records.replace = replace;
        const last = await submit().catch(() => submit());
        expect(last).toBe('queued');
        expect(gateway.jobs()).toHaveLength(1);
        expect(records.all()).toHaveLength(1);
        const counters = (records.all()[0]?.holds ?? []).map(({ key }) => key);
        const usage = await records.findUsage(counters, FAR);
        expect(counters.map((key) => usage.get(key)?.count)).toEqual([1, 1, 1]);
        const kept = [...audited, ...(records.all()[0]?.outbox ?? [])].map((entry) => entry.id);
        expect(answered.filter((id) => !kept.includes(id))).toEqual([]);
      }),
    );
  });
});

const REQUEST = {
  caller: ANALYST,
  template: TIDY,
  parameters: { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 10, note: '' },
  labels: {},
  maxRuntimeSeconds: 900,
  cost: null,
  retryOf: null,
  limits: TIDY.limits,
  idempotencyKey: 'key-1',
  rawBody: { template: 'tidy' },
  correlationId: 'correlation-1',
  deadline: FAR,
  tellsUsage: false,
};
