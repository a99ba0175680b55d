/**
 * Does a piece of work that the service goes on without, and returns whether it was done; a failure
 * is reported on standard error. Meant for what is written down of a run that goes on: it is no
 * reason to end everybody's drivers that a disk is full for a while, and the state in memory is right.
 */
export function tryOrReport(what: string, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    process.stderr.write(`google: ${what}: ${String(error)}\n`);
    return false;
  }
}
