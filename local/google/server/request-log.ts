import type { CanonicalCode } from '../api/api-error.ts';

const maxEntries = 1000;
/** Length of a request's JSON above which it is not kept. */
const maxRequestLength = 64 * 1024;

/** Properties of Spark that set variables of an environment; a cluster's begin with `spark:`. */
const variablePattern = /^(?:spark:)?spark\.(?:dataproc\.driverEnv|executorEnv)\./;

/** One request as it was understood. */
export interface RequestEntry {
  readonly rpc: string;
  readonly transport: 'rest' | 'grpc';
  /** Who sent it; null when its token stands for nobody. */
  readonly principal: string | null;
  /** Its message in proto3 JSON without variables' values; null when malformed or very long. */
  readonly request: unknown;
  /** When it came, in RFC 3339. */
  readonly at: string;
  readonly code: CanonicalCode | 'OK';
}

/** The last requests, so that what two clients send can be compared. */
export class RequestLog {
  #entries: readonly RequestEntry[] = [];

  /** Adds a request; the oldest one goes when there are too many. */
  add(entry: RequestEntry): void {
    const isLong = JSON.stringify(entry.request).length > maxRequestLength;
    const kept = { ...entry, request: isLong ? null : hideVariables(entry.request) };
    this.#entries = [...this.#entries.slice(1 - maxEntries), kept];
  }

  /** Returns the requests of one RPC, or of all, the oldest first. */
  list(rpc?: string): readonly RequestEntry[] {
    return this.#entries.filter((entry) => rpc === undefined || entry.rpc === rpc);
  }

  /** Forgets every request. */
  clear(): void {
    this.#entries = [];
  }
}

/** Variables may hold passwords. */
function hideVariables(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(hideVariables);
  const entries = Object.entries(value).map(([key, child]) => {
    return [key, variablePattern.test(key) ? '***' : hideVariables(child)] as const;
  });
  return Object.fromEntries(entries);
}
