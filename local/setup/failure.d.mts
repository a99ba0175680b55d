/** Explains in one sentence why the machine refused a write; undefined for every other error. */
export function explainRefusedWrite(error: unknown): string | undefined;
