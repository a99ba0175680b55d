import { describe, expect, it } from 'vitest';
import type { JobRecords } from '../../shared/jobs/ports.ts';
import { FAR } from '../support/clock.ts';
import { makeJobId, makeRecord } from '../support/job-records.ts';
import { describeLimitCounters } from './limit-counters.ts';

/** Holds every implementation of {@link JobRecords} to the same behaviour; `deadline` bounds each call. */
export function describeJobRecords(
  name: string,
  open: () => JobRecords,
  deadline: () => Date = () => FAR,
): void {
  describe(`the job records ${name}`, () => {
    it('know nothing of a record that was not put', async () => {
      expect(await open().find(makeJobId(), deadline())).toBeUndefined();
    });

    it('give back exactly what was put', async () => {
      const records = open();
      const record = makeRecord({
        parameters: {
          text: 'ü€\u{1f600}"\\\n\u0000',
          nested: { list: [1, null, true, {}] },
          empty: '',
        },
        labels: { team: 'blue' },
        error: {
          class: 'platform',
          code: 'job_lost',
          message: 'gone',
          retryable: true,
          logTail: [],
        },
        expiresAtSeconds: 4_102_444_800,
      });
      expect(await records.putIfAbsent(record, deadline())).toEqual({ kind: 'created' });
      expect(await records.find(record.id, deadline())).toEqual(record);
    });

    it('keep the first record of an id and show it to the second writer', async () => {
      const records = open();
      const first = makeRecord({ correlationId: 'correlation-first' });
      const second = { ...first, correlationId: 'correlation-second' };
      await records.putIfAbsent(first, deadline());
      expect(await records.putIfAbsent(second, deadline())).toEqual({
        kind: 'exists',
        record: first,
      });
      expect(await records.find(first.id, deadline())).toEqual(first);
    });

    it('show the first record of an id to a second writer whose record is just the same', async () => {
      const records = open();
      const record = makeRecord();
      expect(await records.putIfAbsent(record, deadline())).toEqual({ kind: 'created' });
      const again = await records.putIfAbsent(record, deadline());
      expect(again).toEqual({ kind: 'exists', record });
    });

    it('let one of several writers of an id be the first', async () => {
      const records = open();
      const id = makeJobId();
      const writers = Array.from({ length: 8 }, (_, index) =>
        makeRecord({ id, correlationId: `correlation-${index}` }),
      );
      const outcomes = await Promise.all(
        writers.map((record) => records.putIfAbsent(record, deadline())),
      );
      const created = outcomes.findIndex((outcome) => outcome.kind === 'created');
      expect(outcomes.filter((outcome) => outcome.kind === 'created')).toHaveLength(1);
      expect(await records.find(id, deadline())).toEqual(writers[created]);
    });

    it('replace the version before', async () => {
      const records = open();
      const record = makeRecord();
      await records.putIfAbsent(record, deadline());
      const next = { ...record, version: 2, state: 'running' as const };
      expect(await records.replace(next, deadline())).toBe('replaced');
      expect(await records.find(record.id, deadline())).toEqual(next);
    });

    it.each([
      ['the same version', 1],
      ['a version too far', 3],
    ])('refuse %s as a conflict and change nothing', async (_name, version) => {
      const records = open();
      const record = makeRecord();
      await records.putIfAbsent(record, deadline());
      const next = { ...record, version, state: 'failed' as const };
      expect(await records.replace(next, deadline())).toBe('conflict');
      expect(await records.find(record.id, deadline())).toEqual(record);
    });

    it('refuse to replace what is not there', async () => {
      const records = open();
      const record = makeRecord({ version: 2 });
      expect(await records.replace(record, deadline())).toBe('conflict');
      expect(await records.find(record.id, deadline())).toBeUndefined();
    });

    describeLimitCounters(open, deadline);

    it('let one of several writers of a version be the first', async () => {
      const records = open();
      const record = makeRecord();
      await records.putIfAbsent(record, deadline());
      const writers = Array.from({ length: 8 }, (_, index) => ({
        ...record,
        version: 2,
        reason: `writer-${index}`,
      }));
      const outcomes = await Promise.all(writers.map((next) => records.replace(next, deadline())));
      expect(outcomes.filter((outcome) => outcome === 'replaced')).toHaveLength(1);
      const winner = writers[outcomes.indexOf('replaced')];
      expect(await records.find(record.id, deadline())).toEqual(winner);
    });
  });
}
