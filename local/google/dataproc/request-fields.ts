import { ApiError } from '../api/api-error.ts';
import { parseObject, ShapeError, type Table } from '../shape.ts';

/** Returns the object of a key; an empty one when there is none. @throws ShapeError */
export function objectOr(table: Table, key: string): Table {
  const value = table[key];
  return value === undefined || value === null ? {} : parseObject(value, key);
}

/** Returns the text of a key; the default when it is absent, empty or no text. */
export function textOr<T extends string | undefined>(
  table: Table,
  key: string,
  byDefault: T,
): string | T {
  const value = table[key];
  return typeof value === 'string' && value !== '' ? value : byDefault;
}

/** Returns the number of a key; 0 when it is absent or no number, as proto3 has it. */
export function numberOf(table: Table, key: string): number {
  const value = table[key];
  return typeof value === 'number' ? value : 0;
}

/** Returns the texts of a map. @throws ShapeError */
export function textsByName(table: Table, key: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOr(table, key));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/** Returns the request id, which is a tag of the caller's own. @throws ApiError INVALID_ARGUMENT */
export function parseRequestId(request: Table): string | undefined {
  const requestId = textOr(request, 'requestId', undefined);
  if (requestId !== undefined && !/^[A-Za-z0-9_-]{1,40}$/.test(requestId))
    throw invalid('requestId must be at most 40 letters, digits, underscores and hyphens.');
  return requestId;
}

/**
 * Makes the key of a request id. Whether Google's ids are one caller's or the project's is not
 * documented: one caller's is inferred, and safer, since the answer shows what the first one made.
 */
export function toRequestKey(creator: string, requestId: string | undefined): string | undefined {
  return requestId === undefined ? undefined : `${creator} ${requestId}`;
}

/** Parses a google.protobuf.Duration, in seconds. @throws ShapeError */
export function parseSeconds(value: unknown, where: string): number {
  const duration = parseObject(value, where);
  return Number(duration['seconds'] ?? 0) + Number(duration['nanos'] ?? 0) / 1e9;
}

/** Does the work; what has not the shape it must have is the caller's fault. @throws ApiError */
export function refuseMisshapen<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ShapeError) throw invalid(`${error.message}.`);
    throw error;
  }
}

/** Makes the refusal of a request that is at fault. */
export function invalid(message: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', message);
}

/** Makes the refusal of what Dataproc has and the local one has not. */
export function unimplemented(what: string): ApiError {
  return new ApiError('UNIMPLEMENTED', `${what}: the local Dataproc does not implement it.`);
}
