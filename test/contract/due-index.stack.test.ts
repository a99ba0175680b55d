import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toItem } from '../../shared/records/item.ts';
import { readAllDue } from '../support/correct-counters.ts';
import { soon } from '../support/deployed-app.ts';
import { makeJobId, makeRecord } from '../support/job-records.ts';
import { createOwnTable, type OwnTable } from '../support/own-table.ts';

let table: OwnTable;

beforeAll(async () => {
  table = await createOwnTable();
});

afterAll(async () => {
  await table.drop();
});

const QUERY = {
  IndexName: 'due',
  KeyConditionExpression: 'due = :due',
  ExpressionAttributeValues: { ':due': { S: 'job' } },
};

/** Writes items as they are, 25 a call. Source: DynamoDB API reference, BatchWriteItem. */
async function write(items: readonly object[]): Promise<void> {
  for (let start = 0; start < items.length; start += 25) {
    const puts = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
    await table.call('BatchWriteItem', { RequestItems: { [table.name]: puts } });
  }
}

describe('the index of what is due', () => {
  it('shows of a record its key and what the sweep must know, never a parameter', async () => {
    const record = makeRecord();
    await table.records.putIfAbsent(record, soon());
    const { Items } = await table.call('Query', QUERY);
    const { jobId, due, brief } = toItem(record);
    expect(Items).toEqual([{ jobId, due, brief }]);
    await table.hands.removeRecord(record.id);
  });

  it('cannot be read consistently, so that nothing may be decided by it', async () => {
    await expect(table.call('Query', { ...QUERY, ConsistentRead: true })).rejects.toThrow(
      'Consistent reads are not supported on global secondary indexes',
    );
  });

  it('is listed to its end, each record once, over several pages, with what cannot be read beside', async () => {
    const records = Array.from({ length: 2_100 }, () => makeRecord());
    const strange = { jobId: { S: makeJobId() }, due: { S: 'job' }, brief: { S: '{"version":9}' } };
    const noJob = { jobId: { S: 'no job' }, due: { S: 'job' } };
    await write([...records.map(toItem), strange, noJob]);
    const listed = await readAllDue(table.records, soon());
    expect(listed.map(({ id }) => id)).toEqual(records.map(({ id }) => id).sort());
    const first = await table.records.listDue(null, soon());
    expect(first.records.length + first.unread.length).toBe(1_000);
    const second = await table.records.listDue(first.next, soon());
    const third = await table.records.listDue(second.next, soon());
    const unread = [first, second, third].flatMap((page) => page.unread);
    expect(unread).toEqual([strange.jobId.S]);
    expect(third.next).toBeNull();
  });
});
