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

/** What each fault at each step leads to is in test/property; here are real connections, gateways and drivers. */
function submit(key: string, body: unknown = SAMPLE_BODY): Promise<Answer> {
  return callApi('/jobs', { as: 'analyst', json: body, headers: { 'idempotency-key': key } });
}

afterEach(clearFaults);

describe('the same Idempotency-Key', () => {
  it('gives one job to parallel posts, of which one is new, and none to another body', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => submit(key)));
    expect(new Set(answers.map((answer) => answer.body['id'])).size).toBe(1);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 200, 200, 202]);
    const replays = answers.filter(
      (answer) => answer.headers.get('idempotency-replayed') === 'true',
    );
    expect(replays).toHaveLength(5);
    const other = await submit(key, { ...SAMPLE_BODY, labels: { team: 'other' } });
    expect([other.status, other.body['code']]).toEqual([422, 'idempotency_key_reused']);
    expect(other.body['job']).toBe(answers[0]?.body['id']);
    await waitForEnd(String(answers[0]?.body['id']));
  });
});

describe('Dataproc in trouble', () => {
  it('that cuts the connection after its work gives 502, the retry the same job, and polls say 503', async () => {
    const key = randomUUID();
    await injectFault({ rpc: 'CreateBatch', status: 'drop-after', count: 2 });
    const cut = await submit(key);
    expect([cut.status, cut.body['code']]).toEqual([502, 'upstream_error']);
    expect(cut.headers.get('retry-after')).toBe('5');
    await clearFaults();
    await injectFault({ rpc: 'GetBatch', status: 'cut-body', count: 1 });
    const half = await submit(key);
    expect([half.status, half.body['code']]).toEqual([502, 'upstream_error']);
    const again = await submit(key);
    expect([again.status, again.body['id']]).toEqual([200, cut.body['job']]);
    const id = String(again.body['id']);
    await injectFault({ rpc: 'GetBatch', status: 503, count: 1_000 });
    const polled = await pollUntilRefused(id);
    expect([polled.status, polled.body['code']]).toEqual([503, 'upstream_unavailable']);
    expect(polled.body).toMatchObject({ upstream: 'Dataproc', retryable: true, retryAfter: 5 });
    expect(polled.headers.get('retry-after')).toBe('5');
    await clearFaults();
    expect((await waitForEnd(id))['state']).toBe('succeeded');
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

/** A record that is fresh is shown without asking Dataproc. */
async function pollUntilRefused(id: string): Promise<Answer> {
  for (;;) {
    const polled = await callApi(`/jobs/${id}`, { as: 'analyst' });
    if (polled.status !== 200) return polled;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
