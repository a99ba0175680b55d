import { ApiError } from '../api/api-error.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import { crc32c } from './crc32c.ts';

/** Source: https://cloud.google.com/secret-manager/quotas, size of a secret's payload. */
const maxBytes = 64 * 1024;

/** Reads a SecretPayload; no refusal repeats what it holds. @throws ApiError INVALID_ARGUMENT */
export function parsePayload(payload: unknown): {
  readonly content: Buffer;
  readonly checksumGiven: boolean;
} {
  // Google's wording: https://github.com/hashicorp/terraform-provider-google/issues/8766
  if (typeof payload !== 'object' || payload === null)
    throw invalid('Field [payload] is required.');
  const { data, dataCrc32c }: { data?: unknown; dataCrc32c?: unknown } = payload;
  if (data !== undefined && !(data instanceof Uint8Array))
    throw invalid('Field [payload.data] must hold bytes.');
  const content = Buffer.from(data ?? []);
  if (content.length > maxBytes)
    throw invalid(`The payload is larger than the limit: ${maxBytes} bytes.`);
  const checksumGiven = dataCrc32c !== undefined;
  if (checksumGiven && dataCrc32c !== String(crc32c(content)))
    throw invalid('The checksum in field [payload.data_crc32c] is not that of the data.');
  return { content, checksumGiven };
}

/** Makes the SecretPayload of a content. */
export function toPayload(content: Buffer): PlainMessage {
  return { data: content, dataCrc32c: String(crc32c(content)) };
}

function invalid(message: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', message);
}
