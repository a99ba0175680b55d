import type { CanonicalCode } from '../api/api-error.ts';

const maxEntries = 1000;
/** Length of a request's JSON above which it is not kept. */
const maxRequestLength = 64 * 1024;

/** One request as it was understood. */
export interface RequestEntry {
  readonly rpc: string;
  readonly transport: 'rest' | 'grpc';
  /** Who sent it; null when its token stands for nobody. */
  readonly principal: string | null;
  /** Its message in proto3 JSON; null when it is malformed or very long. */
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
    const kept = isLong ? { ...entry, request: null } : entry;
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
