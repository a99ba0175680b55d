/** Ends a command with one clear sentence; `details` are the failing tool's last lines. */
export class SetupFailure extends Error {
  /** @param {string} message @param {readonly string[]} details */
  constructor(message, details = []) {
    super(message);
    this.name = 'SetupFailure';
    this.details = details;
  }
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
