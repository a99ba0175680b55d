import { parseJobId, type JobId } from '../jobs/job.ts';
import type { CounterPage, DuePage, DueRecord, PageMark } from '../jobs/ports.ts';
import { toMembers } from './attribute-value.ts';
import { callDynamoDb, contradiction, type DynamoDbOptions } from './call.ts';
import { readHolders } from './counter-item.ts';
import { DUE_COUNTER, DUE_JOB, parseDueItem } from './due-item.ts';

/** The index, which holds the items that have `due`. Source: resources/table.yml. */
const INDEX = 'due';

/** Entries that one page looks at, of less than 1 kB each; fewer where counters are so large that they make 1 MB. */
const PAGE_ENTRIES = 1_000;

/** Lists the records that are due; the index may be a moment behind the table. */
export async function listDue(
  options: DynamoDbOptions,
  after: PageMark,
  deadline: Date,
): Promise<DuePage> {
  const page = await query(options, { after, deadline }, toCondition(DUE_JOB));
  const records: DueRecord[] = [];
  const unread: JobId[] = [];
  for (const item of page.items) {
    const id = parseJobId(readKey(item));
    // A key that is no job's was put there by hand: nobody can ask for such a job.
    if (id === undefined) continue;
    const record = parseDueItem(id, item);
    if (record === undefined) unread.push(id);
    else records.push(record);
  }
  return { records, unread, next: page.next };
}

/** Lists the counters of jobs at a time that hold any; the index may be a moment behind the table. */
export async function listCounters(
  options: DynamoDbOptions,
  after: PageMark,
  deadline: Date,
): Promise<CounterPage> {
  const FilterExpression = 'attribute_exists(holders)';
  const condition = { ...toCondition(DUE_COUNTER), FilterExpression };
  const page = await query(options, { after, deadline }, condition);
  const counters = page.items.map((item) => ({ key: readKey(item), holders: readHolders(item) }));
  return { counters: counters.filter(({ holders }) => holders.length > 0), next: page.next };
}

function toCondition(partition: string): object {
  return {
    KeyConditionExpression: 'due = :due',
    ExpressionAttributeValues: { ':due': { S: partition } },
  };
}

/** Reads one page. Source: DynamoDB API reference, Query. */
async function query(
  options: DynamoDbOptions,
  { after, deadline }: { readonly after: PageMark; readonly deadline: Date },
  condition: object,
): Promise<{ readonly items: readonly unknown[]; readonly next: PageMark }> {
  const body = {
    TableName: options.table,
    IndexName: INDEX,
    ...condition,
    Limit: PAGE_ENTRIES,
    ...(after === null ? {} : { ExclusiveStartKey: JSON.parse(after) as unknown }),
  };
  const answer = await callDynamoDb(options, { operation: 'Query', body, deadline });
  if (answer.kind !== 'done') throw contradiction();
  const items = answer.members.get('Items');
  const last = answer.members.get('LastEvaluatedKey');
  return {
    items: Array.isArray(items) ? items : [],
    next: last === undefined ? null : JSON.stringify(last),
  };
}

function readKey(item: unknown): string {
  const key = toMembers(toMembers(item).get('jobId')).get('S');
  return typeof key === 'string' ? key : '';
}
