import protobuf from 'protobufjs';
import { ApiError } from './api-error.ts';
import type { PlainMessage } from './transcoding.ts';

interface Range {
  readonly min: number;
  readonly max: number;
  readonly minNanos: number;
  readonly text: string;
}

/**
 * What the two types may hold. One value beyond it cannot be written as JSON, and so breaks every
 * list that it is in. Source: google/protobuf/timestamp.proto and duration.proto, where the protos
 * are shipped; the wording of the refusal is inferred.
 */
const ranges: Readonly<Record<string, Range>> = {
  '.google.protobuf.Timestamp': {
    min: Date.parse('0001-01-01T00:00:00Z') / 1000,
    max: Date.parse('9999-12-31T23:59:59Z') / 1000,
    minNanos: 0,
    text: 'a Timestamp from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z',
  },
  '.google.protobuf.Duration': {
    min: -315_576_000_000,
    max: 315_576_000_000,
    minNanos: -999_999_999,
    text: 'a Duration from -315576000000s to 315576000000s',
  },
};

/** Checks every Timestamp and Duration of a message. @throws ApiError INVALID_ARGUMENT naming one */
export function checkTimes(type: protobuf.Type, message: unknown, path = ''): void {
  if (!isMessage(message)) return;
  const range = ranges[type.fullName];
  if (range !== undefined) checkTime(range, message, path);
  for (const field of type.fieldsArray) {
    const nested = field.resolvedType;
    const value = message[field.name];
    if (!(nested instanceof protobuf.Type) || !isMessage(value)) continue;
    const where = path === '' ? field.name : `${path}.${field.name}`;
    const values = field.repeated || field.map ? Object.entries(value) : undefined;
    if (values === undefined) checkTimes(nested, value, where);
    else
      for (const [key, each] of values) checkTimes(nested, each, `${where}[${key.slice(0, 80)}]`);
  }
}

function checkTime(range: Range, { seconds = 0, nanos = 0 }: PlainMessage, path: string): void {
  const isIn = Number(seconds) >= range.min && Number(seconds) <= range.max;
  const isWhole = Number(nanos) >= range.minNanos && Number(nanos) <= 999_999_999;
  const isOneWay = range.minNanos === 0 || Number(seconds) * Number(nanos) >= 0;
  if (!isIn || !isWhole || !isOneWay)
    throw new ApiError('INVALID_ARGUMENT', `${path} must be ${range.text}.`);
}

function isMessage(value: unknown): value is PlainMessage {
  return typeof value === 'object' && value !== null;
}
