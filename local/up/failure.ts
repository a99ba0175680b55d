/** Ends a command with one clear sentence; `details` are the last lines of the log that explains it. */
export class StackFailure extends Error {
  override readonly name = 'StackFailure';
  readonly details: readonly string[];

  constructor(message: string, details: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.details = details;
  }
}
