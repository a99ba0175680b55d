import { signRequest } from '../../shared/aws/signed-request.ts';
import { getStack } from './api.ts';
import { readEvent } from './deployed-function.ts';

/** What a sweep answers. */
export type SweepAnswer = Readonly<Record<string, number>>;

/**
 * Has the deployed sweep run once, to its end, and gives what it answers. The stack of the tests runs none by itself.
 * Source: Lambda API reference, Invoke.
 */
export async function sweepOnce(stack = getStack()): Promise<SweepAnswer> {
  const { aws } = stack;
  const path = '/2015-03-31/functions/jobgate-local-sweep-jobs/invocations';
  const body = JSON.stringify(readEvent('sweep-jobs'));
  const headers = signRequest(
    {
      host: new URL(aws).host,
      path,
      method: 'POST',
      service: 'lambda',
      region: 'us-east-1',
      body,
      headers: { 'Content-Type': 'application/json' },
    },
    { accessKeyId: 'test', secretAccessKey: 'test', sessionToken: undefined },
  );
  const response = await fetch(aws + path, { method: 'POST', headers: withoutHost(headers), body });
  const text = await response.text();
  const failure = response.headers.get('x-amz-function-error');
  if (response.status !== 200 || failure !== null) {
    throw new Error(`the sweep answered ${response.status} ${failure ?? ''}: ${text}`);
  }
  return JSON.parse(text) as SweepAnswer;
}

/** `fetch` says itself which host it calls. */
function withoutHost(headers: Readonly<Record<string, string>>): Headers {
  const sent = new Headers(headers);
  sent.delete('host');
  return sent;
}
