import type { JobError } from '../jobs/job.ts';

/** A JSON object as it came from Google: members by name, of any type. */
export type Members = ReadonlyMap<string, unknown>;

/** A value as an object; without members when it is none. */
export function toMembers(value: unknown): Members {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

/** A member of a value; undefined when the value is no object or has none of that name. */
export function readMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}

/** A text that is not empty; null for anything else. */
export function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The labels of a resource. */
export function readLabels(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, label]) => [name, String(label)]));
}

const NAME =
  /^projects\/[a-z0-9][a-z0-9.:-]{0,99}\/(?:regions|locations)\/[a-z0-9-]{1,40}\/(?:operations|jobs)\/[\w-]{1,200}$/;

/** The resource name of an operation or a job, which becomes a part of URLs; null for anything else. */
export function readName(value: unknown): string | null {
  return typeof value === 'string' && NAME.test(value) ? value : null;
}

const EXCEPTION =
  /\[?\b((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt)\w*): ([^\n]*)/;

/** Tells whether a message holds what a program has thrown. */
export function holdsException(message: string | null): boolean {
  return EXCEPTION.test(message ?? '');
}

/** The exception's class and message, without Google's links and wrapping. */
export function toJobError(message: string | null): JobError {
  const [, exceptionClass, exceptionMessage] = EXCEPTION.exec(message ?? '') ?? [];
  if (exceptionClass !== undefined) {
    const text = (exceptionMessage ?? '').replace(/\]\.?\s*(Additional details.*)?$/, '').trim();
    return {
      class: 'user_code',
      code: 'driver_failed',
      message: `${exceptionClass}: ${text}`.slice(0, 1000),
      retryable: false,
      logTail: [],
    };
  }
  const text = 'The driver ended with an error; its log says why.';
  return {
    class: 'user_code',
    code: 'driver_failed',
    message: text,
    retryable: false,
    logTail: [],
  };
}
