import { createMemoryRecords } from '../support/memory-records.ts';
import { describeJobRecords } from './job-records.ts';

describeJobRecords('in memory', createMemoryRecords);
