/** Writes a member's name as a part of a JSON pointer, at most 100 characters of it. Source: RFC 6901 section 3. */
export function escapePointer(name: string): string {
  return name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
}
