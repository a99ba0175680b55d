import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import type { LimitHold } from '../../../shared/jobs/limit-hold.ts';
import { toDueRecord } from '../../../shared/jobs/due.ts';
import { parseDueItem } from '../../../shared/records/due-item.ts';
import { parseItem, toItem } from '../../../shared/records/item.ts';
import { makeAuditRecord } from '../../support/audit-records.ts';
import { START } from '../../support/clock.ts';
import { makeRecord } from '../../support/job-records.ts';

const ENDED: JobRecord = makeRecord({
  state: 'succeeded',
  endedAt: START,
  history: [
    { state: 'queued', at: START },
    { state: 'succeeded', at: START },
  ],
  announced: ['queued', 'succeeded'],
  expiresAtSeconds: 1_776_254_400,
});

describe('an item of the table', () => {
  it('is in the index, and has no time to live, while the job has not ended', () => {
    const item = toItem(makeRecord({ announced: ['queued'], expiresAtSeconds: 1_776_254_400 }));
    expect(item).toMatchObject({ due: { S: 'job' } });
    expect(item).not.toHaveProperty('expiresAtSeconds');
  });

  it('leaves the index, and goes with time, once nothing of the job is left to be done', () => {
    const item = toItem(ENDED);
    expect(item).toMatchObject({ expiresAtSeconds: { N: '1776254400' } });
    expect(item).not.toHaveProperty('due');
    expect(item).not.toHaveProperty('brief');
  });

  it.each([
    ['its end is still to be announced', { announced: ['queued'] as const }],
    ['an audit record is still to be delivered', { outbox: [makeAuditRecord()] }],
  ])('stays in the index, and does not go with time, while %s', (_name, changes) => {
    const item = toItem({ ...ENDED, ...changes });
    expect(item).toMatchObject({ due: { S: 'job' } });
    expect(item).not.toHaveProperty('expiresAtSeconds');
  });

  it('shows in the index what the sweep has to know, and nothing else', () => {
    const hold: LimitHold = { limit: 'concurrent-per-caller', key: 'limit#caller#a', most: 2 };
    const record = makeRecord({ version: 3, state: 'running', startedAt: START, holds: [hold] });
    const { brief } = toItem(record);
    expect(JSON.parse(brief !== undefined && 'S' in brief ? brief.S : '')).toEqual({
      state: 'running',
      waitReason: 'provisioning',
      target: 'analytics',
      submittedAt: START,
      startedAt: START,
      checkedAt: START,
      maxRuntimeSeconds: 1800,
      mostMilliDcu: null,
      missingSince: null,
      holds: [hold],
      unannounced: true,
      undelivered: false,
    });
    expect(parseDueItem(record.id, { brief })).toEqual(toDueRecord(record));
  });

  it('takes less than one write unit in the index, however long its names are', () => {
    const record = makeRecord({
      version: 1_000_000,
      state: 'submitting',
      waitReason: 'r'.repeat(40),
      target: { name: 't'.repeat(63), kind: 'batch', project: 'acme', region: 'us-central1' },
      startedAt: START,
      maxRuntimeSeconds: 1_209_600,
      holds: [
        { limit: 'runs-per-day', key: `limit#day#2026-01-15#${'f'.repeat(32)}`, most: 100_000 },
        { limit: 'concurrent-per-caller', key: `limit#caller#${'f'.repeat(32)}`, most: 1_000 },
        { limit: 'concurrent-per-template', key: `limit#template#${'n'.repeat(41)}`, most: 1_000 },
      ],
    });
    const { jobId, due, brief } = toItem(record);
    const entry = Object.entries({ jobId, due, brief });
    const bytes = entry.map(([name, value]) => name.length + (value as { S: string }).S.length);
    expect(bytes.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(1_024);
  });

  it('that was written before states were announced has announced none', () => {
    const { announced, ...document } = ENDED;
    expect(announced).toHaveLength(2);
    const record = parseItem({ document: { S: JSON.stringify(document) } });
    expect(record.announced).toEqual([]);
  });
});

describe('an entry of the index', () => {
  const record = makeRecord();
  const { id, ...brief } = toDueRecord(record) ?? { id: record.id };
  const write = (changes: object): unknown => ({
    brief: { S: JSON.stringify({ ...brief, ...changes }) },
  });

  it.each([
    ['without a brief', {}],
    ['whose brief is no text', { brief: { N: '1' } }],
    ['whose brief is no JSON', { brief: { S: '{' } }],
    ['whose brief is no object', { brief: { S: 'null' } }],
    ['with a state that there is not', write({ state: 'resting' })],
    ['with a time that is no number', write({ maxRuntimeSeconds: '1' })],
    ['with an instant that is none', write({ checkedAt: 'yesterday' })],
    ['that started at no instant', write({ startedAt: 0 })],
    ['with holds that are no list', write({ holds: {} })],
    ['with a hold that is none', write({ holds: [null] })],
    ['without what a later version may leave out', write({ undelivered: undefined })],
  ])('%s is not read, and does no harm', (_name, item) => {
    expect(parseDueItem(id, item)).toBeUndefined();
    expect(parseDueItem(id, { ...(item as object), ...(write({}) as object) })).toBeDefined();
  });
});
