import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serveJobAudit } from '../../shared/app/audit.ts';
import { serveCancel } from '../../shared/app/cancel.ts';
import { openJob, openJobData, type OpenOptions } from '../../shared/app/job-data.ts';
import type { JobsApp } from '../../shared/app/jobs.ts';
import { toTemplateView } from '../../shared/app/templates.ts';
import { createEndpoint, type AuthorizedInvocation } from '../../shared/http/endpoint.ts';
import { parseLogRange } from '../../shared/http/log-range.ts';
import type { ApiResponse } from '../../shared/http/response.ts';
import type { OperationId } from '../../shared/http/routes.ts';
import { readLog } from '../../shared/jobs/output.ts';
import { linkFile, readResult } from '../../shared/jobs/result.ts';
import { createJobStorage } from '../../shared/storage/objects.ts';
import { getTemplate } from '../../shared/templates/catalog.ts';
import { ADMIN, ANALYST } from '../support/callers.ts';
import { createClock } from '../support/clock.ts';
import { CORE_ENVIRONMENT } from '../support/environment.ts';
import { createRoutedSend, json, type FakeSend } from '../support/fake-send.ts';
import { createGuardRecorder } from '../support/guards.ts';
import { checkHostileAnswer, checkHostileLines } from '../support/hostile-answers.ts';
import { hostileHeaders, hostileJson, hostileTexts, toRawJson } from '../support/hostile-values.ts';
import { makeRecord } from '../support/job-records.ts';
import { createLogRecorder } from '../support/log-lines.ts';
import { createMemoryAudit } from '../support/memory-audit.ts';
import { createMemoryGateway } from '../support/memory-gateway.ts';
import { createMemoryRecords } from '../support/memory-records.ts';
import { CONTEXT, makeProxyEvent } from '../support/proxy-events.ts';
import { ANALYTICS } from '../support/targets.ts';
import { TIDY } from '../support/templates.ts';

const JOB = makeRecord({ state: 'succeeded', endedAt: '2026-01-15T12:00:00.000Z' });
const CALLER = { ...ANALYST, scopes: [...ANALYST.scopes, 'jobs:cancel', 'audit:read'] };

/** A store of objects that has none, behind the adapter that is deployed. */
function createEmptyStorage(): FakeSend {
  return createRoutedSend(({ url }) => json(url.includes('/o?') ? 200 : 404, {}));
}

type Run = (invocation: AuthorizedInvocation, app: JobsApp) => Promise<ApiResponse>;

const { now } = createClock();
const data = (role: OpenOptions['role']): OpenOptions => ({ catalog: [TIDY], role });
const shown = (body: unknown): ApiResponse => ({ status: 200, body });

/** What the functions behind the routes do, over a store with one job. */
const ROUTES: Readonly<Partial<Record<OperationId, Run>>> = {
  'get-template': ({ request, caller }) => {
    const template = getTemplate([TIDY], request.pathParameters.get('template'));
    return Promise.resolve(shown(toTemplateView(template, caller, 'https://api.example')));
  },
  'get-job': async (invocation, app) => shown((await openJob(invocation, app)).id),
  'cancel-job': async (invocation, app) => shown((await serveCancel(invocation, app.cancel)).id),
  'get-job-logs': async (invocation, app) => {
    const range = parseLogRange(invocation.request.query);
    const { record, source } = await openJobData(invocation, app, data('reader'));
    return shown(await readLog(record, range, { ...source, now }));
  },
  'get-job-result': async (invocation, app) => {
    const { record, source } = await openJobData(invocation, app, data('reader'));
    return shown(await readResult(record, 'https://api.example', source));
  },
  'get-job-file': async (invocation, app) => {
    const { record, source } = await openJobData(invocation, app, data('signer'));
    const path = invocation.request.pathParameters.get('path');
    return { status: 303, headers: { location: await linkFile(record, path, source) } };
  },
  'get-job-audit': async (invocation, app) => {
    const audit = createMemoryAudit([]);
    return serveJobAudit(invocation, { jobs: () => app, audit: () => audit, now });
  },
};

interface Bench {
  readonly run: (event: unknown) => Promise<void>;
  readonly statuses: Set<number>;
  readonly sent: FakeSend;
}

function createBench(operation: OperationId, serve: Run): Bench {
  const { guard, records: audited } = createGuardRecorder();
  const recorder = createLogRecorder();
  const records = createMemoryRecords();
  records.seed(JOB);
  const gateway = createMemoryGateway();
  const sent = createEmptyStorage();
  const storage = createJobStorage({
    endpoint: 'https://storage.example',
    iamCredentialsEndpoint: 'https://iam.example',
    tokens: () => Promise.resolve('token'),
    send: sent.send,
    now,
  });
  const access = { account: 'reader', deadline: new Date('2099-01-01T00:00:00Z') };
  const ports = { records, record: guard.record, gateway, storage, now };
  const app = {
    config: { publicUrl: 'https://api.example' },
    records,
    storage,
    browse: {
      ...ports,
      deployment: 'jobgate-test',
      readerOf: () => 'reader',
      accessOf: () => access,
    },
    cancel: { ...ports, operatorOf: () => 'operator' },
    getTarget: () => ANALYTICS,
    toAccess: () => access,
  } as unknown as JobsApp;
  const options = { operation, environment: CORE_ENVIRONMENT, log: recorder.log, now, guard };
  const handler = createEndpoint(options, (invocation) => serve(invocation, app));
  const statuses = new Set<number>();
  let [lines, seen] = [0, 0];
  const run = async (event: unknown): Promise<void> => {
    const result = await handler(event, CONTEXT);
    statuses.add(result.statusCode);
    checkHostileAnswer(result);
    checkHostileLines(recorder.lines.slice(lines), audited.slice(seen));
    [lines, seen] = [recorder.lines.length, audited.length];
  };
  return { run, statuses, sent };
}

function mostly(right: string, wrong: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ arbitrary: fc.constant(right), weight: 9 }, wrong);
}

/** A path parameter as a REST API hands it on: encoded, encoded twice, or not at all. */
const encoded = (text: string) => encodeURIComponent(text.toWellFormed());
const segments = fc.oneof(
  hostileTexts,
  hostileTexts.map(encoded),
  hostileTexts.map((text) => encoded(encoded(text))),
  fc
    .array(fc.constantFrom('..', '.', '', '%2e%2e', '..%2f', 'a', '😀', 'x'.repeat(250)), {
      maxLength: 12,
    })
    .map((parts) => parts.join('/')),
  fc.integer({ min: 900, max: 1_100 }).map((length) => 'ü'.repeat(length)),
);

const jobs = fc.oneof(
  { arbitrary: fc.constant<string>(JOB.id), weight: 4 },
  fc.constantFrom(JOB.id.toUpperCase(), `${JOB.id}%00`, `${JOB.id}\n`, `./${JOB.id}`, ` ${JOB.id}`),
  segments,
);

/** Cursors: any text, and any JSON in the clothes of one. */
const cursors = fc.oneof(
  hostileTexts,
  fc
    .record({
      job: fc.oneof(fc.constant(JOB.id), hostileJson),
      fromMs: fc.oneof(fc.constant(Date.parse(JOB.submittedAt)), fc.double(), hostileJson),
      toMs: fc.oneof(fc.constant(Date.parse(JOB.submittedAt)), fc.double(), hostileJson),
      shown: fc.oneof(fc.constant([]), hostileJson),
      token: fc.oneof(fc.constantFrom(null, '0', 'x'), hostileJson),
    })
    .map((cursor) => Buffer.from(toRawJson(cursor)).toString('base64url')),
);

const numbers = fc.oneof(
  fc.constantFrom(
    '0',
    '20',
    '20',
    '20',
    '1024',
    '00',
    '-1',
    '1e3',
    '9007199254740993',
    '١',
    ' 1',
    '1.0',
  ),
  hostileTexts,
);

const requests = fc.record({
  caller: fc.constantFrom(CALLER, {
    ...ADMIN,
    scopes: [...CALLER.scopes, 'jobs:admin', 'data:read'],
  }),
  path: hostileTexts.map((text) => `/v1/jobs/${text}`),
  pathParameters: fc.record(
    { job: jobs, path: segments, template: fc.oneof(fc.constant('tidy'), segments) },
    { requiredKeys: ['job', 'template'] },
  ),
  query: fc.record({ cursor: numbers, limit: numbers, next: cursors }, { requiredKeys: [] }),
  headers: fc.record(
    {
      accept: mostly('*/*', hostileHeaders),
      'x-correlation-id': hostileHeaders,
      origin: hostileHeaders,
    },
    { requiredKeys: [] },
  ),
});

describe.each(Object.entries(ROUTES))('%s', (operation, serve) => {
  it('answers any path, query and header with no failure of its own, and logs it in lines', async () => {
    const bench = createBench(operation as OperationId, serve);
    await fc.assert(
      fc.asyncProperty(requests, (parts) => bench.run(makeProxyEvent(parts))),
      { numRuns: 300 },
    );
    const served = operation === 'get-job-file' ? 404 : 200;
    expect([...bench.statuses]).toEqual(expect.arrayContaining([served]));
    const output = encodeURIComponent(JOB.outputUri.replace('gs://results/', ''));
    const base = 'https://storage.example/storage/v1/b/results/o';
    for (const { url } of bench.sent.requests) {
      expect(
        [`${base}?prefix=${output}`, `${base}/${output}`].some((own) => url.startsWith(own)),
      ).toBe(true);
    }
  });
});
