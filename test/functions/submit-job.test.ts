import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, readEvent, type DeployedFunction } from '../support/deployed-function.ts';

describe('submit-job', () => {
  let submitJob: DeployedFunction;

  beforeAll(async () => {
    submitJob = await loadFunction('submit-job');
  });

  it('starts a job from its sample event, and replays it', async () => {
    const event = readEvent('submit-job');
    const headers = { ...(event['headers'] as object), 'Idempotency-Key': randomUUID() };
    const first = await submitJob.call('submit-job', { headers });
    expect(first.status).toBe(202);
    expect(first.headers['x-correlation-id']).toBe('sample-0001');
    expect(first.body).toMatchObject({ state: 'queued', submittedBy: { subject: 'analyst' } });
    const again = await submitJob.call('submit-job', { headers });
    expect(again.status).toBe(200);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body['id']).toBe(first.body['id']);
  });

  it.each([
    ['unknown-template', 404, 'template_not_found'],
    ['forbidden', 403, 'template_forbidden'],
    ['not-json', 400, 'invalid_json'],
    ['wrong-content-type', 415, 'unsupported_media_type'],
    ['unknown-field', 422, 'validation_failed'],
    ['invalid-parameters', 422, 'validation_failed'],
    ['foreign-input', 422, 'validation_failed'],
    ['bad-idempotency-key', 400, 'invalid_request'],
    ['no-caller', 401, 'invalid_token'],
  ])('refuses the event %s with %i %s', async (name, status, code) => {
    const answer = await submitJob.call(`submit-job.${name}`);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, code, correlationId: 'sample-0001' });
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it('refuses a body over 64 kB, a longer run than the template allows, and a version that is gone', async () => {
    const post = async (change: object): Promise<readonly unknown[]> => {
      const body = JSON.parse(String(readEvent('submit-job')['body'])) as object;
      const answer = await submitJob.call('submit-job', {
        body: JSON.stringify({ ...body, ...change }),
      });
      return [answer.status, answer.body['code']];
    };
    expect(await post({ labels: { a: 'x'.repeat(66_000) } })).toEqual([413, 'payload_too_large']);
    expect(await post({ maxRuntimeSeconds: 1801 })).toEqual([422, 'validation_failed']);
    expect(await post({ templateVersion: '0.9.0' })).toEqual([409, 'template_changed']);
  });
});
