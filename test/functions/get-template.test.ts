import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';

describe('get-template', () => {
  let getTemplate: DeployedFunction;

  beforeAll(async () => {
    getTemplate = await loadFunction('get-template');
  });

  it('shows what a caller needs to fill in, and not who else may run it', async () => {
    const { status, body, headers } = await getTemplate.call('get-template');
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('private, max-age=60');
    expect(body).toMatchObject({
      name: 'preprocess',
      version: '1.0.0',
      target: 'analytics',
      parameters: { type: 'object', additionalProperties: false, required: ['input'] },
      permission: { run: true, missing: [] },
    });
    expect(Object.keys(body)).not.toContain('allow');
  });

  it('answers 404 for a template that is not there', async () => {
    const { status, body } = await getTemplate.call('get-template.unknown-template');
    expect([status, body['code']]).toEqual([404, 'template_not_found']);
  });
});
