import { describe, expect, it } from 'vitest';
import { parseBatchFilter } from '../../../../local/google/dataproc/batch-filter.ts';
import { sampleBatch } from './sample-batch.ts';

const early = sampleBatch('early', '2026-11-21T10:00:00Z');
const late = sampleBatch('late', '2026-11-21T12:00:00Z');
late.starts(new Date('2026-11-21T12:00:05Z'));

function matching(filter: string): readonly string[] {
  return [early, late].filter(parseBatchFilter(filter)).map((batch) => batch.request.batchId);
}

describe('the filter of ListBatches', () => {
  it.each([
    ['', ['early', 'late']],
    ['state = RUNNING', ['late']],
    ['state != RUNNING', ['early']],
    ['batch_id = "early"', ['early']],
    ['batch_id=early OR batch_id=late', ['early', 'late']],
    ['state = RUNNING and create_time < "2023-01-01T00:00:00Z"', []],
    ['create_time > 2026-11-21T11:00:00Z', ['late']],
    ['create_time <= "2026-11-21T10:00:00Z"', ['early']],
    ['NOT (state = RUNNING)', ['early']],
    ['batch_id = early AND state = RUNNING OR state = PENDING', ['early']],
    [`batch_uuid = ${late.uuid}`, ['late']],
  ])('%j matches %j', (filter, batches) => {
    expect(matching(filter)).toEqual(batches);
  });

  it.each([
    [
      'labels.team = a',
      'Invalid filter: "labels.team" is not one of batch_id, batch_uuid, state, create_time.',
    ],
    ['state', 'Invalid filter: it ends too early.'],
    ['state > RUNNING', 'Invalid filter: state cannot be compared with >.'],
    ['create_time > yesterday', 'Invalid filter: "yesterday" is not an RFC 3339 time.'],
    ['(state = RUNNING', 'Invalid filter: it ends too early.'],
    ['state = RUNNING)', 'Invalid filter: ")" is not expected there.'],
    ['state = "RUNNING', 'Invalid filter: " \\"RUNNING" is not understood.'],
  ])('%j is refused', (filter, message) => {
    expect(() => parseBatchFilter(filter)).toThrow(message);
  });

  it.each(['('.repeat(60), 'NOT '.repeat(60), 'a'.repeat(4001)])('%j is too much', (filter) => {
    expect(() => parseBatchFilter(filter)).toThrow(/nested too deeply|longer than 4000/);
  });
});

describe('the filter of ListBatches with labels', () => {
  const labelled = sampleBatch('labelled', '2026-11-21T13:00:00Z', { team: 'a', empty: '' });
  const batches = [early, labelled];

  it.each([
    ['labels.team = a', ['labelled']],
    ['labels.team = "b"', []],
    ['labels.team:*', ['labelled']],
    ['labels.empty:*', ['labelled']],
    ['NOT labels.team:*', ['early']],
    ['labels.team != a', ['early']],
    ['labels.toString:*', []],
  ])('%j matches %j', (filter, ids) => {
    const matches = parseBatchFilter(filter, { labels: true });
    expect(batches.filter(matches).map((batch) => batch.request.batchId)).toEqual(ids);
  });

  it('does not order labels', () => {
    expect(() => parseBatchFilter('labels.team > a', { labels: true })).toThrow(
      'Invalid filter: labels.team cannot be compared with >.',
    );
  });
});
