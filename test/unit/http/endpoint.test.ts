import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createEndpoint, createOpenEndpoint } from '../../../shared/http/endpoint.ts';
import type { ApiResponse } from '../../../shared/http/response.ts';
import type { OperationId } from '../../../shared/http/routes.ts';
import type { Caller } from '../../../shared/identity/caller.ts';
import { Problem } from '../../../shared/problem.ts';
import { ANALYST } from '../../support/callers.ts';
import { createClock } from '../../support/clock.ts';
import { CORE_ENVIRONMENT } from '../../support/environment.ts';
import { createGuardRecorder } from '../../support/guards.ts';
import { createLogRecorder, type LogRecorder } from '../../support/log-lines.ts';
import { CONTEXT, makeProxyEvent } from '../../support/proxy-events.ts';

interface Answer {
  readonly status: number;
  readonly headers: unknown;
  readonly body: unknown;
  readonly recorder: LogRecorder;
}

const OK: ApiResponse = { status: 200, body: { ok: true } };

/** How a refusal for lack of a good token names the metadata from which one is got. */
function challenge(error: string): string {
  const metadata = 'https://api.example/.well-known/oauth-protected-resource/v1';
  return `Bearer realm="jobgate", error="${error}", resource_metadata="${metadata}"`;
}

/** Calls an endpoint that runs `run` for the caller. */
async function call(
  run: () => Promise<ApiResponse>,
  parts: {
    readonly caller?: Caller | null;
    readonly operation?: OperationId;
    readonly accept?: string;
  } = {},
): Promise<Answer> {
  const recorder = createLogRecorder();
  const { caller = ANALYST, operation = 'get-job', accept = '*/*' } = parts;
  const handler = createEndpoint(
    {
      operation,
      log: recorder.log,
      environment: CORE_ENVIRONMENT,
      now: createClock().now,
      ...createGuardRecorder(),
    },
    run,
  );
  const headers = {
    'X-Correlation-Id': 'correlation-1',
    authorization: 'Bearer secret-token',
    accept,
  };
  const event = makeProxyEvent({ path: '/v1/jobs/jg-1', headers, ...(caller && { caller }) });
  const result = await handler(event, CONTEXT);
  return {
    status: result.statusCode,
    headers: result.headers,
    body: JSON.parse(result.body),
    recorder,
  };
}

describe('an endpoint', () => {
  it.each([
    'application/json',
    '*/*',
    'text/html, application/*;q=0.8',
    'application/problem+json',
  ])('serves one who accepts %s', async (accept) => {
    expect((await call(() => Promise.resolve(OK), { accept })).status).toBe(200);
  });

  it.each(['text/html', 'application/xml', 'application/jsonp'])(
    'refuses one who accepts only %s',
    async (accept) => {
      const { status, body } = await call(() => Promise.resolve(OK), { accept });
      expect(status).toBe(406);
      expect(body).toMatchObject({ code: 'not_acceptable', status: 406 });
    },
  );

  it('leaves it to the link of get-job-file what is accepted', async () => {
    const parts = { accept: 'text/csv', operation: 'get-job-file' } as const;
    expect((await call(() => Promise.resolve(OK), parts)).status).toBe(200);
  });

  it.each([
    ['job_not_found', 'info'],
    ['insufficient_scope', 'info'],
    ['template_forbidden', 'info'],
    ['validation_failed', 'info'],
    ['upstream_error', 'error'],
  ] as const)('logs the refusal %s at level %s', async (code, level) => {
    const { recorder } = await call(() => Promise.reject(new Problem(code, 'No.')));
    expect(recorder.entries()[0]).toMatchObject({ level, message: 'refused', code });
  });

  it('answers with the body, the correlation id and without permission to store', async () => {
    const answer = await call(() => Promise.resolve(OK));
    expect(answer).toMatchObject({
      status: 200,
      body: { ok: true },
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-correlation-id': 'correlation-1',
        'x-content-type-options': 'nosniff',
      },
    });
  });

  it('writes one line for an answer, with ids and never the token', async () => {
    const { recorder } = await call(() => Promise.resolve(OK));
    expect(recorder.entries()).toEqual([
      {
        timestamp: '2026-01-15T12:00:00.000Z',
        level: 'info',
        message: 'answered',
        function: 'get-job',
        correlationId: 'correlation-1',
        requestId: 'request-1',
        caller: 'ana via notebook',
        status: 200,
        durationMs: 0,
        coldStart: true,
      },
    ]);
  });

  it('renders a problem with everything that a client needs', async () => {
    const cause = new Error('raw words of the upstream, Bearer abc');
    const extras = { upstream: 'Dataproc', retryAfter: 5, job: 'jg-1' };
    const problem = new Problem('upstream_unavailable', 'Dataproc is overloaded.', extras, cause);
    const answer = await call(() => Promise.reject(problem));
    expect(answer.status).toBe(503);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'retry-after': '5',
      'x-correlation-id': 'correlation-1',
    });
    expect(answer.body).toEqual({
      type: 'urn:jobgate:problem:upstream_unavailable',
      title: 'An upstream service is unavailable',
      status: 503,
      detail: 'Dataproc is overloaded.',
      instance: '/v1/jobs/jg-1',
      code: 'upstream_unavailable',
      correlationId: 'correlation-1',
      retryable: true,
      upstream: 'Dataproc',
      retryAfter: 5,
      job: 'jg-1',
    });
    expect(answer.recorder.entries()[0]).toMatchObject({
      level: 'error',
      message: 'refused',
      code: 'upstream_unavailable',
      cause: 'Error: raw words of the upstream, [redacted]',
    });
  });

  it('turns a bug into internal, whose words stay in the log', async () => {
    const answer = await call(() => Promise.reject(new TypeError('password=hunter2')));
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal', retryable: false } });
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    expect(answer.recorder.entries()[0]).toMatchObject({ cause: 'TypeError: password=hunter2' });
  });

  it('survives a handler that throws at once', async () => {
    const answer = await call(() => {
      throw new Problem('job_not_found', 'No job of yours has this id.');
    });
    expect(answer).toMatchObject({ status: 404, body: { code: 'job_not_found' } });
  });

  it('says that only the first answer of an instance was a cold start', async () => {
    const { log, entries } = createLogRecorder();
    const options = {
      operation: 'get-health',
      log,
      environment: CORE_ENVIRONMENT,
      now: createClock().now,
    } as const;
    const handler = createOpenEndpoint(options, () => Promise.resolve(OK));
    await handler(makeProxyEvent(), CONTEXT);
    await handler(makeProxyEvent(), CONTEXT);
    expect(entries().map((entry) => entry['coldStart'])).toEqual([true, false]);
  });

  it.each([
    [28_000, 25_000],
    [10_000, 8_500],
    [1_000, 0],
  ])('leaves a handler with %i ms a deadline in %i ms', async (remainingMs, usableMs) => {
    const clock = createClock();
    const { log } = createLogRecorder();
    let deadline: Date | undefined;
    const handler = createOpenEndpoint(
      { operation: 'get-health', log, environment: CORE_ENVIRONMENT, now: clock.now },
      (given) => {
        deadline = given.deadline;
        return Promise.resolve(OK);
      },
    );
    const context = { getRemainingTimeInMillis: () => remainingMs } as Context;
    await handler(makeProxyEvent(), context);
    expect((deadline?.getTime() ?? 0) - clock.now().getTime()).toBe(usableMs);
  });
});

describe('a caller', () => {
  const ran = (): Promise<ApiResponse> => Promise.resolve(OK);

  it.each([
    ['is missing', null],
    ['has a token that ended', { ...ANALYST, expiresAt: new Date('2026-01-15T11:59:30.000Z') }],
  ])('gets 401 when it %s', async (_name, caller) => {
    const answer = await call(ran, { caller });
    expect(answer).toMatchObject({
      status: 401,
      body: {
        code: 'invalid_token',
        detail: 'Get a new access token and send it as a Bearer token.',
      },
      headers: { 'www-authenticate': challenge('invalid_token') },
    });
  });

  it('gets 401 when it sent two Authorization headers, of which the gateway chose one', async () => {
    const recorder = createLogRecorder();
    const { guard } = createGuardRecorder();
    const options = {
      operation: 'get-job',
      log: recorder.log,
      environment: CORE_ENVIRONMENT,
      now: createClock().now,
      guard,
    } as const;
    const multiValueHeaders = { authorization: ['Bearer a', 'Bearer b'] };
    const event = { ...makeProxyEvent({ caller: ANALYST }), multiValueHeaders };
    const result = await createEndpoint(options, ran)(event, CONTEXT);
    expect(result.statusCode).toBe(401);
    expect(JSON.parse(result.body)).toMatchObject({ code: 'invalid_token' });
  });

  it('is served until its token has ended for longer than clocks may differ', async () => {
    const caller = { ...ANALYST, expiresAt: new Date('2026-01-15T11:59:31.000Z') };
    expect((await call(ran, { caller })).status).toBe(200);
  });

  it('gets 403 without the scope of the route, and is told who it is and what is missing', async () => {
    const caller = { ...ANALYST, scopes: ['jobs:read'] };
    const answer = await call(ran, { caller, operation: 'submit-job' });
    expect(answer).toMatchObject({
      status: 403,
      headers: { 'www-authenticate': challenge('insufficient_scope') },
      body: {
        code: 'insufficient_scope',
        detail:
          'You are ana; this operation needs the scope jobs:submit. Your token gives jobs:read. Ask for more where you got it, https://issuer.example, or the operators of this API.',
        caller: { issuer: 'https://issuer.example', subject: 'ana', client: 'notebook' },
        missing: ['scope jobs:submit'],
      },
    });
  });

  it('is not asked for by an open route', async () => {
    const { log } = createLogRecorder();
    const options = {
      operation: 'get-health',
      log,
      environment: CORE_ENVIRONMENT,
      now: createClock().now,
    } as const;
    const answer = await createOpenEndpoint(options, ran)(makeProxyEvent(), CONTEXT);
    expect(answer.statusCode).toBe(200);
  });
});
