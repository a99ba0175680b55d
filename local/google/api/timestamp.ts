import type { PlainMessage } from './transcoding.ts';
import { parseText, ShapeError } from '../shape.ts';

/** Makes a google.protobuf.Timestamp. */
export function toTimestamp(date: Date): PlainMessage {
  const ms = date.getTime();
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

/** Parses the RFC 3339 text of a document. @throws ShapeError */
export function parseDate(value: unknown, where: string): Date {
  const date = new Date(parseText(value, where));
  if (Number.isNaN(date.getTime())) throw new ShapeError(`${where} must be a time`);
  return date;
}
