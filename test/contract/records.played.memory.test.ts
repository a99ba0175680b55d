import type { DynamoDbOptions } from '../../shared/records/call.ts';
import { createDynamoDbRecords } from '../../shared/records/dynamodb.ts';
import { createDynamoDbSweepRecords } from '../../shared/records/sweep.ts';
import { FAR } from '../support/clock.ts';
import type { Hands } from '../support/hands.ts';
import type { Item } from '../support/world/attributes.ts';
import { startCloud } from '../support/world/cloud.ts';
import { NO_FAULTS } from '../support/world/faults.ts';
import { createNetwork } from '../support/world/network.ts';
import { createPlainSchedule } from '../support/world/schedule.ts';
import type { Table } from '../support/world/table.ts';
import { describeDamagedCounters, type LaggingBench } from './damaged-counters.ts';
import { describeJobRecords } from './job-records.ts';
import { describeSweepRecords } from './sweep-records.ts';

/** The adapter over an empty DynamoDB that is played, and that table. */
function open(pageEntries?: number): { readonly options: DynamoDbOptions; readonly table: Table } {
  const schedule = createPlainSchedule();
  const cloud = startCloud(schedule, pageEntries === undefined ? {} : { pageEntries });
  const { send, sleep } = createNetwork({
    schedule,
    cloud,
    plan: NO_FAULTS,
    tripMs: () => 1,
    note: () => undefined,
    endsAt: () => FAR,
  });
  const credentials = { accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't' };
  const options: DynamoDbOptions = {
    table: 'jobs',
    region: 'us-east-1',
    endpoint: null,
    credentials: () => credentials,
    send,
    now: schedule.now,
    sleep,
  };
  return { options, table: cloud.dynamodb.table };
}

function createHands(table: Table): Hands {
  const set = (key: string, item: Item | undefined): Promise<void> => {
    table.set(key, item === undefined ? undefined : { jobId: { S: key }, ...item });
    return Promise.resolve();
  };
  return {
    removeRecord: (jobId) => set(jobId, undefined),
    setHolders: (key, ids) =>
      set(key, ids.length === 0 ? undefined : { holders: { SS: ids }, due: { S: 'counter' } }),
    setRuns: (key, count) =>
      set(key, count === undefined ? undefined : { runs: { N: String(count) } }),
  };
}

function openBench(pageEntries: number): LaggingBench {
  const { options, table } = open(pageEntries);
  return {
    records: createDynamoDbSweepRecords(options),
    hands: createHands(table),
    holdIndex: () => {
      table.holdIndexes();
    },
    releaseIndex: () => {
      table.releaseIndexes();
    },
  };
}

describeJobRecords('in the played DynamoDB', () => createDynamoDbRecords(open().options));
describeSweepRecords('in the played DynamoDB', () => openBench(1));
describeDamagedCounters('in the played DynamoDB', () => openBench(3), {
  numRuns: 50,
  deadline: () => FAR,
});
