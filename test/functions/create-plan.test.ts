import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, readEvent, type DeployedFunction } from '../support/deployed-function.ts';

describe('create-plan', () => {
  let createPlan: DeployedFunction;

  beforeAll(async () => {
    createPlan = await loadFunction('create-plan');
  });

  it('tells what its sample event would do, to nobody’s cache', async () => {
    const { status, headers, body } = await createPlan.call('create-plan');
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({
      verdict: { starts: true, status: 202, code: null },
      permission: { allowed: true, rule: 'preprocess.allow[0]' },
      request: { runtimeAccount: 'jg-run-preprocess', maxRuntimeSeconds: 1800 },
      cost: { currency: 'USD', estimate: { high: '1.451' } },
      limits: [{ name: 'runs-per-day' }, { name: 'concurrent-per-caller' }, {}],
    });
  });

  it('tells one who may not what is missing', async () => {
    const { status, body } = await createPlan.call('create-plan.forbidden');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verdict: { starts: false, status: 403, code: 'template_forbidden' },
      permission: { allowed: false, rule: 'preprocess.allow[0]' },
      request: null,
    });
  });

  it('refuses a body that is no JSON', async () => {
    const { status, body } = await createPlan.call('create-plan.not-json');
    expect([status, body['code']]).toEqual([400, 'invalid_json']);
  });

  it('points at a fault in the body', async () => {
    const event = readEvent('create-plan');
    const body = { ...(JSON.parse(String(event['body'])) as object), force: true };
    const answer = await createPlan.call('create-plan', { body: JSON.stringify(body) });
    expect(answer.body['valid']).toEqual({
      valid: false,
      errors: [{ pointer: '/force', message: 'is not known here' }],
    });
  });
});
