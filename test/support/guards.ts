import type { AuditRecord } from '../../shared/policy/audit-record.ts';
import { unrecorded, type Guard } from '../../shared/policy/guard.ts';

/** A guard that lets everybody pass and keeps what it records. */
export interface GuardRecorder {
  readonly guard: Guard;
  readonly records: readonly AuditRecord[];
  /** Makes the audit take nothing from now on, or take everything again. */
  readonly setDown: (down: boolean) => void;
}

/** Makes a guard whose records can be read. */
export function createGuardRecorder(): GuardRecorder {
  const records: AuditRecord[] = [];
  let isDown = false;
  return {
    records,
    setDown: (down) => {
      isDown = down;
    },
    guard: {
      admit: () => Promise.resolve(),
      admitJob: () => Promise.resolve(),
      record: async (record) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (isDown) throw unrecorded(new Error('the audit is down'));
        records.push(record);
      },
    },
  };
}
