/** A text, with the colon behind it when it is a member's name; or the beginning or the end of an object. */
const TOKENS = /"((?:[^"\\]|\\.)*)"(\s*:)?|[{}]/g;

/**
 * Tells whether no object in a JSON text repeats a member's name. Two readers of a text with two `sub` may see two
 * persons, so such a token is refused. The text must be valid JSON. Source: RFC 7519 section 4, RFC 8725 section 2.4.
 */
export function hasUniqueMembers(json: string): boolean {
  const objects: Set<string>[] = [];
  for (const [token, text = '', colon] of json.matchAll(TOKENS)) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    else if (colon !== undefined) {
      const name = text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
      const names = objects.at(-1);
      if (names === undefined || names.has(name)) return false;
      names.add(name);
    }
  }
  return true;
}
