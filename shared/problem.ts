/** Every failure a caller can see: one row is one stable `code`. Source: RFC 9457; docs/decisions/0003. */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is malformed', retryable: false },
  invalid_json: { status: 400, title: 'The body is not a JSON object', retryable: false },
  invalid_token: { status: 401, title: 'The access token is missing or invalid', retryable: false },
  insufficient_scope: {
    status: 403,
    title: 'The token lacks a scope this operation needs',
    retryable: false,
  },
  access_suspended: { status: 403, title: 'Your access is suspended', retryable: false },
  template_forbidden: {
    status: 403,
    title: 'You may not run this template',
    retryable: false,
  },
  template_not_found: { status: 404, title: 'There is no such template', retryable: false },
  job_not_found: { status: 404, title: 'There is no such job', retryable: false },
  file_not_found: { status: 404, title: 'The result holds no such file', retryable: false },
  route_not_found: { status: 404, title: 'There is no such route', retryable: false },
  not_acceptable: { status: 406, title: 'The answer is available as JSON only', retryable: false },
  job_not_finished: { status: 409, title: 'The job has not ended yet', retryable: true },
  job_submitting: {
    status: 409,
    title: 'The job is still being submitted',
    retryable: true,
  },
  job_not_succeeded: { status: 409, title: 'The job did not succeed', retryable: false },
  template_changed: { status: 409, title: 'The template has changed', retryable: false },
  payload_too_large: { status: 413, title: 'The body is too large', retryable: false },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not application/json',
    retryable: false,
  },
  validation_failed: {
    status: 422,
    title: 'The request does not match its schema',
    retryable: false,
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key belongs to another request',
    retryable: false,
  },
  limit_reached: { status: 429, title: 'A run limit is reached', retryable: true },
  throttled: { status: 429, title: 'Too many requests', retryable: true },
  target_unsuitable: {
    status: 500,
    title: 'The template cannot run on its target',
    retryable: false,
  },
  internal: { status: 500, title: 'Jobgate failed', retryable: false },
  uploads_unavailable: {
    status: 501,
    title: 'This deployment takes no files',
    retryable: false,
  },
  upstream_error: { status: 502, title: 'An upstream service failed', retryable: true },
  upstream_refused: { status: 502, title: 'An upstream service refused', retryable: false },
  credentials_refused: {
    status: 502,
    title: 'Google refused Jobgate’s own identity',
    retryable: false,
  },
  submissions_paused: {
    status: 503,
    title: 'Jobs cannot be started at present',
    retryable: true,
  },
  upstream_unavailable: {
    status: 503,
    title: 'An upstream service is unavailable',
    retryable: true,
  },
  upstream_timeout: {
    status: 504,
    title: 'An upstream service did not answer in time',
    retryable: true,
  },
} as const satisfies Record<string, ProblemRow>;

interface ProblemRow {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

/** The stable identifier that clients switch on. */
export type ProblemCode = keyof typeof PROBLEMS;

/** One fault in the request; `pointer` is an RFC 6901 JSON pointer into the body. */
export interface FieldFault {
  readonly pointer: string;
  readonly message: string;
}

/** Public members of a problem beside `code` and `detail`: never a token, secret, stack or raw upstream text. */
export interface ProblemExtras {
  readonly errors?: readonly FieldFault[];
  readonly caller?: Readonly<Record<string, unknown>>;
  readonly missing?: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
  readonly job?: string;
  /** The run limit that is reached; `resetsAt` is RFC 3339. */
  readonly limit?: {
    readonly name: string;
    readonly most: number;
    readonly count: number;
    readonly resetsAt?: string;
  };
  /** The caller's own jobs that hold it. */
  readonly jobs?: readonly string[];
  /** The key under which the same request finds the same job. */
  readonly idempotencyKey?: string;
  /** Whole seconds after which a retry makes sense; also sent as `Retry-After`. */
  readonly retryAfter?: number;
  /** What is not as it was when the caller looked: as sent, and as it is now. */
  readonly changed?: Readonly<
    Record<string, { readonly sent: string | null; readonly now: string }>
  >;
  readonly upstream?: string;
}

/** A failure with a row in {@link PROBLEMS}; `cause` goes to the log and never to the caller. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly detail: string;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}, cause?: unknown) {
    super(`${code}: ${detail}`, { cause });
    this.code = code;
    this.detail = detail;
    this.extras = extras;
  }
}

/** Codes that refuse a caller, or what a caller may otherwise do, and not a request: each is recorded in the audit before it is answered. */
export const DENIAL_CODES = [
  'invalid_token',
  'insufficient_scope',
  'access_suspended',
  'template_forbidden',
  'job_not_found',
  'submissions_paused',
] as const satisfies readonly ProblemCode[];

/** One of {@link DENIAL_CODES}. */
export type DenialCode = (typeof DENIAL_CODES)[number];

/** Why a caller was refused, for the audit alone: nothing of it is answered. */
export interface DenialGround {
  /** The rule that decided, or the one that came closest. */
  readonly rule: string;
  readonly missing?: readonly string[];
  readonly template?: string;
  readonly templateVersion?: string;
  readonly jobId?: string;
}

/** A caller was refused; `ground` goes to the audit and never to the caller. */
export class Denial extends Problem {
  readonly ground: DenialGround;

  constructor(code: DenialCode, detail: string, ground: DenialGround, extras: ProblemExtras = {}) {
    super(code, detail, extras);
    this.ground = ground;
  }
}

/** Why a problem refuses its caller; undefined when it refuses only the request. */
export function findGround(problem: Problem): DenialGround | undefined {
  if (problem instanceof Denial) return problem.ground;
  const code = DENIAL_CODES.find((each) => each === problem.code);
  return code === undefined ? undefined : { rule: code };
}

/** Turns anything thrown into a problem; what is no {@link Problem} is a bug and becomes `internal` without detail. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  return new Problem(
    'internal',
    'The request failed for a reason that is not yours. Quote the correlation id to the operators.',
    {},
    thrown,
  );
}
