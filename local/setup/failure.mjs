/** Ends a command with one clear sentence; `details` are the failing tool's last lines. */
export class SetupFailure extends Error {
  /** @param {string} message @param {readonly string[]} details */
  constructor(message, details = []) {
    super(message);
    this.name = 'SetupFailure';
    this.details = details;
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const BLOCKED = new Set(['EEXIST', 'ENOTDIR']);
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS']);

/** Explains in one sentence why the machine refused a write; undefined for every other error. */
export function explainRefusedWrite(error) {
  if (!(error instanceof Error) || typeof error.syscall !== 'string') return undefined;
  const { code, path } = error;
  const place = path === undefined ? '' : ` at ${path}`;
  if (FULL.has(code)) return `The disk is full${place}: make room and run the command again.`;
  if (BLOCKED.has(code))
    return `A file stands where a folder belongs${place} (${code}): move it away and run again.`;
  if (!FORBIDDEN.has(code)) return undefined;
  return `This user may not write${place} (${code}): run the command in a folder that you own.`;
}

/** Says that a signal stopped the set-up; `signal` is its name. */
export class Interrupted extends Error {
  /** @param {string} signal */
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.name = 'Interrupted';
    this.signal = signal;
  }
}
