import type { Caller } from '../../shared/identity/caller.ts';
import type { ProxyHandler } from '../../shared/http/endpoint.ts';
import { ANALYST } from './callers.ts';
import { CONTEXT, makeProxyEvent } from './proxy-events.ts';

/** An answer whose body is parsed. */
export interface Posted {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Who posts, under which key; without one Jobgate makes its own. */
export interface PostOptions {
  readonly caller?: Caller;
  readonly key?: string;
}

/** Posts a body to a handler. */
export async function postTo(
  handler: ProxyHandler,
  body: unknown,
  { caller = ANALYST, key }: PostOptions = {},
): Promise<Posted> {
  const headers = {
    'content-type': 'application/json',
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  };
  const event = makeProxyEvent({ caller, headers, body: JSON.stringify(body) });
  const result = await handler(event, CONTEXT);
  return {
    status: result.statusCode,
    headers: result.headers ?? {},
    body: JSON.parse(result.body) as Readonly<Record<string, unknown>>,
  };
}
