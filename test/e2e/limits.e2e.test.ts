import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  callApi,
  clearFaults,
  getToken,
  injectFault,
  SAMPLE_BODY,
  signToken,
  type Answer,
} from '../support/api.ts';
import { getSucceededJob } from '../support/succeeded-job.ts';

/** What the shipped template admits of one caller at a time. */
const MOST = 2;

/** A token of an analyst whom nobody else's jobs are counted for. */
async function signAnalyst(): Promise<string> {
  const [, payload = ''] = (await getToken('analyst')).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const seconds = Math.floor(Date.now() / 1000);
  const sub = `analyst-${randomUUID()}`;
  return signToken({ ...claims, sub, iat: seconds, exp: seconds + 900 });
}

/** Submits a job, and asks for what is left unless other preferences are given. */
function submit(token: string, changes: object = {}, prefer = 'rate-limit'): Promise<Answer> {
  return callApi('/jobs', {
    token,
    json: { ...SAMPLE_BODY, ...changes },
    headers: { 'idempotency-key': randomUUID(), prefer },
  });
}

async function waitUntilEnded(token: string, id: string): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { body } = await callApi(`/jobs/${id}`, { token });
    const state = String(body['state']);
    if (['succeeded', 'failed', 'cancelled'].includes(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error('the job has not ended');
}

async function readUsed(token: string): Promise<readonly number[]> {
  const { body } = await callApi('/me', { token });
  const templates = body['templates'] as readonly {
    readonly name: string;
    readonly limits: readonly { readonly used: number }[];
  }[];
  const found = templates.find(({ name }) => name === SAMPLE_BODY.template);
  return (found?.limits ?? []).slice(0, 2).map(({ used }) => used);
}

describe('jobs that are posted at once', () => {
  let token = '';
  let answers: readonly Answer[] = [];
  let admitted: readonly string[] = [];

  beforeAll(async () => {
    token = await signAnalyst();
    answers = await Promise.all(Array.from({ length: 8 }, () => submit(token)));
    admitted = answers.flatMap(({ status, body }) => (status === 202 ? [String(body['id'])] : []));
  });

  it('are admitted to exactly the limit, and the others are told what holds it', () => {
    expect(admitted).toHaveLength(MOST);
    const refused = answers.filter(({ status }) => status !== 202);
    for (const { status, headers, body } of refused) {
      expect([status, body['code']]).toEqual([429, 'limit_reached']);
      expect(body['limit']).toEqual({ name: 'concurrent-per-caller', most: MOST, count: MOST });
      expect(new Set(body['jobs'] as readonly string[])).toEqual(new Set(admitted));
      expect(headers.get('retry-after')).toBe('30');
      expect(headers.get('ratelimit')).toBe('"concurrent-per-caller";r=0');
    }
  });

  it('say with the admitted ones what is left, since that was asked for', () => {
    const last = answers
      .filter(({ status }) => status === 202)
      .map(({ headers }) => headers.get('ratelimit') ?? '')
      .sort()[0];
    expect(last).toMatch(
      /^"runs-per-day";r=48;t=\d+, "concurrent-per-caller";r=0, "concurrent-per-template";r=\d+$/,
    );
    for (const { status, headers } of answers)
      expect(headers.get('preference-applied')).toBe(status === 202 ? 'rate-limit' : null);
    const [policy] = answers.flatMap(({ status, headers }) =>
      status === 202 ? [headers.get('ratelimit-policy')] : [],
    );
    expect(policy).toMatch(/^"runs-per-day";q=50;w=86400, "concurrent-per-caller";q=2;qu="concur/);
  });

  it('are counted where the caller looks, and in a plan', async () => {
    expect(await readUsed(token)).toEqual([MOST, MOST]);
    const { status, body } = await callApi('/plans', { token, json: SAMPLE_BODY });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verdict: { starts: false, status: 429, code: 'limit_reached' },
      valid: { valid: true },
      limits: [{ name: 'runs-per-day', used: MOST }, { left: 0 }, {}],
    });
  });

  it('make room when they have ended, but not in the day', async () => {
    for (const id of admitted) expect(await waitUntilEnded(token, id)).toBe('succeeded');
    expect(await readUsed(token)).toEqual([MOST, 0]);
    const next = await submit(token, {}, 'respond-async');
    expect(next.status).toBe(202);
    expect(next.headers.get('ratelimit')).toBeNull();
    expect(next.headers.get('ratelimit-policy')).toContain('"runs-per-day";q=50;w=86400');
    await waitUntilEnded(token, String(next.body['id']));
  });
});

describe('a job that Dataproc refuses', () => {
  afterEach(clearFaults);

  it('gives its place and its run of the day back', async () => {
    const token = await signAnalyst();
    await injectFault({ rpc: 'CreateBatch', status: 403, count: 1 });
    expect((await submit(token)).status).toBe(502);
    expect(await readUsed(token)).toEqual([0, 0]);
  });
});

describe('a plan', () => {
  it('binds the job that it is sent with, which costs what was measured in the end', async () => {
    const token = await signAnalyst();
    const asked = { ...SAMPLE_BODY, maxCost: { amount: '0.60', currency: 'USD' } };
    const { body: plan } = await callApi('/plans', { token, json: asked });
    expect(plan).toMatchObject({
      verdict: { starts: true, status: 202 },
      request: { maxRuntimeSeconds: 744, target: { name: 'analytics', region: 'us-central1' } },
      cost: { maxRuntimeSeconds: 744, estimate: { high: '0.5998' } },
    });
    const { planDigest, templateVersion } = plan;
    const other = await submit(token, { planDigest, templateVersion });
    expect([other.status, other.body['code']]).toEqual([409, 'template_changed']);
    const job = await submit(token, { ...asked, planDigest, templateVersion });
    expect(job.status).toBe(202);
    expect(job.body).toMatchObject({ maxRuntimeSeconds: 744, cost: { maxCost: asked.maxCost } });
    const id = String(job.body['id']);
    expect(await waitUntilEnded(token, id)).toBe('succeeded');
    const { body: ended } = await callApi(`/jobs/${id}`, { token });
    expect(ended).toMatchObject({ cost: { accrued: { basis: 'measured' } } });
    const again = {
      token,
      json: { template: SAMPLE_BODY.template, retryOf: id },
      headers: { 'idempotency-key': `again-${id}` },
    };
    const retried = await callApi('/jobs', again);
    expect(retried.status).toBe(202);
    const { body: replan } = await callApi('/plans', again);
    expect(replan['verdict']).toMatchObject({
      starts: false,
      status: 200,
      replays: retried.body['id'],
    });
    expect(retried.body).toMatchObject({ retryOf: id, parameters: ended['parameters'] });
    await waitUntilEnded(token, String(retried.body['id']));
  });

  it('tells a viewer’s client that its token lacks the scope', async () => {
    const { status, body } = await callApi('/plans', { as: 'viewer', json: SAMPLE_BODY });
    expect([status, body['code']]).toEqual([403, 'insufficient_scope']);
  });

  it('of another’s job to run again finds none', async () => {
    const id = await getSucceededJob();
    const token = await signAnalyst();
    const { body } = await callApi('/plans', { token, json: { ...SAMPLE_BODY, retryOf: id } });
    expect(body['verdict']).toMatchObject({ starts: false, status: 404, code: 'job_not_found' });
  });
});
