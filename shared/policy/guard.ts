import type { Caller } from '../identity/caller.ts';
import { Problem } from '../problem.ts';
import type { AuditRecord } from './audit-record.ts';

/** What stands between an authorized request and its answer. */
export interface Guard {
  /**
   * Lets a caller pass who is not kept out by a switch.
   * @throws Problem `access_suspended` for a denied subject, client or actor; `invalid_token` for a denied token;
   * `upstream_unavailable` when the switches cannot be read.
   */
  readonly admit: (caller: Caller, deadline: Date) => Promise<void>;
  /**
   * Lets a job of a template start while no switch has paused that.
   * @throws Problem `submissions_paused`; `upstream_unavailable` when the switches cannot be read.
   */
  readonly admitJob: (template: string, deadline: Date) => Promise<void>;
  /** Writes a record durably before the answer leaves. @throws Problem `upstream_unavailable` when it cannot. */
  readonly record: (record: AuditRecord, deadline: Date) => Promise<void>;
}

/** The problem that takes the place of an answer whose record could not be written: nothing leaves without it. */
export function unrecorded(cause?: unknown): Problem {
  return new Problem(
    'upstream_unavailable',
    'What was decided cannot be recorded now, and nothing is answered without its record. Try again.',
    { upstream: 'audit', retryAfter: RETRY_AFTER_SECONDS },
    cause,
  );
}

/** CloudWatch Logs' throttling ends within seconds. */
const RETRY_AFTER_SECONDS = 5;
