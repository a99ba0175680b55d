import { Problem } from '../problem.ts';
import type { ApiRequest } from './request.ts';

/** Bytes. Source: docs/architecture.md. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Levels of lists and objects in each other: more than any schema asks for, far less than a call stack holds. */
const MAX_LEVELS = 64;

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
  if (isDeeper(value, MAX_LEVELS)) {
    throw new Problem('invalid_json', `The body is nested deeper than ${MAX_LEVELS} levels.`);
  }
  if (!isWellFormed(value)) {
    throw new Problem(
      'invalid_json',
      'A text in the body holds half a character (a lone surrogate).',
    );
  }
  return value as Readonly<Record<string, unknown>>;
}

/** Half a surrogate pair is no text: each system on the way would write it differently. Source: RFC 8259 section 8.2. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([name, member]) => name.isWellFormed() && isWellFormed(member),
  );
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
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
