import type { ClientCredentials } from './clients.ts';
import { StackFailure } from './failure.ts';
import { toFields } from './fields.ts';

const TIMEOUT_MS = 10_000;

/**
 * Gets an access token with client credentials. Source: RFC 6749 sections 2.3.1 and 4.4.
 * `scope` is every one the client may have when not given.
 * @throws StackFailure when the provider does not answer or refuses.
 */
export async function fetchToken(
  tokenEndpoint: string,
  { id, secret }: ClientCredentials,
  scope?: string,
): Promise<string> {
  const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  const fields = { grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const body = new URLSearchParams(fields);
  const options = { method: 'POST', headers: { authorization }, body, signal } as const;
  const response = await fetch(tokenEndpoint, options).catch((cause: unknown) => {
    const advice = 'run `npm start` in another terminal';
    throw new StackFailure(`No local stack answers at ${tokenEndpoint}: ${advice}.`, [], { cause });
  });
  const answer = await response.text();
  const token = response.ok ? readToken(answer) : undefined;
  if (token !== undefined) return token;
  throw new StackFailure(`The identity provider refused ${id}: ${answer.slice(0, 200)}`);
}

function readToken(text: string): string | undefined {
  const token = toFields(JSON.parse(text)).get('access_token');
  return typeof token === 'string' ? token : undefined;
}
