import type protobuf from 'protobufjs';
import { type PlainMessage, unpackAny } from '../api/transcoding.ts';
import type { RpcMethod } from '../api/protos.ts';

/**
 * Leaves out of a list what was created after an instant, as a list does that lags behind. The
 * items that stay show their present state: a lagging state is not imitated.
 */
export function leaveOutYounger(method: RpcMethod, list: PlainMessage, asOf: Date): PlainMessage {
  if (!method.name.startsWith('List')) return list;
  const { root } = method.responseType;
  const entries = Object.entries(list).map(([field, value]) => {
    const items: unknown = value;
    return [field, Array.isArray(items) ? items.filter(isOlder(asOf, root)) : items] as const;
  });
  return Object.fromEntries(entries);
}

function isOlder(asOf: Date, root: protobuf.Root): (item: unknown) => boolean {
  return (item) => {
    // What an operation tells of itself is in its metadata.
    const createdMs = findCreationMs(unpackAny(root, readField(item, 'metadata')) ?? item);
    return createdMs === undefined || createdMs <= asOf.getTime();
  };
}

/**
 * Jobs and clusters have no time of creation: their first state began then. Operations of jobs and
 * workflows call theirs the start.
 */
function findCreationMs(item: unknown): number | undefined {
  const history = readField(item, 'statusHistory');
  const first: unknown = Array.isArray(history) ? history[0] : undefined;
  const created =
    readField(item, 'createTime') ??
    readField(item, 'startTime') ??
    readField(first ?? readField(item, 'status'), 'stateStartTime');
  const seconds = readField(created, 'seconds');
  if (seconds === undefined) return undefined;
  return Number(seconds) * 1000 + Math.floor(Number(readField(created, 'nanos') ?? 0) / 1_000_000);
}

function readField(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value as unknown;
}
