import {
  orNull,
  parseObject,
  parseTable,
  parseText,
  parseWholeNumber,
  ShapeError,
} from '../shape.ts';
import { parseProcessIdentity, type ProcessIdentity } from '../state/process-identity.ts';
import { parseKey } from '../state/shelf.ts';
import type { OutputPosition } from './driver-output.ts';
import type { DriverEnd } from './scheduler.ts';

/** What the next server has to know of a driver. */
export interface DriverRecord {
  readonly uuid: string;
  readonly leader: ProcessIdentity;
  readonly startedAt: string;
  readonly output: OutputPosition;
  /** Set when nothing of the driver is left but this. */
  readonly end: DriverEnd | null;
}

/** Parses what a server wrote down under the uuid, which names a folder. @throws ShapeError */
export function parseDriverRecord(value: unknown, where: string, key: string): DriverRecord {
  const table = parseTable(value, where, ['uuid', 'leader', 'startedAt', 'output', 'end']);
  if (table['uuid'] !== key) throw new ShapeError(`${where}: uuid must be the name of the file`);
  return {
    uuid: parseKey(key, `${where}: uuid`),
    leader: parseProcessIdentity(table['leader'], `${where}: leader`),
    startedAt: parseText(table['startedAt'], `${where}: startedAt`),
    output: parsePosition(table['output'], `${where}: output`),
    end: orNull(table['end'], `${where}: end`, parseEnd),
  };
}

function parsePosition(value: unknown, where: string): OutputPosition {
  const table = parseTable(value, where, ['parts', 'offset', 'pending']);
  const count = (name: string) =>
    parseWholeNumber(table[name], `${where}.${name}`, { min: 0, max: Number.MAX_SAFE_INTEGER });
  return { parts: count('parts'), offset: count('offset'), pending: count('pending') };
}

function parseEnd(value: unknown, where: string): DriverEnd {
  const { kind, reason } = parseObject(value, where);
  if (kind === 'succeeded' || kind === 'terminated') return { kind };
  if (kind === 'failed') return { kind, reason: parseText(reason, `${where}.reason`) };
  throw new ShapeError(`${where} must be a way in which drivers end`);
}
