/** Who holds a lock, and what for. */
export interface LockHolder {
  readonly pid?: number;
  readonly purpose: string;
}

/** What to say while waiting, and when to give up. */
export interface LockOptions {
  readonly purpose: string;
  readonly onWait?: (holder: LockHolder, waitedMs: number) => void;
  readonly signal?: AbortSignal;
}

/** Takes the lock at `path`, waits while a living process holds it, takes over a dead one's. */
export function acquireLock(
  path: string,
  options: LockOptions,
): Promise<{ readonly release: () => void }>;
