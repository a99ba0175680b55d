import { describe, expect, it } from 'vitest';
import { createEndpoint, type AuthorizedInvocation } from '../../../shared/http/endpoint.ts';
import type { ApiResponse } from '../../../shared/http/response.ts';
import type { Caller } from '../../../shared/identity/caller.ts';
import { Denial, DENIAL_CODES, Problem } from '../../../shared/problem.ts';
import { ANALYST } from '../../support/callers.ts';
import { createClock } from '../../support/clock.ts';
import { CORE_ENVIRONMENT } from '../../support/environment.ts';
import { createGuardRecorder, type GuardRecorder } from '../../support/guards.ts';
import { createLogRecorder, type LogRecorder } from '../../support/log-lines.ts';
import { CONTEXT, makeProxyEvent } from '../../support/proxy-events.ts';

interface Bench extends GuardRecorder {
  readonly recorder: LogRecorder;
  readonly call: (
    run: (invocation: AuthorizedInvocation) => Promise<ApiResponse>,
    parts?: { readonly caller?: Caller | null; readonly members?: object },
  ) => Promise<{ readonly status: number; readonly text: string; readonly headers: unknown }>;
}

/** submit-job's endpoint around any work, and what it recorded. */
function createBench(): Bench {
  const recorded = createGuardRecorder();
  const recorder = createLogRecorder();
  return {
    ...recorded,
    recorder,
    call: async (run, { caller = ANALYST, members = {} } = {}) => {
      const handler = createEndpoint(
        {
          operation: 'submit-job',
          environment: CORE_ENVIRONMENT,
          log: recorder.log,
          now: createClock().now,
          guard: recorded.guard,
        },
        run,
      );
      const headers = { 'X-Correlation-Id': 'correlation-1', authorization: 'Bearer secret-token' };
      const base = makeProxyEvent({ path: '/v1/jobs', headers, ...(caller && { caller }) });
      const context = base['requestContext'] as object;
      const requestContext = { ...context, identity: { sourceIp: '192.0.2.10' } };
      const event = { ...base, resource: '/v1/jobs', requestContext, ...members };
      const { statusCode, body, headers: answered } = await handler(event, CONTEXT);
      return { status: statusCode, text: body, headers: answered };
    },
  };
}

const fine = (): Promise<ApiResponse> => Promise.resolve({ status: 200, body: {} });
const refuse = (thrown: Error) => (): Promise<ApiResponse> => Promise.reject(thrown);

describe('a refusal of a caller', () => {
  it('is recorded whole, with who asked, and none of it is in the answer', async () => {
    const bench = createBench();
    const ground = { rule: 'own-job', missing: ['scope jobs:admin'], jobId: 'jg-1' };
    const denial = new Denial('job_not_found', 'No job of yours has this id.', ground);
    const { status, text } = await bench.call(refuse(denial));
    expect(status).toBe(404);
    expect(text).not.toMatch(/own-job|jobs:admin|jg-1/);
    expect(bench.records).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        timestamp: '2026-01-15T12:00:00.000Z',
        service: 'jobgate',
        message: 'audit',
        action: 'submit-job',
        decision: 'deny',
        rule: 'own-job',
        missing: ['scope jobs:admin'],
        code: 'job_not_found',
        requestId: 'request-1',
        extendedRequestId: null,
        correlationId: 'correlation-1',
        sourceIp: '192.0.2.10',
        httpMethod: 'GET',
        resourcePath: '/v1/jobs',
        caller: 'ana',
        issuer: 'https://issuer.example',
        client: 'notebook',
        actor: null,
        tokenId: 'token-1',
        jobId: 'jg-1',
      },
    ]);
    expect(JSON.stringify(bench.records)).not.toContain('secret-token');
  });

  it.each(DENIAL_CODES)('is recorded for %s even without a ground', async (code) => {
    const bench = createBench();
    await bench.call(refuse(new Problem(code, 'No.')));
    expect(bench.records).toMatchObject([{ decision: 'deny', code, rule: code }]);
  });

  it.each<readonly [string, Caller | null, object, object]>([
    ['without a caller', null, {}, { code: 'invalid_token', rule: 'caller', caller: null }],
    [
      'with a token that ended',
      { ...ANALYST, expiresAt: new Date('2026-01-15T11:59:30.000Z') },
      {},
      { code: 'invalid_token', rule: 'token-expiry', caller: 'ana', tokenId: 'token-1' },
    ],
    [
      'with two Authorization headers',
      ANALYST,
      { multiValueHeaders: { Authorization: ['Bearer a', 'Bearer b'] } },
      { code: 'invalid_token', rule: 'one-authorization', caller: 'ana' },
    ],
    [
      'without the scope of the route',
      { ...ANALYST, scopes: ['jobs:read'] },
      {},
      { code: 'insufficient_scope', rule: 'jobs:submit', missing: ['scope jobs:submit'] },
    ],
  ])('is recorded once %s', async (_name, caller, members, expected) => {
    const bench = createBench();
    await bench.call(fine, { caller, members });
    expect(bench.records).toMatchObject([{ decision: 'deny', ...expected }]);
    expect(bench.records).toHaveLength(1);
  });

  it('by a switch is recorded before the handler runs', async () => {
    const bench = createBench();
    const denial = new Denial('access_suspended', 'Suspended.', { rule: 'switches.denied' });
    const guard = { ...bench.guard, admit: () => Promise.reject(denial) };
    let ran = false;
    const handler = createEndpoint(
      {
        operation: 'get-job',
        environment: CORE_ENVIRONMENT,
        log: bench.recorder.log,
        now: createClock().now,
        guard,
      },
      () => {
        ran = true;
        return fine();
      },
    );
    const { statusCode } = await handler(makeProxyEvent({ caller: ANALYST }), CONTEXT);
    expect([statusCode, ran]).toEqual([403, false]);
    expect(bench.records).toMatchObject([{ code: 'access_suspended', rule: 'switches.denied' }]);
  });

  it('that cannot be recorded becomes 503 with Retry-After, and says nothing of the decision', async () => {
    const bench = createBench();
    bench.setDown(true);
    const ground = { rule: 'own-job', jobId: 'jg-1' };
    const { status, text, headers } = await bench.call(
      refuse(new Denial('job_not_found', 'No job of yours has this id.', ground)),
    );
    expect(status).toBe(503);
    expect(headers).toMatchObject({ 'retry-after': '5' });
    expect(JSON.parse(text)).toMatchObject({
      code: 'upstream_unavailable',
      upstream: 'audit',
      retryAfter: 5,
      retryable: true,
    });
    expect(text).not.toMatch(/own-job|job_not_found|jg-1/);
  });
});

describe('what is no refusal of a caller', () => {
  it.each([
    ['a request that is wrong', new Problem('validation_failed', 'No.')],
    ['an upstream that failed', new Problem('upstream_error', 'No.')],
    ['a bug', new TypeError('No.')],
  ])('leaves no record: %s', async (_name, thrown) => {
    const bench = createBench();
    await bench.call(refuse(thrown));
    expect(bench.records).toEqual([]);
  });

  it('is recorded when the handler says so, before it answers', async () => {
    const bench = createBench();
    const { status } = await bench.call(async ({ audit }) => {
      await audit.record({ decision: 'allow', rule: 'own-job', jobId: 'jg-1', path: 'a.csv' });
      return fine();
    });
    expect(status).toBe(200);
    expect(bench.records).toMatchObject([
      { decision: 'allow', rule: 'own-job', jobId: 'jg-1', path: 'a.csv', action: 'submit-job' },
    ]);
  });

  it('is not answered when it should be recorded and cannot be', async () => {
    const bench = createBench();
    bench.setDown(true);
    const { status, text } = await bench.call(async ({ audit }) => {
      await audit.record({ decision: 'allow', rule: 'own-job' });
      return { status: 200, body: { secret: 'data' } };
    });
    expect(status).toBe(503);
    expect(text).not.toContain('secret');
  });
});
