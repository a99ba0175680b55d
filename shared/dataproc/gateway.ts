import { randomUUID } from 'node:crypto';
import type { TargetConfig } from '../config/jobs.ts';
import { toAccountEmail } from '../credentials/accounts.ts';
import type { GoogleTokens } from '../credentials/google-tokens.ts';
import type { JobGateway, JobReference, Submission } from '../jobs/ports.ts';
import { Problem } from '../problem.ts';
import { parseJsonObject, type HttpResponse, type Send } from '../transport.ts';
import { toUpstreamCode, toUpstreamProblem, upstreamProblem } from '../upstream.ts';
import { parseBatch, toBatch } from './batch.ts';

/** What the Dataproc adapter needs from outside. */
export interface DataprocOptions {
  readonly targets: ReadonlyMap<string, TargetConfig>;
  /** Replaces `https://<region>-dataproc.googleapis.com`; null outside the local stack. */
  readonly endpoint: string | null;
  readonly tokens: GoogleTokens;
  readonly send: Send;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Milliseconds one attempt may take: two fit into a handler's 25 seconds with its other calls. */
const ATTEMPT_MS = 8_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const RETRIED_STATUS = new Set([429, 503]);

/**
 * Makes the Dataproc gateway over REST: serverless batches whose id is the job's id.
 * 429 and 503 are retried once with jitter inside the deadline, each attempt under a request id of its own, because a
 * repeated one would be answered with the first operation as if it were new.
 */
export function createDataprocGateway(options: DataprocOptions): JobGateway {
  return {
    submit: async (submission) => {
      const target = getTarget(options, submission.target);
      const response = await attempt(options, () => createBatch(options, submission, target));
      if (response.status === 200) return { kind: 'accepted' };
      if (response.status === 409) return { kind: 'exists' };
      throw toRefusal(response);
    },
    find: async (reference) => {
      const target = getTarget(options, reference.target);
      const response = await attempt(options, () => getBatch(options, reference, target));
      if (response.status === 404) return undefined;
      if (response.status !== 200) throw toRefusal(response);
      const upstream = parseBatch(reference.jobId, parseJsonObject(response.body));
      if (upstream !== undefined) return upstream;
      throw upstreamProblem('upstream_error', 'Dataproc', {
        detail: 'gave a state that is unknown',
      });
    },
  };
}

function getTarget(options: DataprocOptions, name: string): TargetConfig {
  const target = options.targets.get(name);
  if (target !== undefined) return target;
  throw new Problem('internal', 'The job’s target is not configured.', {}, new Error(name));
}

function toBase(options: DataprocOptions, target: TargetConfig): string {
  const host = options.endpoint ?? `https://${target.region}-dataproc.googleapis.com`;
  return `${host}/v1/projects/${target.project}/locations/${target.region}/batches`;
}

async function createBatch(
  options: DataprocOptions,
  submission: Submission,
  target: TargetConfig,
): Promise<HttpResponse> {
  const query = new URLSearchParams({ batchId: submission.jobId, requestId: randomUUID() });
  const place = {
    stagingBucket: target.stagingBucket,
    runtimeVersion: target.runtimeVersion,
    runtimeAccountEmail: toAccountEmail(submission.runtimeAccount, target.project),
  };
  return call(options, {
    url: `${toBase(options, target)}?${query.toString()}`,
    method: 'POST',
    body: JSON.stringify(toBatch(submission, place)),
    account: toAccountEmail(submission.submitterAccount, target.project),
    deadline: submission.deadline,
  });
}

async function getBatch(
  options: DataprocOptions,
  reference: JobReference,
  target: TargetConfig,
): Promise<HttpResponse> {
  return call(options, {
    url: `${toBase(options, target)}/${reference.jobId}`,
    method: 'GET',
    account: toAccountEmail(reference.account, target.project),
    deadline: reference.deadline,
  });
}

interface Call {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  readonly account: string;
  readonly deadline: Date;
}

async function call(options: DataprocOptions, request: Call): Promise<HttpResponse> {
  const token = await options.tokens(request.account, request.deadline);
  const attemptEnd = options.now().getTime() + ATTEMPT_MS;
  const { url, method, body } = request;
  try {
    return await options.send({
      url,
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
      deadline: new Date(Math.min(attemptEnd, request.deadline.getTime())),
      maxBytes: MAX_ANSWER_BYTES,
    });
  } catch (error) {
    throw toUpstreamProblem(error, 'Dataproc');
  }
}

async function attempt(
  options: DataprocOptions,
  send: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const first = await send();
  if (!RETRIED_STATUS.has(first.status)) return first;
  await options.sleep(200 + Math.random() * 400);
  return send();
}

function toRefusal(response: HttpResponse): Problem {
  const error = parseJsonObject(response.body).get('error');
  const said = typeof error === 'object' && error !== null ? JSON.stringify(error) : 'no reason';
  return upstreamProblem(toUpstreamCode(response.status), 'Dataproc', {
    status: response.status,
    cause: new Error(said.slice(0, 500)),
  });
}
