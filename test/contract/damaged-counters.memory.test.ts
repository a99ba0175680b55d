import { FAR } from '../support/clock.ts';
import { createMemoryHands } from '../support/hands.ts';
import { createMemoryRecords } from '../support/memory-records.ts';
import { describeDamagedCounters } from './damaged-counters.ts';

describeDamagedCounters(
  'in memory',
  () => {
    const records = createMemoryRecords({ pageEntries: 3 });
    const { holdIndex, releaseIndex } = records;
    return { records, hands: createMemoryHands(records), holdIndex, releaseIndex };
  },
  { numRuns: 300, deadline: () => FAR },
);
