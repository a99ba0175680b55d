import { describe, expect, it } from 'vitest';
import { createBrowsing } from '../../support/browsing.ts';
import { makeAuditRecord } from '../../support/audit-records.ts';
import { START } from '../../support/clock.ts';
import { makeRecord } from '../../support/job-records.ts';
import { createSubmitting, JOB, REFUSED, TIMEOUT } from '../../support/submitting.ts';

const ids = (entries: readonly { readonly id: string }[] | undefined): readonly string[] =>
  (entries ?? []).map((entry) => entry.id);

describe('the audit record of a submission', () => {
  it('is put with the job’s record before Dataproc is called, and taken off once the audit has it', async () => {
    const bench = createSubmitting();
    const seen: (readonly string[])[] = [];
    const submit = bench.gateway.submit.bind(bench.gateway);
    bench.gateway.submit = (submission) => {
      seen.push(ids(bench.stored()?.outbox));
      return submit(submission);
    };
    await bench.submit();
    expect(seen).toEqual([['decision-1']]);
    expect(bench.stored()?.outbox).toEqual([]);
    expect(bench.audit.records).toEqual([
      makeAuditRecord({ id: 'decision-1', jobId: JOB, replayed: false }),
    ]);
  });

  it('stays on the item when the audit does not take it, and the job starts all the same', async () => {
    const bench = createSubmitting();
    bench.audit.setDown(true);
    const { record } = await bench.submit();
    expect(record.state).toBe('queued');
    expect(bench.gateway.jobs()).toHaveLength(1);
    expect(ids(bench.stored()?.outbox)).toEqual(['decision-1']);
  });

  it('stays on the item when the start is lost, though the audit has it: it is there twice, with one id', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(TIMEOUT, 'worked');
    await bench.refuse();
    expect(ids(bench.stored()?.outbox)).toEqual(['decision-1']);
    expect(ids(bench.audit.records)).toEqual(['decision-1']);
  });

  it('stays on the item of a job that Dataproc refused', async () => {
    const bench = createSubmitting();
    bench.audit.setDown(true);
    bench.gateway.failNextSubmit(REFUSED, 'not-worked');
    await bench.refuse();
    expect(bench.stored()).toMatchObject({ state: 'failed', outbox: [{ id: 'decision-1' }] });
  });
});

describe('a repeated submission', () => {
  it('is recorded too', async () => {
    const bench = createSubmitting();
    await bench.submit();
    await bench.submit();
    expect(bench.audit.records.map(({ id, replayed }) => [id, replayed])).toEqual([
      ['decision-1', false],
      ['decision-of-replay', true],
    ]);
    expect(bench.stored()).toMatchObject({ version: 2, outbox: [] });
  });

  it('is recorded on the item when the audit is down, and answered', async () => {
    const bench = createSubmitting();
    await bench.submit();
    bench.audit.setDown(true);
    const { replayed, record } = await bench.submit();
    expect([replayed, record.state]).toEqual([true, 'queued']);
    expect(ids(bench.stored()?.outbox)).toEqual(['decision-of-replay']);
  });

  it('is recorded on an item that another writer changes at the same time', async () => {
    const bench = createSubmitting();
    await bench.submit();
    bench.audit.setDown(true);
    const replace = bench.records.replace.bind(bench.records);
    bench.records.replace = async (record, deadline) => {
      bench.records.replace = replace;
      await replace({ ...record, state: 'running', outbox: [] }, deadline);
      return replace(record, deadline);
    };
    const { record } = await bench.submit();
    expect(record.state).toBe('running');
    expect(bench.stored()).toMatchObject({
      state: 'running',
      version: 4,
      outbox: [{ id: 'decision-of-replay' }],
    });
  });

  it('is refused with 503 when the item holds as many waiting records as it may', async () => {
    const bench = createSubmitting();
    await bench.submit();
    bench.audit.setDown(true);
    for (let repetition = 1; repetition <= 10; repetition += 1) await bench.submit();
    const problem = await bench.refuse();
    expect(problem).toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'audit', retryAfter: 5 },
    });
    expect(bench.stored()?.outbox).toHaveLength(10);
  });

  it('delivers what was left, once the request that left it cannot be at work any more', async () => {
    const bench = createSubmitting();
    bench.audit.setDown(true);
    await bench.submit();
    bench.audit.setDown(false);
    bench.clock.advance(29_999);
    await bench.submit();
    expect(ids(bench.stored()?.outbox)).toEqual(['decision-1']);
    bench.clock.advance(1);
    const { record } = await bench.submit();
    expect(record.outbox).toEqual([]);
    expect(bench.stored()?.outbox).toEqual([]);
    expect(ids(bench.audit.records)).toEqual([
      'decision-of-replay',
      'decision-of-replay',
      'decision-1',
    ]);
  });

  it('of an unfinished one loses neither record when the audit is down all the time', async () => {
    const bench = createSubmitting();
    bench.audit.setDown(true);
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    const { record } = await bench.submit();
    expect(record.state).toBe('queued');
    expect(ids(bench.stored()?.outbox)).toEqual(['decision-1', 'decision-of-replay']);
  });

  it('that notes something on an unfinished record does not hide that the job was started', async () => {
    const bench = createSubmitting();
    bench.audit.setDown(true);
    const submit = bench.gateway.submit.bind(bench.gateway);
    bench.gateway.submit = async (submission) => {
      const outcome = await submit(submission);
      const record = bench.stored();
      if (record !== undefined) {
        bench.records.seed({
          ...record,
          version: record.version + 1,
          outbox: [...record.outbox, makeAuditRecord({ id: 'decision-of-replay' })],
        });
      }
      return outcome;
    };
    const { record } = await bench.submit();
    expect(record).toMatchObject({ state: 'queued', version: 3 });
    expect(ids(bench.stored()?.outbox)).toEqual(['decision-1', 'decision-of-replay']);
  });
});

describe('a look at a job', () => {
  const outbox = [makeAuditRecord({ id: 'a' }), makeAuditRecord({ id: 'b' })];

  it('delivers what is left on the item before it writes the record anew', async () => {
    const bench = createBrowsing(makeRecord({ outbox }), { state: 'running' });
    bench.clock.advance(60_000);
    const shown = await bench.get(bench.records.all()[0]?.id);
    expect(shown).toMatchObject({ state: 'running', version: 2, outbox: [] });
    expect(ids(bench.audit.records)).toEqual(['a', 'b']);
    expect(bench.records.all()).toEqual([shown]);
  });

  it('keeps on the item what cannot be delivered', async () => {
    const bench = createBrowsing(makeRecord({ outbox }), { state: 'running' });
    bench.audit.setDown(true);
    bench.clock.advance(60_000);
    const shown = await bench.get(bench.records.all()[0]?.id);
    expect(shown).toMatchObject({ state: 'running', version: 2, outbox });
  });

  it('delivers what is left on the item of a job that has ended, since no write will follow', async () => {
    const bench = createBrowsing(makeRecord({ state: 'succeeded', endedAt: START, outbox }));
    bench.clock.advance(60_000);
    await bench.get(bench.records.all()[0]?.id);
    expect(ids(bench.audit.records)).toEqual(['a', 'b']);
    expect(bench.records.all()).toMatchObject([{ state: 'succeeded', version: 2, outbox: [] }]);
    expect(bench.gateway.looks).toEqual([]);
  });
});
