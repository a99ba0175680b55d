import type { Caller } from '../identity/caller.ts';
import type { DenialGround, ProblemCode } from '../problem.ts';

/**
 * One decision, as it is kept: who asked for what, what was decided and by which rule. Never a token, a body or a header.
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
  /** An operationId. */
  readonly action: string;
  readonly decision: 'allow' | 'deny';
  /** The rule that decided; of a denial the one that came closest. */
  readonly rule: string;
  readonly missing?: readonly string[];
  /** The problem's code, of a denial. */
  readonly code?: string;
  readonly requestId: string;
  /** The id that API Gateway chooses itself, whatever a client sends; joins the record with the access log. */
  readonly extendedRequestId: string | null;
  readonly correlationId: string;
  readonly sourceIp: string | null;
  readonly httpMethod: string | null;
  readonly resourcePath: string | null;
  /** The subject; null when there is no caller. */
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
  readonly caller: Caller | undefined;
}

/** What was decided about it. */
export type Decided =
  | ({ readonly decision: 'deny'; readonly code: ProblemCode } & DenialGround)
  | {
      readonly decision: 'allow';
      readonly rule: string;
      readonly template?: string;
      readonly templateVersion?: string;
      readonly jobId?: string;
      readonly path?: string;
      readonly replayed?: boolean;
    };

/** Characters of any one text in a record: more is cut, and never leaves half a character. Issuers, names and paths of real requests are shorter. */
const MAX_TEXT = 1_024;
/** Entries of `missing` that are kept. */
const MAX_MISSING = 20;

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

type Facts = Omit<Decided, 'decision' | 'rule'> & { readonly missing?: readonly string[] };

/** The optional members, each bounded. */
function shortenFacts(facts: Facts): Facts {
  const { missing, ...rest } = facts;
  const bounded = Object.entries(rest).map(([key, value]) => [
    key,
    typeof value === 'string' ? shorten(value) : value,
  ]);
  return {
    ...(Object.fromEntries(bounded) as typeof rest),
    ...(missing === undefined ? {} : { missing: missing.slice(0, MAX_MISSING).map(shorten) }),
  };
}

function shortenOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : shorten(text);
}

function shorten(text: string): string {
  const kept = text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
  return kept.toWellFormed();
}
