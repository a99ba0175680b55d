import type { HttpResponse } from '../../../shared/transport.ts';
import type { AwsError } from './attributes.ts';

/** A JSON answer. */
export function toJson(status: number, body: unknown): HttpResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

/** An AWS service's refusal as its JSON protocol has it. */
export function toAwsRefusal(status: number, error: AwsError): HttpResponse {
  const { type, message, members } = error;
  return toJson(status, { __type: `com.amazonaws.played#${type}`, message, ...members });
}
