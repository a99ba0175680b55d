import { randomUUID } from 'node:crypto';
import {
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  type CloudWatchLogsClient,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, getStack, getToken, SAMPLE_BODY, signToken, type Call } from '../support/api.ts';
import {
  ACCESS_GROUP,
  AUDIT_GROUP,
  createLogsClient,
  readFunctionLogs,
  readLogGroup,
  type GroupLine,
} from '../support/log-groups.ts';
import { UNREACHABLE_ISSUER } from '../support/played-issuers.ts';
import { getSucceededJob } from '../support/succeeded-job.ts';
import { findTokenTraces } from '../support/token-traces.ts';
import { createTokenForge } from '../support/tokens.ts';

/** How often each kind of refusal is asked for. */
const N = 3;
const NO_SUCH_JOB = 'jg-aaaaaaaaaaaaaaaaaaaaaaaaaa';
const tokens: string[] = [];

/** Signs the analyst's claims with changes; what was signed may be found in no log. */
async function sign(changes: Readonly<Record<string, unknown>>): Promise<string> {
  const [, payload] = (await getToken('analyst')).split('.');
  const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as object;
  const iat = Math.floor(Date.now() / 1000);
  const token = await signToken({ ...claims, iat, exp: iat + 300, ...changes });
  tokens.push(token);
  return token;
}

/** A good token of an issuer whose keys nobody can have. */
function signAsUnreachable(): string {
  const iat = Math.floor(Date.now() / 1000);
  const token = createTokenForge().good({ iss: UNREACHABLE_ISSUER, iat, exp: iat + 300 });
  tokens.push(token);
  return token;
}

interface Asked {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly correlationId: string;
}

/** Asks N times, each time under a correlation id of its own. */
async function ask(path: string, call: Call): Promise<readonly Asked[]> {
  const answers: Asked[] = [];
  for (let time = 1; time <= N; time += 1) {
    const headers = { ...call.headers, 'x-correlation-id': randomUUID() };
    const { status, body, headers: answered } = await callApi(path, { ...call, headers });
    answers.push({ status, body, correlationId: answered.get('x-correlation-id') ?? '' });
  }
  return answers;
}

/** Lines of both groups that are records of these answers: the gateway's by request id, the handlers' by correlation id. */
async function findRecords(answers: readonly Asked[]): Promise<{
  readonly gateway: readonly GroupLine[];
  readonly handler: readonly GroupLine[];
}> {
  const ids = answers.map(({ correlationId }) => correlationId);
  const access = await readLogGroup(ACCESS_GROUP);
  const audit = await readLogGroup(AUDIT_GROUP);
  const handler = audit.filter((line) => ids.includes(String(line['correlationId'])));
  const requests = [...ids, ...handler.map((line) => String(line['requestId']))];
  const gateway = access.filter(
    (line) => requests.includes(String(line['requestId'])) && line['responseType'] !== '-',
  );
  return { gateway, handler };
}

const unique = (lines: readonly GroupLine[], key: string): number =>
  new Set(lines.map((line) => line[key])).size;

let job: string;

beforeAll(async () => {
  job = await getSucceededJob();
});

describe('a refusal that the gateway answers', () => {
  const seconds = Math.floor(Date.now() / 1000);

  it.each<readonly [string, string, () => Promise<Call> | Call, number, string]>([
    ['no token', '/templates', () => ({}), 401, 'UNAUTHORIZED'],
    ['a garbage token', '/templates', () => ({ token: 'garbage' }), 401, 'UNAUTHORIZED'],
    [
      'an expired token',
      '/templates',
      async () => ({ token: await sign({ iat: seconds - 900, exp: seconds - 600 }) }),
      401,
      'UNAUTHORIZED',
    ],
    ['a missing scope', '/jobs', () => ({ as: 'viewer', json: SAMPLE_BODY }), 403, 'ACCESS_DENIED'],
    ['an unknown route', '/nope', () => ({}), 404, 'MISSING_AUTHENTICATION_TOKEN'],
    [
      'a token whose issuer’s keys cannot be read',
      '/templates',
      () => ({ token: signAsUnreachable() }),
      503,
      'AUTHORIZER_FAILURE',
    ],
  ])('is one line of the access log each: %s', async (_name, path, make, status, type) => {
    const answers = await ask(path, await make());
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: N }, () => status));
    const { gateway, handler } = await findRecords(answers);
    expect(gateway).toHaveLength(N);
    expect(unique(gateway, 'requestId')).toBe(N);
    expect(new Set(gateway.map((line) => line['responseType']))).toEqual(new Set([type]));
    expect(handler).toEqual([]);
  });
});

describe('a refusal that a function answers', () => {
  interface Kind {
    readonly path: () => string;
    readonly call: () => Promise<Call> | Call;
    readonly status: number;
    readonly record: Readonly<Record<string, unknown>>;
  }

  const seer = async (): Promise<Call> => ({
    token: await sign({ sub: 'seer', client_id: 'seer', scope: 'jobs:read jobs:admin' }),
  });
  const stranger = (): Call => ({ as: 'outsider' });
  const ownJob = { code: 'job_not_found', rule: 'own-job', caller: 'outsider' };
  const kinds: readonly (readonly [string, Kind])[] = [
    ...['', '/logs', '/result', '/files/report.json', '/audit'].map((route) => {
      const path = (): string => `/jobs/${job}${route}`;
      return [
        `a stranger’s job${route}`,
        { path, call: stranger, status: 404, record: ownJob },
      ] as const;
    }),
    [
      'no such job',
      {
        path: () => `/jobs/${NO_SUCH_JOB}`,
        call: () => ({ as: 'analyst' }),
        status: 404,
        record: {
          code: 'job_not_found',
          rule: 'no-such-job',
          jobId: NO_SUCH_JOB,
          caller: 'analyst',
        },
      },
    ],
    [
      'a template’s rule',
      {
        path: () => '/jobs',
        call: () => ({ as: 'outsider', json: SAMPLE_BODY }),
        status: 403,
        record: { code: 'template_forbidden', rule: 'preprocess.allow[0]', template: 'preprocess' },
      },
    ],
    [
      'data:read',
      {
        path: () => `/jobs/${job}/logs`,
        call: seer,
        status: 403,
        record: { code: 'insufficient_scope', rule: 'data:read', missing: ['scope data:read'] },
      },
    ],
    [
      'audit:read',
      {
        path: () => `/jobs/${job}/audit`,
        call: seer,
        status: 403,
        record: { code: 'insufficient_scope', missing: ['scope audit:read'], caller: 'seer' },
      },
    ],
  ];

  it.each(kinds)('is one record of the audit each: %s', async (_name, kind) => {
    const answers = await ask(kind.path(), await kind.call());
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: N }, () => kind.status));
    const { gateway, handler } = await findRecords(answers);
    expect(handler).toHaveLength(N);
    expect([unique(handler, 'id'), unique(handler, 'requestId')]).toEqual([N, N]);
    for (const record of handler) {
      expect(record).toMatchObject({ message: 'audit', decision: 'deny', ...kind.record });
      expect(record).toMatchObject({ issuer: getStack().issuer, sourceIp: '127.0.0.1' });
    }
    expect(gateway).toEqual([]);
  });

  it('tells nobody but the audit whether there is such a job', async () => {
    const toWords = ({ body }: Asked): unknown => ({ ...body, instance: '', correlationId: '' });
    const [foreign] = await ask(`/jobs/${job}`, { as: 'outsider' });
    const [absent] = await ask(`/jobs/${NO_SUCH_JOB}`, { as: 'outsider' });
    expect(foreign && toWords(foreign)).toEqual(absent && toWords(absent));
  });
});

describe('what is allowed', () => {
  const admin = { as: 'admin' } as const;
  const analyst = { as: 'analyst' } as const;

  it.each<readonly [string, string, Call, object]>([
    ['own logs', '/logs', analyst, { action: 'get-job-logs', rule: 'own-job' }],
    ['own results', '/result', analyst, { action: 'get-job-result', rule: 'own-job' }],
    [
      'an own file',
      '/files/report.json',
      analyst,
      { action: 'get-job-file', rule: 'own-job', path: 'report.json' },
    ],
    ['an admin’s look at a job', '', admin, { action: 'get-job', rule: 'jobs:admin' }],
    ['an auditor’s look', '/audit', admin, { action: 'get-job-audit', rule: 'audit:read' }],
  ])('is one record each: %s', async (_name, route, call, record) => {
    const { handler } = await findRecords(await ask(`/jobs/${job}${route}`, call));
    expect(handler).toHaveLength(N);
    for (const each of handler) {
      expect(each).toMatchObject({
        decision: 'allow',
        jobId: job,
        template: 'preprocess',
        ...record,
      });
    }
  });

  it('is in the access log alone when it is a poll of an own job or a look at templates', async () => {
    const polls = await ask(`/jobs/${job}`, analyst);
    const looks = await ask('/templates/preprocess', analyst);
    expect([...polls, ...looks].map(({ status }) => status)).toEqual(
      Array.from({ length: 2 * N }, () => 200),
    );
    expect((await findRecords([...polls, ...looks])).handler).toEqual([]);
  });

  it('is one record for a submission and one for each repetition', async () => {
    const headers = { 'idempotency-key': 'function-tests' };
    const answers = await ask('/jobs', { ...analyst, json: SAMPLE_BODY, headers });
    const { handler } = await findRecords(answers);
    expect(handler.map((each) => [each['jobId'], each['rule'], each['replayed']])).toEqual(
      Array.from({ length: N }, () => [job, 'preprocess.allow[0]', true]),
    );
  });

  it('is told to the submitter with what was refused, oldest first', async () => {
    const { status, body } = await callApi(`/jobs/${job}/audit?limit=100`, analyst);
    expect(status).toBe(200);
    const items = body['items'] as readonly GroupLine[];
    expect(items[0]).toMatchObject({ action: 'submit-job', decision: 'allow', replayed: false });
    expect(items).toContainEqual(
      expect.objectContaining({
        action: 'get-job-logs',
        decision: 'deny',
        code: 'job_not_found',
        caller: expect.objectContaining({ subject: 'outsider' }) as object,
      }),
    );
    const times = items.map(({ at }) => String(at));
    expect(times).toEqual([...times].sort());
    expect(unique(items, 'id')).toBe(items.length);
  });
});

describe('no log', () => {
  it('holds a token', async () => {
    tokens.push(await getToken('analyst'), await getToken('outsider'), await getToken('admin'));
    const lines = [...(await readLogGroup(ACCESS_GROUP)), ...(await readLogGroup(AUDIT_GROUP))];
    expect(lines.length).toBeGreaterThan(50);
    const functions = await readFunctionLogs();
    expect(functions.length).toBeGreaterThan(100);
    const text = JSON.stringify([lines, functions]);
    expect(findTokenTraces(text, tokens)).toEqual([]);
  });
});

describe('an audit that is down', () => {
  let client: CloudWatchLogsClient;
  let submitted: string;

  beforeAll(async () => {
    client = createLogsClient();
    await client.send(new DeleteLogGroupCommand({ logGroupName: AUDIT_GROUP }));
  });

  afterAll(async () => {
    await client
      .send(new CreateLogGroupCommand({ logGroupName: AUDIT_GROUP }))
      .catch((error: unknown) => {
        if (!(error instanceof Error) || error.name !== 'ResourceAlreadyExistsException')
          throw error;
      });
    client.destroy();
  });

  it.each<readonly [string, () => string, Call]>([
    ['a refusal', () => `/jobs/${job}`, { as: 'outsider' }],
    ['own logs', () => `/jobs/${job}/logs`, { as: 'analyst' }],
    ['a link to a file', () => `/jobs/${job}/files/report.json`, { as: 'analyst' }],
  ])('turns into 503 with Retry-After: %s', async (_name, path, call) => {
    const answer = await callApi(path(), call);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.body).toMatchObject({ code: 'upstream_unavailable', upstream: 'audit' });
  });

  it('stops neither a submission nor its repetition nor a poll', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { ...SAMPLE_BODY, labels: { team: 'audit' } };
    const posted = await callApi('/jobs', { as: 'analyst', json: body, headers });
    expect(posted.status).toBe(202);
    submitted = String(posted.body['id']);
    const again = await callApi('/jobs', { as: 'analyst', json: body, headers });
    expect([again.status, again.body['id']]).toEqual([200, submitted]);
    expect((await callApi(`/jobs/${submitted}`, { as: 'analyst' })).status).toBe(200);
  });

  it('has lost nothing of the submission once it is back', async () => {
    await client.send(new CreateLogGroupCommand({ logGroupName: AUDIT_GROUP }));
    const { status, body } = await callApi(`/jobs/${submitted}/audit`, { as: 'analyst' });
    expect(status).toBe(200);
    const items = body['items'] as readonly GroupLine[];
    expect(items.filter(({ action }) => action === 'submit-job')).toMatchObject([
      { decision: 'allow', replayed: false },
      { decision: 'allow', replayed: true },
    ]);
  });

  it('gets what waited when somebody looks at the job later', async () => {
    const until = Date.now() + 90_000;
    const delivered = async (): Promise<readonly GroupLine[]> =>
      (await readLogGroup(AUDIT_GROUP)).filter(
        (line) => line['jobId'] === submitted && line['action'] === 'submit-job',
      );
    while ((await delivered()).length < 2 && Date.now() < until) {
      await callApi(`/jobs/${submitted}`, { as: 'analyst' });
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect((await delivered()).map((line) => line['replayed'])).toEqual([false, true]);
  });
});
