import type { Caller } from '../identity/caller.ts';
import type { DenialGround, ProblemCode } from '../problem.ts';

/**
 * One decision, as it is kept: who asked for what, what was decided and by which rule; or an event, which nobody asked for:
 * what became of a job. Never a token, a body or a header.
 *
 * A request that reaches its function is recorded by the function, in the audit log group. One that API Gateway answers
 * itself (no token, a refused token, throttled, no such route) is recorded by its line of the stage's access log, which
 * uses the same names for the same things (serverless.yml; a test holds it): a line whose `responseType` is not `-` is
 * such a record, `status` and `responseType` are its decision, `requestTime` its timestamp, `requestId` also its
 * correlation id, and `-` stands for null. All other lines tell what was answered to a request that the audit log group
 * holds, if it was worth a record; `extendedRequestId` joins the two (a client may choose the other one).
 */
export interface AuditRecord {
  /** Names the record: a record that was written twice has the same id. */
  readonly id: string;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly service: 'jobgate';
  readonly message: 'audit';
  /** An operationId or, of an event, `job.<state>`. */
  readonly action: string;
  readonly decision: 'allow' | 'deny' | 'event';
  /** The rule that decided; of a denial the one that came closest. */
  readonly rule: string;
  readonly missing?: readonly string[];
  /** The problem's code, of a denial; the job's reason, of an event. */
  readonly code?: string;
  /** Of what no request led to, the sweep's own. */
  readonly requestId: string;
  /** The id that API Gateway chooses itself, whatever a client sends; joins the record with the access log. */
  readonly extendedRequestId: string | null;
  readonly correlationId: string;
  readonly sourceIp: string | null;
  readonly httpMethod: string | null;
  readonly resourcePath: string | null;
  /** The subject; null when there is no caller. Of an event, who submitted the job. */
  readonly caller: string | null;
  readonly issuer: string | null;
  readonly client: string | null;
  readonly actor: string | null;
  readonly tokenId: string | null;
  readonly template?: string;
  readonly templateVersion?: string;
  readonly jobId?: string;
  /** A result file's path. */
  readonly path?: string;
  /** URIs of files that callers put themselves: of the one that may be put, or of those that a job is given. */
  readonly uploads?: readonly string[];
  readonly replayed?: boolean;
}

/** Every key that a record may have. */
export const AUDIT_KEYS = Object.keys({
  id: true,
  timestamp: true,
  service: true,
  message: true,
  action: true,
  decision: true,
  rule: true,
  missing: true,
  code: true,
  requestId: true,
  extendedRequestId: true,
  correlationId: true,
  sourceIp: true,
  httpMethod: true,
  resourcePath: true,
  caller: true,
  issuer: true,
  client: true,
  actor: true,
  tokenId: true,
  template: true,
  templateVersion: true,
  jobId: true,
  path: true,
  uploads: true,
  replayed: true,
} satisfies Record<keyof AuditRecord, true>);

/** What a request is, to the audit. */
export interface AuditedRequest {
  readonly action: string;
  readonly requestId: string;
  readonly extendedRequestId: string | null;
  readonly correlationId: string;
  readonly sourceIp: string | null;
  readonly httpMethod: string | null;
  readonly resourcePath: string | null;
  readonly caller: AuditedCaller | undefined;
}

/** Who asks, to the audit; `tokenId` is null when no token is at hand. */
export interface AuditedCaller extends Pick<Caller, 'issuer' | 'subject' | 'client' | 'actor'> {
  readonly tokenId: string | null;
}

/** What was decided about it. */
export type Decided =
  | ({ readonly decision: 'deny'; readonly code: ProblemCode } & DenialGround)
  | {
      readonly decision: 'event';
      readonly rule: string;
      readonly template: string;
      readonly templateVersion: string;
      readonly jobId: string;
      /** The job's reason. */
      readonly code?: string;
    }
  | {
      readonly decision: 'allow';
      readonly rule: string;
      readonly template?: string;
      readonly templateVersion?: string;
      readonly jobId?: string;
      readonly path?: string;
      readonly uploads?: readonly string[];
      readonly replayed?: boolean;
    };

/** Characters of any one text in a record: more is cut, and never leaves half a character. Issuers, names and paths of real requests are shorter. */
const MAX_TEXT = 1_024;
/** Entries of a list that are kept. */
const MAX_ENTRIES = 20;

/** Makes the record of a decision; `id` names it for good. */
export function toAuditRecord(
  request: AuditedRequest,
  decided: Decided,
  stamp: { readonly id: string; readonly at: Date },
): AuditRecord {
  const { caller, action, requestId, correlationId, ...from } = request;
  const { decision, rule, ...facts } = decided;
  return {
    id: stamp.id,
    timestamp: stamp.at.toISOString(),
    service: 'jobgate',
    message: 'audit',
    action,
    decision,
    rule: shorten(rule),
    requestId: shorten(requestId),
    extendedRequestId: shortenOrNull(from.extendedRequestId),
    correlationId,
    sourceIp: shortenOrNull(from.sourceIp),
    httpMethod: shortenOrNull(from.httpMethod),
    resourcePath: shortenOrNull(from.resourcePath),
    caller: shortenOrNull(caller?.subject),
    issuer: shortenOrNull(caller?.issuer),
    client: shortenOrNull(caller?.client),
    actor: shortenOrNull(caller?.actor),
    tokenId: shortenOrNull(caller?.tokenId),
    ...shortenFacts(facts),
  };
}

type Facts = Omit<Decided, 'decision' | 'rule'>;
type Fact = string | boolean | readonly string[];

/** The optional members, each bounded. */
function shortenFacts(facts: Facts): Facts {
  const bounded = Object.entries(facts).map(([key, value]) => [key, shortenFact(value)]);
  return Object.fromEntries(bounded) as Facts;
}

function shortenFact(value: Fact): Fact {
  if (typeof value === 'string') return shorten(value);
  if (typeof value === 'object') return value.slice(0, MAX_ENTRIES).map(shorten);
  return value;
}

function shortenOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : shorten(text);
}

function shorten(text: string): string {
  const kept = text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
  return kept.toWellFormed();
}
