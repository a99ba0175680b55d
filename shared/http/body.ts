import { Problem } from '../problem.ts';
import type { ApiRequest } from './request.ts';

/** Bytes. Source: DESIGN section 4. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Reads a JSON object. @throws Problem `unsupported_media_type`, `payload_too_large`, `invalid_json`. */
export function readJsonBody(request: ApiRequest): Readonly<Record<string, unknown>> {
  requireJson(request.headers.get('content-type'));
  const rawBody = request.rawBody ?? '';
  if (Buffer.byteLength(rawBody) > MAX_BODY_BYTES) {
    throw new Problem('payload_too_large', `The body may have at most ${MAX_BODY_BYTES} bytes.`);
  }
  const value = parseJson(rawBody);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem('invalid_json', 'The body must be a JSON object.', {
      errors: [{ pointer: '', message: 'must be an object' }],
    });
  }
  return value as Readonly<Record<string, unknown>>;
}

function requireJson(contentType: string | undefined): void {
  if (/^application\/json\s*(;|$)/i.test(contentType ?? '')) return;
  throw new Problem('unsupported_media_type', 'Send the body as Content-Type: application/json.');
}

function parseJson(rawBody: string): unknown {
  try {
    return JSON.parse(rawBody) as unknown;
  } catch (error) {
    throw new Problem('invalid_json', 'The body is not JSON.', {}, error);
  }
}
