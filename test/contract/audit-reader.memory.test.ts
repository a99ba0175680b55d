import { createMemoryAudit } from '../support/memory-audit.ts';
import { describeAuditReader } from './audit-reader.ts';

describeAuditReader('in memory', (held) => Promise.resolve(createMemoryAudit(held)));
