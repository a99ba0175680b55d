/** Keys a log line may carry beside `timestamp`, `level` and `message`; nothing else is ever written. */
export interface LogFields {
  readonly service?: string;
  readonly function?: string;
  readonly correlationId?: string;
  readonly requestId?: string;
  readonly caller?: string;
  readonly template?: string;
  readonly templateVersion?: string;
  readonly jobId?: string;
  readonly state?: string;
  readonly decision?: string;
  readonly rule?: string;
  readonly action?: string;
  readonly status?: number;
  readonly durationMs?: number;
  readonly upstreamMs?: number;
  readonly upstream?: string;
  readonly coldStart?: boolean;
  readonly code?: string;
  readonly cause?: string;
  readonly replayed?: boolean;
  readonly maxRuntimeSeconds?: number;
  /** Amounts of money are decimal strings of `currency`; `estimatedCost` is the most that a run may cost. */
  readonly maxCost?: string;
  readonly estimatedCost?: string;
  readonly currency?: string;
  readonly path?: string;
  /** A target's name. */
  readonly target?: string;
  readonly errorClass?: string;
  readonly httpMethod?: string;
  readonly sourceIp?: string;
  /** An issuer's configured name. */
  readonly issuer?: string;
  readonly kid?: string;
  readonly alg?: string;
  /** The claim or header parameter that a token was refused for. */
  readonly claim?: string;
  /** The first 16 hexadecimal digits of SHA-256. */
  readonly subjectHash?: string;
  readonly tokenIdHash?: string;
  readonly ageSeconds?: number;
}

/** Severity of a line. Who asked for what and what was decided is in the audit, and not here. */
export type LogLevel = 'info' | 'warn' | 'error';

/** Writes one line; created per invocation by {@link createLog}. */
export interface Log {
  write(level: LogLevel, message: string, fields?: LogFields): void;
  /** A log whose every line also carries `fields`. */
  with(fields: LogFields): Log;
}

/** What a log needs from outside: where lines go and the time. */
export interface LogSink {
  readonly writeLine: (line: string) => void;
  readonly now: () => Date;
}

const MAX_VALUE_CHARACTERS = 512;

/** Makes a log that writes one JSON object per line; strings are escaped by JSON and cut to 512 characters. */
export function createLog(sink: LogSink, base: LogFields = {}): Log {
  return {
    write(level, message, fields = {}) {
      const entry = { timestamp: sink.now().toISOString(), level, message, ...base, ...fields };
      sink.writeLine(toJsonLine(entry, shorten));
    },
    with: (fields) => createLog(sink, { ...base, ...fields }),
  };
}

function shorten(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= MAX_VALUE_CHARACTERS) return value;
  return `${value.slice(0, MAX_VALUE_CHARACTERS)}…`.toWellFormed();
}

/** Characters that JSON leaves as they are, though some readers end a line at them, obey them or do not show them. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Writes a value as JSON that is one line to every reader, whatever its texts hold, and shows all that it holds. */
export function toJsonLine(
  value: object,
  replacer?: (key: string, value: unknown) => unknown,
): string {
  return JSON.stringify(value, replacer).replaceAll(UNSEEN, escapeUnits);
}

/** Source: RFC 8259 section 7. */
function escapeUnits(character: string): string {
  return [...Array(character.length).keys()]
    .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
    .join('');
}

/** Describes a thrown value for the log: class and message of the whole cause chain, without stacks. */
export function describeCause(thrown: unknown, depth = 0): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  const own = `${thrown.name}: ${redact(thrown.message)}`;
  if (thrown.cause === undefined || depth >= 3) return own;
  return `${own} <- ${describeCause(thrown.cause, depth + 1)}`;
}

const SECRET_LIKE = /(ya29\.[\w.-]+|eyJ[\w-]+\.[\w-]*\.?[\w-]*|[Bb]earer\s+\S+|AKIA\w+|ASIA\w+)/g;

/** Replaces anything shaped like a token or key id with `[redacted]`: a net, not the control. */
export function redact(text: string): string {
  return text.replace(SECRET_LIKE, '[redacted]');
}
