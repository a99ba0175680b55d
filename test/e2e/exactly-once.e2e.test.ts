import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  callApi,
  clearFaults,
  injectFault,
  SAMPLE_BODY,
  waitForEnd,
  type Answer,
} from '../support/api.ts';

function submit(key: string, body: unknown = SAMPLE_BODY): Promise<Answer> {
  return callApi('/jobs', { as: 'analyst', json: body, headers: { 'idempotency-key': key } });
}

afterEach(clearFaults);

describe('the same Idempotency-Key', () => {
  it('gives one job to parallel posts, of which one is new', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => submit(key)));
    expect(new Set(answers.map((answer) => answer.body['id'])).size).toBe(1);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 200, 200, 202]);
    const replays = answers.filter(
      (answer) => answer.headers.get('idempotency-replayed') === 'true',
    );
    expect(replays).toHaveLength(5);
    await waitForEnd(String(answers[0]?.body['id']));
  });

  it('is refused for another body, with the job that it belongs to', async () => {
    const key = randomUUID();
    const first = await submit(key);
    const other = await submit(key, { ...SAMPLE_BODY, labels: { team: 'other' } });
    expect([other.status, other.body['code']]).toEqual([422, 'idempotency_key_reused']);
    expect(other.body['job']).toBe(first.body['id']);
    await waitForEnd(String(first.body['id']));
  });
});

describe('Dataproc in trouble', () => {
  it('that is unavailable for one call goes unnoticed', async () => {
    await injectFault({ rpc: 'CreateBatch', status: 503, count: 1 });
    const answer = await submit(randomUUID());
    expect(answer.status).toBe(202);
    await waitForEnd(String(answer.body['id']));
  });

  it('that stays unavailable gives 503, and the same request later finds the same job', async () => {
    const key = randomUUID();
    await injectFault({ rpc: 'CreateBatch', status: 503, count: 2 });
    const refused = await submit(key);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.body).toMatchObject({
      code: 'upstream_unavailable',
      retryable: true,
      upstream: 'Dataproc',
      idempotencyKey: key,
    });
    const again = await submit(key);
    expect(again.status).toBe(200);
    expect(again.body['id']).toBe(refused.body['job']);
    expect((await waitForEnd(String(again.body['id'])))['state']).toBe('succeeded');
  });

  it('that cuts the connection after creating the batch gives 502, and the job runs once', async () => {
    const key = randomUUID();
    await injectFault({ rpc: 'CreateBatch', status: 'drop-after', count: 2 });
    const cut = await submit(key);
    expect([cut.status, cut.body['code']]).toEqual([502, 'upstream_error']);
    expect(cut.headers.get('retry-after')).toBe('5');
    await clearFaults();
    const again = await submit(key);
    expect([again.status, again.body['id']]).toEqual([200, cut.body['job']]);
    expect((await waitForEnd(String(again.body['id'])))['state']).toBe('succeeded');
  });

  it('that does not answer in time gives 504 and a retry that helps', async () => {
    const key = randomUUID();
    await injectFault({ rpc: 'CreateBatch', status: 'delay', delayMs: 12_000, count: 1 });
    const slow = await submit(key);
    expect([slow.status, slow.body['code']]).toEqual([504, 'upstream_timeout']);
    expect(slow.headers.get('retry-after')).toBe('5');
    expect(slow.body).toMatchObject({ retryable: true });
    const again = await submit(key);
    expect([again.status, again.body['id']]).toEqual([200, slow.body['job']]);
    await waitForEnd(String(again.body['id']));
  });

  it('that refuses gives 502 that no retry helps, and a job that is failed', async () => {
    const key = randomUUID();
    await injectFault({ rpc: 'CreateBatch', status: 403, count: 1 });
    const refused = await submit(key);
    expect(refused.body).toMatchObject({ status: 502, code: 'upstream_refused', retryable: false });
    const job = await callApi(`/jobs/${String(refused.body['job'])}`, { as: 'analyst' });
    expect(job.body).toMatchObject({ state: 'failed', reason: 'submission_refused' });
    const again = await submit(key);
    expect([again.status, again.body['state']]).toEqual([200, 'failed']);
  });
});

describe('a poll while Dataproc is unavailable', () => {
  it('is a problem that names Dataproc and says when a retry helps', async () => {
    await injectFault({ rpc: 'GetBatch', status: 503, count: 4 });
    const posted = await submit(randomUUID());
    const id = String(posted.body['id']);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const polled = await callApi(`/jobs/${id}`, { as: 'analyst' });
    expect([polled.status, polled.body['code']]).toEqual([503, 'upstream_unavailable']);
    expect(polled.body).toMatchObject({ upstream: 'Dataproc', retryable: true, retryAfter: 5 });
    expect(polled.headers.get('retry-after')).toBe('5');
    await clearFaults();
    await waitForEnd(id);
  });
});
