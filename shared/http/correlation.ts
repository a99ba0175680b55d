const CORRELATION_ID = /^[a-z0-9][a-z0-9-]{7,59}$/;
/** Version 00 ends with its flags; a later one may go on after a hyphen; ff is none. All zeros name nothing. */
const TRACEPARENT =
  /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;

/**
 * Chooses a request's correlation id: the caller's own if it has the right form after lower-casing, else the trace id
 * of `traceparent`, else the fallback. Source: docs/architecture.md; W3C Trace Context sections 3.2
 * and 4.3.
 */
export function chooseCorrelationId(
  headers: ReadonlyMap<string, string>,
  fallback: string,
): string {
  const own = headers.get('x-correlation-id')?.toLowerCase();
  if (own !== undefined && CORRELATION_ID.test(own)) return own;
  const [, traceId] = TRACEPARENT.exec(headers.get('traceparent') ?? '') ?? [];
  return traceId ?? fallback;
}
