import type { TargetConfig } from '../config/targets.ts';
import { toAccountEmail } from '../credentials/accounts.ts';
import type { GoogleTokens } from '../credentials/google-tokens.ts';
import type { Problem } from '../problem.ts';
import { parseJsonObject, type HttpResponse, type Send } from '../transport.ts';
import { toUpstreamCode, toUpstreamProblem, upstreamProblem } from '../upstream.ts';

/** What calls to Dataproc need from outside. */
export interface CallOptions {
  /** Replaces `https://<region>-dataproc.googleapis.com`; null outside the local stack. */
  readonly endpoint: string | null;
  readonly tokens: GoogleTokens;
  readonly send: Send;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  /** Told before each request to Dataproc, each attempt by itself. */
  readonly onCall?: () => void;
}

/** One request; `path` follows `/v1/`, `account` is an id in the target's project. */
export interface DataprocRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly account: string;
  readonly deadline: Date;
  /** Whether it starts a job: then a refusal after an attempt that may have got through is no answer. */
  readonly starts?: boolean;
  /** Bytes that the answer may have, 1 MiB when absent. */
  readonly maxBytes?: number;
}

/** Sends a request, made anew for each attempt. @throws Problem when there is no answer. */
export type DataprocCall = (
  target: TargetConfig,
  make: () => DataprocRequest,
) => Promise<HttpResponse>;

/** Milliseconds one attempt may take: two fit into a handler's 25 seconds with its other calls. */
const ATTEMPT_MS = 8_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const RETRIED_STATUS = new Set([429, 503]);

/** Makes the sender of requests to Dataproc: 429 and 503 are retried once with jitter inside the deadline. */
export function createDataprocCall(options: CallOptions): DataprocCall {
  return async (target, make) => {
    const first = await sendOnce(options, target, make());
    if (!RETRIED_STATUS.has(first.status)) return first;
    await options.sleep(200 + Math.random() * 400);
    const request = make();
    const second = await sendOnce(options, target, request);
    const refused = toUpstreamCode(second.status) === 'upstream_refused' && second.status !== 409;
    return refused && request.starts === true ? first : second;
  };
}

async function sendOnce(
  options: CallOptions,
  target: TargetConfig,
  request: DataprocRequest,
): Promise<HttpResponse> {
  const { deadline, method, body } = request;
  const email = toAccountEmail(request.account, target.project);
  const token = await options.tokens(email, deadline);
  const attemptEnd = options.now().getTime() + ATTEMPT_MS;
  options.onCall?.();
  try {
    return await options.send({
      url: toUrl(options, target, request),
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      deadline: new Date(Math.min(attemptEnd, deadline.getTime())),
      maxBytes: request.maxBytes ?? MAX_ANSWER_BYTES,
    });
  } catch (error) {
    throw toUpstreamProblem(error, 'Dataproc');
  }
}

function toUrl(options: CallOptions, target: TargetConfig, request: DataprocRequest): string {
  const host = options.endpoint ?? `https://${target.region}-dataproc.googleapis.com`;
  const query = new URLSearchParams(request.query).toString();
  return `${host}/v1/${request.path}${query === '' ? '' : `?${query}`}`;
}

/** Turns an answer that is no success into a problem; Google's words go to the log alone. */
export function toRefusal(response: HttpResponse): Problem {
  const error = parseJsonObject(response.body).get('error');
  const said = typeof error === 'object' && error !== null ? JSON.stringify(error) : 'no reason';
  return upstreamProblem(toUpstreamCode(response.status), 'Dataproc', {
    status: response.status,
    cause: new Error(said.slice(0, 500)),
  });
}

/** The problem of a state that no table has. */
export function unknownState(): Problem {
  return upstreamProblem('upstream_error', 'Dataproc', { detail: 'gave a state that is unknown' });
}
