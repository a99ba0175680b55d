import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type CanonicalCode, canonicalCodes, toCanonicalCode } from './api-error.ts';
import { makeRetryInfo } from './error-details.ts';
import { findNearNames } from './near-names.ts';
import { parseTable, parseText, parseWholeNumber, ShapeError, type Table } from '../shape.ts';

const accidents = [
  /** The connection breaks before the work is done. */
  'drop-before',
  /** The work is done and the connection breaks without an answer. */
  'drop-after',
  /** The work is done and the connection breaks in the middle of the answer. */
  'cut-body',
  /** The work is late. */
  'delay',
  /** A list leaves out what was created less than `lagMs` ago. */
  'stale-list',
] as const;

/** What happens to the next calls of one RPC. */
export interface Fault {
  readonly rpc: string;
  /** An HTTP status or canonical code that takes the place of the work, or what befalls the call. */
  readonly status: number | CanonicalCode | (typeof accidents)[number];
  readonly delayMs: number;
  /** How far a stale list lags behind. */
  readonly lagMs: number;
  /** When the caller of a failed call is told to come back; undefined when it is not told. */
  readonly retryAfterSeconds: number | undefined;
}

/** The way back to a caller. */
export interface Line {
  /** Breaks the connection. */
  destroy(): unknown;
  /** Makes the connection break in the middle of the answer; without it there is no answer. */
  cut?(): void;
}

/** Makes calls fail on demand, and counts the calls of every RPC. */
export class FaultTable {
  #pending: { readonly fault: Fault; remaining: number }[] = [];
  readonly #counts = new Map<string, number>();

  /** Lets a fault befall the next `count` calls of its RPC, after those already asked for. */
  add(fault: Fault, count: number): void {
    this.#pending.push({ fault, remaining: count });
  }

  /** Forgets every fault; the counts stay. */
  clear(): void {
    this.#pending = [];
  }

  /** Returns how often each RPC was called, failed calls included. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /**
   * Does the work of one call under the fault that is due, if any. The work writes no answer
   * before it returns; it is told how far it lags behind if it lists something.
   * @throws ApiError the fault that takes the place of the work
   */
  async intercept<T>(rpc: string, line: Line, work: (lagMs: number) => T | Promise<T>): Promise<T> {
    this.#counts.set(rpc, (this.#counts.get(rpc) ?? 0) + 1);
    const fault = this.#take(rpc);
    if (fault === undefined) return work(0);
    if (fault.delayMs > 0) await sleep(fault.delayMs);
    const refusal = toRefusal(fault);
    if (fault.status === 'drop-before') line.destroy();
    if (refusal !== undefined) throw refusal;
    try {
      return await work(fault.lagMs);
    } finally {
      if (fault.status === 'drop-after') line.destroy();
      if (fault.status === 'cut-body') breakInMiddle(line);
    }
  }

  #take(rpc: string): Fault | undefined {
    const due = this.#pending.find((entry) => entry.fault.rpc === rpc);
    if (due === undefined) return undefined;
    due.remaining -= 1;
    if (due.remaining === 0) this.#pending = this.#pending.filter((entry) => entry !== due);
    return due.fault;
  }
}

/**
 * Parses `{"rpc", "status", "delayMs"?, "lagMs"?, "retryAfterSeconds"?, "count"?}`; the count is 1
 * when not given. The RPC is one of those that there are. @throws ShapeError
 */
export function parseFault(
  value: unknown,
  rpcs: readonly string[],
): { readonly fault: Fault; readonly count: number } {
  const optional = ['delayMs', 'lagMs', 'retryAfterSeconds', 'count'];
  const table = parseTable(value, 'the fault', ['rpc', 'status'], optional);
  const count = parseKey(table, 'count', { byDefault: 1, min: 1, max: 10_000 });
  const status = parseStatus(table['status']);
  const rpc = parseRpc(table['rpc'], rpcs);
  if (status === 'stale-list' && !/^List|^storage\.objects\.list$/.test(rpc))
    throw new ShapeError(`the fault stale-list befalls lists, and ${rpc} is none`);
  const retryAfter = { byDefault: 0, min: 0, max: 3600 };
  const lag = { byDefault: 0, min: status === 'stale-list' ? 1 : 0, max: 86_400_000 };
  const fault = {
    rpc,
    status,
    delayMs: parseKey(table, 'delayMs', { byDefault: 0, min: 0, max: 60_000 }),
    lagMs: parseKey(table, 'lagMs', lag),
    retryAfterSeconds: Object.hasOwn(table, 'retryAfterSeconds')
      ? parseKey(table, 'retryAfterSeconds', retryAfter)
      : undefined,
  };
  return { fault, count };
}

function parseRpc(value: unknown, rpcs: readonly string[]): string {
  const rpc = parseText(value, "the fault's rpc");
  if (rpcs.includes(rpc)) return rpc;
  const near = findNearNames(rpc, rpcs);
  const hint = near.length === 0 ? '' : `; near it: ${near.join(', ')}`;
  throw new ShapeError(`the fault's rpc ${JSON.stringify(rpc.slice(0, 80))} is not there${hint}`);
}

function breakInMiddle(line: Line): void {
  if (line.cut === undefined) line.destroy();
  else line.cut();
}

function parseKey(
  table: Table,
  key: string,
  {
    byDefault,
    ...range
  }: { readonly byDefault: number; readonly min: number; readonly max: number },
): number {
  return parseWholeNumber(table[key] ?? byDefault, `the fault's ${key}`, range);
}

function parseStatus(value: unknown): Fault['status'] {
  const accident = accidents.find((name) => name === value);
  if (accident !== undefined) return accident;
  if (typeof value === 'string' && isCanonicalCode(value)) return value;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599)
    return value;
  throw new ShapeError(
    `the fault's status must be 400 to 599, a canonical code or one of ${accidents.join(', ')}`,
  );
}

function isCanonicalCode(name: string): name is CanonicalCode {
  return Object.hasOwn(canonicalCodes, name);
}

function toRefusal({ rpc, status, retryAfterSeconds }: Fault): ApiError | undefined {
  const code = typeof status === 'number' ? toCanonicalCode(status) : status;
  if (code === 'drop-before') return new ApiError('UNAVAILABLE', `The connection of ${rpc} broke.`);
  if (!isCanonicalCode(code)) return undefined;
  const details = retryAfterSeconds === undefined ? [] : [makeRetryInfo(retryAfterSeconds)];
  return new ApiError(code, `The local fault of ${rpc}: ${status}.`, details);
}
