import { describe, expect, it } from 'vitest';
import { loadFunction } from '../support/deployed-function.ts';

describe('get-health', () => {
  it('says that it is up, and its version, to anybody', async () => {
    const getHealth = await loadFunction('get-health');
    const { status, body } = await getHealth.call('get-health');
    expect([status, body]).toEqual([200, { status: 'ok', version: '0.1.0' }]);
  });
});
