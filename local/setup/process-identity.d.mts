/** One process for good: ids are reused, a pair of id and start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** Reads when a process started, as a word of `[a-z0-9.]`; undefined when it does not run. */
export function readStartTime(pid: number): string | undefined;

/** Tells whether the very process that was recorded is still running. */
export function isAlive(identity: ProcessIdentity): boolean;

/** Names the running process itself. */
export function identifySelf(): ProcessIdentity;
