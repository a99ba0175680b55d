import { describe, expect, it } from 'vitest';
import { TransportError } from '../../shared/transport.ts';
import { toUpstreamCode, toUpstreamProblem, upstreamProblem } from '../../shared/upstream.ts';

describe('an upstream failure', () => {
  it.each([
    [200, 'upstream_error'],
    [302, 'upstream_refused'],
    [400, 'upstream_refused'],
    [401, 'upstream_error'],
    [403, 'upstream_refused'],
    [404, 'upstream_refused'],
    [409, 'upstream_refused'],
    [429, 'upstream_unavailable'],
    [500, 'upstream_error'],
    [502, 'upstream_error'],
    [503, 'upstream_unavailable'],
    [504, 'upstream_timeout'],
  ])('with the status %i is %s', (status, code) => {
    expect(toUpstreamCode(status)).toBe(code);
  });

  it('names the service, its status and whether to try again', () => {
    expect(upstreamProblem('upstream_unavailable', 'Dataproc', { status: 503 })).toMatchObject({
      detail: 'Dataproc cannot be reached or is overloaded (it answered 503). Try again.',
      extras: { upstream: 'Dataproc', retryAfter: 5 },
    });
    const refused = upstreamProblem('upstream_refused', 'DynamoDB', {});
    expect(refused.detail).toBe('DynamoDB refused the request.');
    expect(refused.extras).toEqual({ upstream: 'DynamoDB' });
  });

  it('passes on what is no failed exchange', () => {
    const bug = new TypeError('a bug');
    expect(toUpstreamProblem(bug, 'Dataproc')).toBe(bug);
  });

  it('keeps the failed exchange as its cause', () => {
    const failure = new TransportError('cut', 'the connection failed (ECONNRESET)');
    expect(toUpstreamProblem(failure, 'Dataproc')).toMatchObject({
      code: 'upstream_error',
      detail: 'Dataproc failed or cut the connection. Try again.',
      cause: failure,
    });
  });
});
