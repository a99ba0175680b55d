import { afterAll, beforeAll } from 'vitest';
import { soon } from '../support/deployed-app.ts';
import { createOwnTable, type OwnTable } from '../support/own-table.ts';
import { describeDamagedCounters } from './damaged-counters.ts';

let table: OwnTable;

beforeAll(async () => {
  table = await createOwnTable();
});

afterAll(async () => {
  await table.drop();
});

// The emulator's index follows at once: that it may lag behind is shown in memory.
const follow = (): void => undefined;

describeDamagedCounters(
  'in DynamoDB',
  () => ({ ...table, holdIndex: follow, releaseIndex: follow }),
  { numRuns: 12, deadline: () => new Date(soon().getTime() + 100_000) },
);
