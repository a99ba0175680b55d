import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, toCanonicalCode } from './api-error.ts';
import { parseTable, parseText, parseWholeNumber, ShapeError } from '../shape.ts';

/** What happens to the next calls of one RPC. */
export interface Fault {
  readonly rpc: string;
  /** An HTTP error status instead of the work; or the work without an answer; or the work late. */
  readonly status: number | 'drop-after' | 'delay';
  readonly delayMs: number;
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
   * before it returns.
   * @throws ApiError the fault that takes the place of the work
   */
  async intercept<T>(rpc: string, response: ServerResponse, work: () => Promise<T>): Promise<T> {
    this.#counts.set(rpc, (this.#counts.get(rpc) ?? 0) + 1);
    const fault = this.#take(rpc);
    if (fault !== undefined && fault.delayMs > 0) await sleep(fault.delayMs);
    if (typeof fault?.status === 'number')
      throw new ApiError(
        toCanonicalCode(fault.status),
        `The local fault of ${rpc}: ${fault.status}.`,
      );
    if (fault?.status !== 'drop-after') return work();
    try {
      return await work();
    } finally {
      response.destroy();
    }
  }

  #take(rpc: string): Fault | undefined {
    const due = this.#pending.find((entry) => entry.fault.rpc === rpc && entry.remaining > 0);
    if (due === undefined) return undefined;
    due.remaining -= 1;
    return due.fault;
  }
}

/** Parses `{"rpc", "status", "delayMs"?, "count"?}`; the count is 1 when not given. @throws ShapeError */
export function parseFault(value: unknown): { readonly fault: Fault; readonly count: number } {
  const table = parseTable(value, 'the fault', ['rpc', 'status'], ['delayMs', 'count']);
  const whole = (key: string, byDefault: number, max: number) =>
    parseWholeNumber(table[key] ?? byDefault, `the fault's ${key}`, { min: byDefault, max });
  return {
    fault: {
      rpc: parseText(table['rpc'], "the fault's rpc"),
      status: parseStatus(table['status']),
      delayMs: whole('delayMs', 0, 60_000),
    },
    count: whole('count', 1, 10_000),
  };
}

function parseStatus(value: unknown): Fault['status'] {
  if (value === 'drop-after' || value === 'delay') return value;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599)
    return value;
  throw new ShapeError(`the fault's status must be 400 to 599, "drop-after" or "delay"`);
}
