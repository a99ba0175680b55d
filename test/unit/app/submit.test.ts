import { describe, expect, it } from 'vitest';
import type { Caller } from '../../../shared/identity/caller.ts';
import { AGENT, ANALYST, OUTSIDER } from '../../support/callers.ts';
import { CONTEXT, makeProxyEvent } from '../../support/proxy-events.ts';
import { createSubmitBench, type SubmitBench } from '../../support/submit-bench.ts';
import { TIDY } from '../../support/templates.ts';

interface Sent {
  readonly caller?: Caller;
  readonly headers?: Readonly<Record<string, string>>;
}

const BODY = { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(
  bench: SubmitBench,
  body: unknown,
  { caller = ANALYST, headers = {} }: Sent = {},
): Promise<Answer> {
  const event = makeProxyEvent({
    caller,
    headers: { 'content-type': 'application/json', 'idempotency-key': 'key-1', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const result = await bench.handler(event, CONTEXT);
  return {
    status: result.statusCode,
    headers: result.headers ?? {},
    body: JSON.parse(result.body) as Readonly<Record<string, unknown>>,
  };
}

describe('submit-job', () => {
  it('starts a job, and records who was allowed to by which rule', async () => {
    const bench = createSubmitBench();
    const { status, body } = await post(bench, BODY);
    expect(status).toBe(202);
    expect(body).toMatchObject({
      id: 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i',
      state: 'queued',
      maxRuntimeSeconds: 1800,
      parameters: { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 10, note: '' },
    });
    expect(bench.recorder.entries()).toMatchObject([
      { level: 'info', message: 'recorded', state: 'submitting', replayed: false },
      { level: 'info', message: 'answered', status: 202 },
    ]);
    expect(bench.audited).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        timestamp: '2026-01-15T12:00:00.000Z',
        service: 'jobgate',
        message: 'audit',
        action: 'submit-job',
        decision: 'allow',
        rule: 'tidy.allow[0]',
        requestId: 'request-1',
        extendedRequestId: null,
        correlationId: body['correlationId'],
        sourceIp: null,
        httpMethod: 'POST',
        resourcePath: null,
        caller: 'ana',
        issuer: 'https://issuer.example',
        client: 'notebook',
        actor: null,
        tokenId: 'token-1',
        template: 'tidy',
        templateVersion: '1.2.0',
        jobId: 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i',
        replayed: false,
      },
    ]);
  });

  it('says what its limits are, and reads what is left of them for who prefers that', async () => {
    const policy =
      '"runs-per-day";q=50;w=86400, "concurrent-per-caller";q=2;qu="concurrent-requests", ' +
      '"concurrent-per-template";q=10;qu="concurrent-requests"';
    const bench = createSubmitBench();
    const plain = await post(bench, BODY);
    expect(plain.headers).toMatchObject({ 'ratelimit-policy': policy });
    expect(plain.headers).not.toHaveProperty('ratelimit');
    expect(plain.headers).not.toHaveProperty('preference-applied');
    const headers = { 'idempotency-key': 'key-2', Prefer: 'wait=5, rate-limit' };
    const asked = await post(bench, BODY, { headers });
    expect(asked.headers).toMatchObject({
      'ratelimit-policy': policy,
      ratelimit:
        '"runs-per-day";r=48;t=43200, "concurrent-per-caller";r=0, "concurrent-per-template";r=8',
      'preference-applied': 'rate-limit',
    });
  });

  it('answers a repeated request with its job though the template has changed since', async () => {
    const catalog = [TIDY];
    const bench = createSubmitBench(catalog);
    const body = { ...BODY, templateVersion: TIDY.version };
    const first = await post(bench, body);
    catalog[0] = { ...TIDY, version: '9.0.0' };
    const again = await post(bench, body);
    expect([again.status, again.body['id']]).toEqual([200, first.body['id']]);
    const other = await post(bench, { ...body, labels: { team: 'other' } });
    expect([other.status, other.body['code']]).toEqual([409, 'template_changed']);
    expect(bench.audited.map(({ decision, replayed }) => [decision, replayed])).toEqual([
      ['allow', false],
      ['allow', true],
    ]);
    const unknown = await post(bench, body, { headers: { 'idempotency-key': 'key-2' } });
    expect([unknown.status, unknown.body['code']]).toEqual([409, 'template_changed']);
  });

  it('answers a repeated request with the job that was there', async () => {
    const bench = createSubmitBench();
    const first = await post(bench, BODY);
    const again = await post(bench, { parameters: BODY.parameters, template: 'tidy' });
    expect(again).toMatchObject({ status: 200, body: first.body });
  });

  it('says when to look again while a job is active, and no more once it has ended', async () => {
    const bench = createSubmitBench();
    const first = await post(bench, BODY);
    expect(first.headers).toMatchObject({
      'retry-after': '2',
      location: `https://api.example/v1/jobs/${String(first.body['id'])}`,
    });
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    expect((await post(bench, BODY)).headers).toMatchObject({
      'retry-after': '2',
      'idempotency-replayed': 'true',
    });
    const [record] = bench.records.all();
    if (record === undefined) throw new Error('nothing was recorded');
    bench.records.seed({ ...record, state: 'succeeded', endedAt: record.checkedAt });
    const ended = await post(bench, BODY);
    expect([ended.status, ended.body['state']]).toEqual([200, 'succeeded']);
    expect(ended.headers).toMatchObject({ 'idempotency-replayed': 'true' });
    expect(ended.headers).not.toHaveProperty('retry-after');
  });

  it('gives an agent a job of its own under the key of its person', async () => {
    const bench = createSubmitBench([
      { ...TIDY, allow: [{ groups: ['analysts'] }, { issuers: ['test'], actors: ['*'] }] },
    ]);
    const own = await post(bench, BODY);
    const acted = await post(bench, BODY, { caller: AGENT });
    expect([own.status, acted.status]).toEqual([202, 202]);
    expect(acted.body['id']).not.toBe(own.body['id']);
    expect(acted.body['submittedBy']).toMatchObject({ subject: 'ana', actor: 'agent-7' });
  });

  it('refuses a caller whom no rule admits, says who and what is missing, and audits it', async () => {
    const bench = createSubmitBench();
    const { status, body } = await post(bench, BODY, { caller: OUTSIDER });
    expect(status).toBe(403);
    expect(body).toMatchObject({
      code: 'template_forbidden',
      detail: 'You are otto; running tidy needs group analysts. Ask data@example.com.',
      caller: { subject: 'otto', groups: [], closestRule: 'tidy.allow[0]' },
      missing: ['group analysts'],
    });
    expect(bench.audited).toMatchObject([
      {
        action: 'submit-job',
        decision: 'deny',
        code: 'template_forbidden',
        rule: 'tidy.allow[0]',
        missing: ['group analysts'],
        caller: 'otto',
        template: 'tidy',
        templateVersion: '1.2.0',
      },
    ]);
    expect(bench.records.all()).toEqual([]);
  });

  it.each<readonly [string, unknown, number, string, readonly string[]]>([
    ['an unknown template', { template: 'other' }, 404, 'template_not_found', []],
    ['another version', { ...BODY, templateVersion: '1.1.0' }, 409, 'template_changed', []],
    ['a body that is no JSON', '{', 400, 'invalid_json', []],
    ['a body over 64 kB', `{"a":"${'x'.repeat(65_536)}"}`, 413, 'payload_too_large', []],
    ['an unknown member', { ...BODY, force: true }, 422, 'validation_failed', ['/force']],
    [
      'wrong parameters',
      { template: 'tidy', parameters: { limit: 'x' } },
      422,
      'validation_failed',
      ['/parameters/input', '/parameters/limit'],
    ],
    [
      'a URI outside what the template reads',
      { template: 'tidy', parameters: { input: 'gs://secrets/a.csv' } },
      422,
      'validation_failed',
      ['/parameters/input'],
    ],
    [
      'a longer run than the template allows',
      { ...BODY, maxRuntimeSeconds: 1801 },
      422,
      'validation_failed',
      ['/maxRuntimeSeconds'],
    ],
  ])('refuses %s before anything is written', async (_name, sent, status, code, pointers) => {
    const bench = createSubmitBench();
    const answer = await post(bench, sent);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    const errors = (answer.body['errors'] ?? []) as readonly { readonly pointer: string }[];
    expect(errors.map((error) => error.pointer)).toEqual(pointers);
    expect(bench.records.all()).toEqual([]);
    expect(bench.gateway.submissions).toEqual([]);
  });

  it('refuses another content type', async () => {
    const headers = { 'content-type': 'text/plain' };
    const answer = await post(createSubmitBench(), BODY, { headers });
    expect([answer.status, answer.body['code']]).toEqual([415, 'unsupported_media_type']);
  });

  it('refuses another body under the same key', async () => {
    const bench = createSubmitBench();
    await post(bench, BODY);
    const answer = await post(bench, { ...BODY, labels: { team: 'blue' } });
    expect([answer.status, answer.body['code']]).toEqual([422, 'idempotency_key_reused']);
    expect(answer.body['job']).toBe('jg-gpjwp6f5t3n2qjrllvyx6x7y4i');
  });

  it('refuses everybody for a template without rules', async () => {
    const bench = createSubmitBench([{ ...TIDY, allow: [] }]);
    expect((await post(bench, BODY)).body).toMatchObject({
      missing: ['a rule, and this template has none'],
    });
  });
});
