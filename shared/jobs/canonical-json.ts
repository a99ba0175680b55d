import { hash } from 'node:crypto';

/**
 * Writes a JSON value in the canonical form of RFC 8785 (JCS): members sorted by UTF-16 code units, no white space,
 * numbers and strings as ECMAScript writes them. The input must come from JSON.parse or hold only JSON values.
 */
export function canonicalize(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalize(item)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalize(member)}`);
  return `{${members.join(',')}}`;
}

/** The SHA-256 of a value's canonical form, in hexadecimal. */
export function fingerprint(value: unknown): string {
  return hash('sha256', canonicalize(value));
}
