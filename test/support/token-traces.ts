/** How the first segment of a signed token begins, whichever member of its header comes first (RFC 7515 section 7.1). */
const HEADER = /eyJ(?:hbGci|0eXAi|raWQi|jdHki)\w{0,8}/g;

/** Characters by which a segment is known; an id made at random does not hold them by chance. */
const KNOWN_BY = 20;

/**
 * What of tokens stands in a text: the scheme before one, the beginning of any signed token, or a segment of one of these
 * tokens. Empty when there is nothing.
 */
export function findTokenTraces(text: string, tokens: readonly string[]): readonly string[] {
  const segments = tokens.flatMap((token) => token.split('.')).map((one) => one.slice(0, KNOWN_BY));
  return [
    ...(text.match(/Bearer\b/g) ?? []),
    ...(text.match(HEADER) ?? []),
    ...segments.filter((segment) => segment.length === KNOWN_BY && text.includes(segment)),
  ];
}
