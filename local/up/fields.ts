/** Reads the fields of a value from outside; a value that is no object has none. */
export function toFields(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(
    typeof value === 'object' && value !== null ? Object.entries(value) : [],
  );
}
