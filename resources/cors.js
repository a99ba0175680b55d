/** What a page may send beside the few headers that it always may. */
const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-None-Match',
  'Prefer',
  'Range',
  'X-Correlation-Id',
  'traceparent',
];
const MAX_AGE_SECONDS = 600;

/**
 * `cors` of an http event: answers to preflight requests for the listed origins, `false` when there is none. API
 * Gateway answers with the first origin to a stranger, whose browser then refuses. No cookies.
 */
export async function preflight({ resolveVariable }) {
  const origins = parseOrigins(
    await resolveVariable('param:corsOrigins'),
    await resolveVariable('sls:stage'),
  );
  return origins.length === 0 ? false : renderPreflight(origins);
}

/** The preflight answers in the deploy tool's words. */
export function renderPreflight(origins) {
  return {
    origins: [...origins],
    headers: REQUEST_HEADERS,
    allowCredentials: false,
    maxAge: MAX_AGE_SECONDS,
  };
}

/**
 * Reads the parameter corsOrigins: exact origins, comma-separated. Patterns are refused, and so is plain http but for
 * a page on 127.0.0.1 on the stage local; shared/config/edge.ts holds the functions to the same rule.
 */
export function parseOrigins(text, stage) {
  const origins =
    text === ''
      ? []
      : String(text)
          .split(',')
          .map((origin) => origin.trim());
  for (const origin of origins) {
    const isSecure = /^https:\/\/[a-z0-9.-]+(:\d{1,5})?$/.test(origin);
    const isLocal = stage === 'local' && /^http:\/\/127\.0\.0\.1:\d{1,5}$/.test(origin);
    if ((!isSecure && !isLocal) || new URL(origin).origin !== origin) {
      throw new Error(
        'the parameter corsOrigins must list exact origins such as https://app.example, with commas between them',
      );
    }
  }
  return origins;
}
