import { describe, expect, it } from 'vitest';
import type { JobsApp } from '../../../shared/app/jobs.ts';
import { serveUpload } from '../../../shared/app/upload.ts';
import { createEndpoint } from '../../../shared/http/endpoint.ts';
import createUploadSchema from '../../../shared/http/schemas/create-upload.schema.json' with { type: 'json' };
import type { Caller } from '../../../shared/identity/caller.ts';
import { toUploadPlace } from '../../../shared/jobs/uploads.ts';
import type { Template } from '../../../shared/templates/template.ts';
import { ANALYST, OUTSIDER } from '../../support/callers.ts';
import { createClock } from '../../support/clock.ts';
import { CORE_ENVIRONMENT } from '../../support/environment.ts';
import { createGuardRecorder, type GuardRecorder } from '../../support/guards.ts';
import { createLogRecorder } from '../../support/log-lines.ts';
import { createMemoryStorage, type MemoryStorage } from '../../support/memory-storage.ts';
import { CONTEXT, makeProxyEvent } from '../../support/proxy-events.ts';
import { createSubmitBench } from '../../support/submit-bench.ts';
import { UPLOADS } from '../../support/targets.ts';
import { compileValidator, TIDY } from '../../support/templates.ts';

const BODY = {
  name: 'etl.py',
  size: 30,
  contentType: 'text/x-python',
  md5: 'XUa5qjmgv39WcK1qhSzzJQ==',
  sha256: '5bda97ec3bc7ad5ee1c06170dd8a14b569d02ed9c0d6ac9e51df4b8475107215',
};
const { area } = toUploadPlace(ANALYST, { deployment: 'jobgate-prod', bucket: 'drop' });
const OWN = `${area}${'a'.repeat(26)}/${BODY.size}/${BODY.sha256}/etl.py`;

interface Bench {
  readonly storage: MemoryStorage;
  readonly audit: GuardRecorder;
  readonly post: (body: unknown, caller?: Caller) => Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Changes {
  readonly catalog?: readonly Template[];
  readonly uploads?: typeof UPLOADS | null;
}

/** create-upload over memory. */
function createBench({ catalog = [TIDY], uploads = UPLOADS }: Changes = {}): Bench {
  const storage = createMemoryStorage();
  const audit = createGuardRecorder();
  const { now } = createClock();
  const jobs = {
    config: { deployment: 'jobgate-prod', uploads },
    storage,
    toAccess: (target: string, role: string, deadline: Date) => ({
      account: `${role} of ${target}`,
      deadline,
    }),
  } as unknown as JobsApp;
  const app = {
    jobs: () => jobs,
    catalog,
    bodyValidator: compileValidator(createUploadSchema),
    now,
    randomBytes: (count: number) => new Uint8Array(count),
  };
  const { log } = createLogRecorder();
  const { guard } = audit;
  const environment = CORE_ENVIRONMENT;
  const handler = createEndpoint(
    { operation: 'create-upload', environment, log, now, guard },
    async (invocation) => ({ status: 201, body: await serveUpload(invocation, app) }),
  );
  const post = async (body: unknown, caller = ANALYST): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' };
    const event = makeProxyEvent({ caller, headers, body: JSON.stringify(body) });
    const result = await handler(event, CONTEXT);
    const { statusCode: status, headers: answered = {} } = result;
    return { status, headers: answered, body: JSON.parse(result.body) as Answer['body'] };
  };
  return { storage, audit, post };
}

describe('create-upload', () => {
  it('gives a link into the caller’s own area, and nobody may keep the answer', async () => {
    const { storage, post } = createBench();
    const { status, headers, body } = await post(BODY);
    expect([status, headers['cache-control']]).toEqual([201, 'no-store']);
    expect(body).toMatchObject({
      uri: OWN,
      method: 'PUT',
      headers: {
        'content-md5': BODY.md5,
        'content-type': 'text/x-python',
        'x-goog-content-length-range': '30,30',
        'x-goog-if-generation-match': '0',
      },
      expiresAt: '2026-01-15T12:05:00.000Z',
    });
    expect(storage.accesses).toMatchObject([{ account: 'signer of analytics' }]);
  });

  it('records the URI, which names the digest, before there is a link', async () => {
    const { audit, storage, post } = createBench();
    await post(BODY);
    expect(audit.records).toMatchObject([
      { action: 'create-upload', decision: 'allow', rule: 'tidy.allow[0]', uploads: [OWN] },
    ]);
    audit.setDown(true);
    const { status, body } = await post(BODY);
    expect([status, body['code']]).toEqual([503, 'upstream_unavailable']);
    expect(storage.accesses).toHaveLength(1);
  });

  it('takes a file without a type for bytes', async () => {
    const { name, size, md5, sha256 } = BODY;
    const { body } = await createBench().post({ name, size, md5, sha256 });
    expect(body['headers']).toMatchObject({ 'content-type': 'application/octet-stream' });
  });

  it('refuses one who may run no template that takes a file, and records it', async () => {
    const bench = createBench();
    const { status, body } = await bench.post(BODY, OUTSIDER);
    expect([status, body['code']]).toEqual([403, 'template_forbidden']);
    expect(body).toMatchObject({
      caller: { subject: 'otto' },
      missing: ['a template that takes a file'],
    });
    expect(bench.audit.records).toMatchObject([
      { decision: 'deny', rule: 'uploads', code: 'template_forbidden' },
    ]);
    const blind = { ...TIDY, parameters: { type: 'object', properties: {} } };
    expect((await createBench({ catalog: [blind] }).post(BODY)).status).toBe(403);
  });

  it('says that a deployment takes no files', async () => {
    const { status, body } = await createBench({ uploads: null }).post(BODY);
    expect([status, body['code']]).toEqual([501, 'uploads_unavailable']);
  });

  it.each<readonly [string, object, string]>([
    ['a path for a name', { name: 'a/etl.py' }, '/name'],
    ['a name that climbs', { name: '..' }, '/name'],
    ['a hidden name', { name: '.etl.py' }, '/name'],
    ['a long name', { name: 'a'.repeat(101) }, '/name'],
    ['a name with a line break', { name: 'etl.py\n' }, '/name'],
    ['a name of other letters', { name: 'ętl.py' }, '/name'],
    ['no content', { size: 0 }, '/size'],
    ['half a byte', { size: 1.5 }, '/size'],
    ['more than the deployment takes', { size: 1_000_001 }, '/size'],
    ['a type that ends a header', { contentType: 'text/csv\r\nx: y' }, '/contentType'],
    ['a type with a parameter', { contentType: 'text/csv; charset=utf-8' }, '/contentType'],
    ['an MD5 in hexadecimal', { md5: '0'.repeat(32) }, '/md5'],
    ['an MD5 of spare bits', { md5: `${'A'.repeat(21)}B==` }, '/md5'],
    ['a SHA-256 in capitals', { sha256: 'A'.repeat(64) }, '/sha256'],
    ['no SHA-256', { sha256: undefined }, '/sha256'],
    ['an unknown member', { path: 'x' }, '/path'],
  ])('points at %s', async (_name, changes, pointer) => {
    const { storage, post } = createBench();
    const { status, body } = await post({ ...BODY, ...changes });
    expect([status, body['code']]).toEqual([422, 'validation_failed']);
    expect(body['errors']).toMatchObject([{ pointer }]);
    expect(storage.accesses).toEqual([]);
  });
});

describe('submit-job with a file of the caller’s own', () => {
  const submit = async (input: string, caller = ANALYST) => {
    const bench = createSubmitBench();
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'key-1' };
    const body = JSON.stringify({ template: 'tidy', parameters: { input } });
    const result = await bench.handler(makeProxyEvent({ caller, headers, body }), CONTEXT);
    return { bench, status: result.statusCode, body: JSON.parse(result.body) as Answer['body'] };
  };

  it('starts, and the audit names the file by its URI', async () => {
    const { bench, status, body } = await submit(OWN);
    expect([status, body['parameters']]).toMatchObject([202, { input: OWN }]);
    expect(bench.audited).toMatchObject([{ action: 'submit-job', uploads: [OWN] }]);
  });

  it('has no files in the audit when it is given none', async () => {
    const { bench, status } = await submit('gs://inputs/open/a.csv');
    expect(status).toBe(202);
    expect(bench.audited[0]).not.toHaveProperty('uploads');
  });

  it('is refused to another caller', async () => {
    for (const caller of [
      { ...ANALYST, subject: 'eve' },
      { ...ANALYST, issuer: 'https://other.example' },
    ]) {
      const { bench, status, body } = await submit(OWN, caller);
      expect([status, body['code']]).toEqual([422, 'validation_failed']);
      expect(body['errors']).toMatchObject([{ pointer: '/parameters/input' }]);
      expect(bench.gateway.submissions).toEqual([]);
    }
  });
});
