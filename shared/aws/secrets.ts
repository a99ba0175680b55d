import { parseJsonObject, type HttpResponse, type Send } from '../transport.ts';
import { toUpstreamProblem, upstreamProblem } from '../upstream.ts';
import { sendAwsJson, type AwsCredentialsSource } from './signed-request.ts';

/** What reading secrets needs from outside. */
export interface SecretsOptions {
  readonly region: string;
  /** Replaces Secrets Manager's address; null outside the local stack. */
  readonly endpoint: string | null;
  readonly credentials: AwsCredentialsSource;
  readonly send: Send;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Reads the current text of a secret, by its name or ARN.
 * @throws Problem `upstream_unavailable`, `upstream_timeout`, `upstream_error`, `upstream_refused`.
 */
export type ReadSecret = (secretId: string, deadline: Date) => Promise<string>;

const ATTEMPTS = 2;
/** Milliseconds that must be left for a second attempt. */
const LEAST_MS = 500;
const RETRIED = /ThrottlingException|InternalServiceError/;

/**
 * Makes the reader of secrets. Throttling and Secrets Manager's own failures are retried once with jitter inside the
 * deadline. Source: AWS Secrets Manager API reference, GetSecretValue.
 */
export function createSecretReader(options: SecretsOptions): ReadSecret {
  return async (secretId, deadline) => {
    const body = JSON.stringify({ SecretId: secretId, VersionStage: 'AWSCURRENT' });
    const members = await call(options, body, deadline);
    const text = members.get('SecretString');
    if (typeof text === 'string') return text;
    throw upstreamProblem('upstream_error', 'Secrets Manager', { detail: 'gave no text' });
  };
}

async function call(
  options: SecretsOptions,
  body: string,
  deadline: Date,
): Promise<ReadonlyMap<string, unknown>> {
  for (let attempt = 1; ; attempt += 1) {
    const { status, body: answer } = await sendOnce(options, body, deadline);
    const members = parseJsonObject(answer);
    if (status === 200) return members;
    const type = members.get('__type');
    const name = typeof type === 'string' ? type : 'unknown';
    const retried = RETRIED.test(name) || status >= 500;
    const remainingMs = deadline.getTime() - options.now().getTime();
    if (!retried || attempt === ATTEMPTS || remainingMs < LEAST_MS) {
      const code = retried ? 'upstream_unavailable' : 'upstream_refused';
      const cause = new Error(`GetSecretValue: ${name}`);
      throw upstreamProblem(code, 'Secrets Manager', { status, cause });
    }
    await options.sleep(50 + Math.random() * 100);
  }
}

async function sendOnce(
  options: SecretsOptions,
  body: string,
  deadline: Date,
): Promise<HttpResponse> {
  const { region, endpoint } = options;
  const target = 'secretsmanager.GetSecretValue';
  try {
    return await sendAwsJson(
      { service: 'secretsmanager', region, endpoint, target, jsonVersion: '1.1', body, deadline },
      options.credentials(),
      options.send,
    );
  } catch (error) {
    throw toUpstreamProblem(error, 'Secrets Manager');
  }
}
