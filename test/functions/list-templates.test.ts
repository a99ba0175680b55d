import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';

describe('list-templates', () => {
  let listTemplates: DeployedFunction;

  beforeAll(async () => {
    listTemplates = await loadFunction('list-templates');
  });

  it('lists what the analyst may run', async () => {
    const { status, body } = await listTemplates.call('list-templates');
    expect(status).toBe(200);
    expect(body['items']).toMatchObject([
      { name: 'flight-delays', version: '1.0.0' },
      { name: 'preprocess', version: '1.0.0' },
      { name: 'run-script', version: '2.0.0' },
    ]);
  });

  it('lists nothing for an outsider', async () => {
    const { status, body } = await listTemplates.call('list-templates.outsider');
    expect([status, body]).toEqual([200, { items: [] }]);
  });
});
