import { hasUniqueMembers } from '../config/unique-members.ts';
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
  const ambiguity = hasUniqueMembers(rawBody) ? findAmbiguity(value) : SAID_TWICE;
  if (ambiguity !== undefined) throw new Problem('invalid_json', ambiguity);
  return value as Readonly<Record<string, unknown>>;
}

const SAID_TWICE = 'An object in the body has two members of one name.';
const HALF_CHARACTER = 'A text in the body holds half a character (a lone surrogate).';
const LOST_NUMBER = `A number in the body is beyond what can be kept: whole numbers go up to ${Number.MAX_SAFE_INTEGER}, and others must be finite. Send it as text where the schema takes that.`;

/**
 * Says what in a JSON value each system on the way would read or write differently, so that what runs would not be what
 * was sent; undefined when there is nothing. Source: RFC 7493 section 2.
 */
function findAmbiguity(value: unknown): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : HALF_CHARACTER;
  if (typeof value === 'number') return isKept(value) ? undefined : LOST_NUMBER;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const fault = findAmbiguity(name) ?? findAmbiguity(member);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isKept(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}

function requireJson(contentType: string | undefined): void {
  if (/^application\/json\s*(;|$)/i.test(contentType ?? '')) return;
  throw new Problem('unsupported_media_type', 'Send the body as Content-Type: application/json.');
}

/** The parser's own words are no cause: they quote the body, which is in no log. */
function parseJson(rawBody: string): unknown {
  try {
    return JSON.parse(rawBody) as unknown;
  } catch {
    throw new Problem('invalid_json', 'The body is not JSON.');
  }
}
