import { randomUUID } from 'node:crypto';
import { Problem } from '../problem.ts';
import type { ApiRequest } from './request.ts';

const RAW = /^[\x21-\x7e]{1,255}$/;
const QUOTED = /^"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"$/;

/**
 * Reads `Idempotency-Key`, 1 to 255 visible ASCII characters, raw or as a quoted string; makes a random one when absent.
 * Source: draft-ietf-httpapi-idempotency-key-header; RFC 9651 section 3.3.3. @throws Problem `invalid_request`.
 */
export function readIdempotencyKey(request: ApiRequest): string {
  const raw = request.headers.get('idempotency-key');
  if (raw === undefined) return randomUUID();
  if (request.repeatedHeaders.has('idempotency-key')) {
    throw new Problem('invalid_request', 'Send one Idempotency-Key header.');
  }
  const [, quoted] = QUOTED.exec(raw) ?? [];
  if (quoted !== undefined) return quoted.replaceAll(/\\(["\\])/g, '$1');
  if (RAW.test(raw) && !raw.startsWith('"')) return raw;
  throw new Problem(
    'invalid_request',
    'Idempotency-Key must be 1 to 255 visible ASCII characters.',
    {
      errors: [{ pointer: '', message: 'header Idempotency-Key is malformed' }],
    },
  );
}
