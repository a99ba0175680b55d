import { callApi, getStack, SAMPLE_BODY, waitForEnd } from './api.ts';
import { readEvent } from './deployed-function.ts';

/** Gives a job of the analyst that has succeeded: the first to ask for a key in a stack's life starts it, the others find it. */
export async function getSucceededJob(key = 'function-tests'): Promise<string> {
  const headers = { 'idempotency-key': key };
  const posted = await callApi('/jobs', { as: 'analyst', json: SAMPLE_BODY, headers });
  const job = String(posted.body['id']);
  const ended = await waitForEnd(job);
  if (ended['state'] !== 'succeeded') throw new Error(`the job ended: ${JSON.stringify(ended)}`);
  return job;
}

/** Changes to an event of events/ that make it ask for a job of the stack, as the stack's analyst. */
export function aboutJob(event: string, job: string): Readonly<Record<string, unknown>> {
  const { pathParameters, requestContext } = readEvent(event);
  const context = toFields(requestContext);
  const authorizer = { ...toFields(context['authorizer']), issuer: getStack().issuer };
  return {
    pathParameters: { ...toFields(pathParameters), job },
    requestContext: { ...context, authorizer },
  };
}

function toFields(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error('the event has no such member');
  return Object.fromEntries(Object.entries(value));
}
