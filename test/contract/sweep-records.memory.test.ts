import { createMemoryHands } from '../support/hands.ts';
import { createMemoryRecords } from '../support/memory-records.ts';
import { describeSweepRecords } from './sweep-records.ts';

describeSweepRecords('in memory', () => {
  const records = createMemoryRecords({ pageEntries: 1 });
  return { records, hands: createMemoryHands(records) };
});
