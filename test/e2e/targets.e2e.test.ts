import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  callApi,
  clearFaults,
  getToken,
  injectFault,
  SAMPLE_BODY,
  signToken,
  waitForEnd,
} from '../support/api.ts';
import { submitElsewhere, type Submitted } from '../support/other-targets.ts';

/** A job that runs for a while: three million flights. */
const LONG_BODY = {
  template: 'flight-delays',
  parameters: { input: 'gs://jobgate-data/samples/flights-3m.parquet' },
} as const;

const KINDS = ['batch', 'cluster', 'workflow'] as const;
type Kind = (typeof KINDS)[number];

async function submit(
  kind: Kind,
  body: typeof SAMPLE_BODY | typeof LONG_BODY,
  key: string = randomUUID(),
): Promise<Submitted> {
  if (kind !== 'batch') return submitElsewhere(kind, body, key);
  return callApi('/jobs', { as: 'analyst', json: body, headers: { 'idempotency-key': key } });
}

function cancel(job: string): Promise<Submitted> {
  return callApi(`/jobs/${job}/cancel`, { as: 'analyst', method: 'POST' });
}

/** Waits until a job's driver has written its first line, which names its process. */
async function waitForDriver(job: string): Promise<number> {
  const until = Date.now() + 90_000;
  for (;;) {
    await callApi(`/jobs/${job}`, { as: 'analyst' });
    const { body } = await callApi(`/jobs/${job}/logs`, { as: 'analyst' });
    const pid = /\bpid (\d+)/.exec(String(body['content']))?.[1];
    if (pid !== undefined) return Number(pid);
    if (Date.now() > until) throw new Error('the driver does not start');
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A token of somebody else who may cancel jobs. */
async function signStranger(): Promise<string> {
  const [, payload = ''] = (await getToken('analyst')).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const iat = Math.floor(Date.now() / 1000);
  return signToken({ ...claims, sub: 'stranger', jti: randomUUID(), iat, exp: iat + 300 });
}

afterEach(clearFaults);

describe.each([
  ['cluster', 'shared', null],
  ['workflow', 'ephemeral', 'jg-run-on-workflow@local.iam.gserviceaccount.com'],
] as const)('a job on a target of kind %s', (kind, name, runtimeAccount) => {
  it('runs to its result, which is read as that of any other job', async () => {
    const posted = await submit(kind, SAMPLE_BODY);
    expect(posted.status).toBe(202);
    const job = String(posted.body['id']);
    const ended = await waitForEnd(job);
    expect(ended).toMatchObject({
      state: 'succeeded',
      target: { name, kind, region: 'us-central1' },
      runtimeAccount,
      error: null,
    });
    const states = (ended['history'] as readonly { state: string }[]).map(({ state }) => state);
    expect(states).toEqual(['queued', 'running', 'succeeded']);
    const log = await callApi(`/jobs/${job}/logs`, { as: 'analyst' });
    expect(log.body).toMatchObject({ end: true });
    expect(log.body['content']).toContain('10,000 rows');
    const result = await callApi(`/jobs/${job}/result`, { as: 'analyst' });
    const files = result.body['files'] as readonly { path: string }[];
    expect(files.map(({ path }) => path)).toContain('report.json');
  });

  it('whose answer is lost runs once', async () => {
    const rpc = kind === 'cluster' ? 'SubmitJob' : 'InstantiateInlineWorkflowTemplate';
    const key = randomUUID();
    await injectFault({ rpc, status: 'drop-after', count: 2 });
    const cut = await submit(kind, SAMPLE_BODY, key);
    expect([cut.status, cut.body['code']]).toEqual([502, 'upstream_error']);
    await clearFaults();
    const again = await submit(kind, SAMPLE_BODY, key);
    expect([again.status, again.body['id']]).toEqual([200, cut.body['job']]);
    const job = String(again.body['id']);
    expect(['queued', 'running']).toContain(again.body['state']);
    expect(again.body['waitReason']).not.toBe('submitting');
    expect((await waitForEnd(job))['state']).toBe('succeeded');
  });
});

describe.each(KINDS)('the cancellation of a job on a target of kind %s', (kind) => {
  it('ends its driver, and may be asked for again at any time', async () => {
    const job = String((await submit(kind, LONG_BODY)).body['id']);
    const pid = await waitForDriver(job);
    expect(isAlive(pid)).toBe(true);
    const first = await cancel(job);
    expect([first.status, first.body['state']]).toEqual([202, 'cancelling']);
    expect(await cancel(job)).toMatchObject({ body: { id: job } });
    const ended = await waitForEnd(job);
    expect(ended).toMatchObject({ state: 'cancelled', reason: 'cancel_requested', error: null });
    // A process that has ended is there until its parent takes note of it.
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    const late = await cancel(job);
    expect([late.status, late.body]).toEqual([200, ended]);
    const audit = await callApi(`/jobs/${job}/audit`, { as: 'analyst' });
    const records = audit.body['items'] as readonly { action: string; decision: string }[];
    expect(records.filter(({ action }) => action === 'cancel-job')).toMatchObject([
      { decision: 'allow', rule: 'own-job', caller: { subject: 'analyst' } },
      { decision: 'allow' },
      { decision: 'allow' },
    ]);
  });
});

describe('cancel-job', () => {
  it('is refused to a stranger with 404 and to a token without its scope with 403', async () => {
    const job = String((await submit('batch', SAMPLE_BODY)).body['id']);
    const path = `/jobs/${job}/cancel`;
    const viewer = await callApi(path, { as: 'viewer', method: 'POST' });
    expect(viewer.status).toBe(403);
    const stranger = await callApi(path, { token: await signStranger(), method: 'POST' });
    expect([stranger.status, stranger.body['code']]).toEqual([404, 'job_not_found']);
    const admin = await callApi(path, { as: 'admin', method: 'POST' });
    expect([admin.status, admin.body['state']]).toEqual([202, 'cancelling']);
    expect((await waitForEnd(job))['state']).toBe('cancelled');
  });

  it('says that Dataproc is unavailable, and leaves the job as it is', async () => {
    const job = String((await submit('batch', SAMPLE_BODY)).body['id']);
    await injectFault({ rpc: 'CancelOperation', status: 503, count: 2 });
    const refused = await cancel(job);
    expect([refused.status, refused.body['code']]).toEqual([503, 'upstream_unavailable']);
    await clearFaults();
    expect((await cancel(job)).status).toBe(202);
    expect((await waitForEnd(job))['state']).toBe('cancelled');
  });
});
