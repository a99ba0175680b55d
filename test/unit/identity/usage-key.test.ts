import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createUsageKeys } from '../../../shared/identity/usage-key.ts';
import { ANALYST } from '../../support/callers.ts';
import { ISSUER } from '../../support/tokens.ts';

const CI = {
  ...ISSUER,
  name: 'ci',
  plans: [
    { selector: { kind: 'client', value: 'nightly' }, plan: 'automation' },
    { selector: { kind: 'client', value: 'console' }, plan: 'standard' },
    { selector: { kind: 'subject', value: 'weekly' }, plan: 'automation' },
  ],
} as const;
const toUsageKey = createUsageKeys({
  deployment: 'jobgate-prod',
  issuers: [ISSUER, CI],
  planKeys: 32,
});
const ROBOT = { ...ANALYST, issuerName: 'ci', plan: 'automation', client: 'nightly' } as const;

function toValue(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

/** Values of a whole pool. */
function listPool(plan: string): readonly string[] {
  return Array.from({ length: 32 }, (_, index) => toValue(`jobgate-prod:${plan}:${index}`));
}

describe('the API key of a caller', () => {
  it('is the same one of its plan’s pool each time', () => {
    expect(toUsageKey(ANALYST)).toBe('842765e0e6bf4c387d85b4f75037dab2bc91f7f9');
    expect(listPool('standard')).toContain(toUsageKey(ANALYST));
    expect(listPool('limited')).toContain(toUsageKey({ ...ANALYST, plan: 'limited' }));
  });

  it('depends on issuer and subject and on nothing else of the token', () => {
    const again = { ...ANALYST, client: 'x', tokenId: 'y', groups: [], actor: 'agent-7' };
    expect(toUsageKey(again)).toBe(toUsageKey(ANALYST));
    const others = Array.from({ length: 200 }, (_, index) => ({
      ...ANALYST,
      subject: `user-${index}`,
    }));
    expect(new Set(others.map(toUsageKey)).size).toBe(32);
  });

  it('is its own for a client that is put on the plan automation by name', () => {
    expect(toUsageKey(ROBOT)).toBe(toValue('jobgate-prod:automation:ci nightly'));
  });

  it.each([
    ['of that name at another issuer', { ...ROBOT, issuerName: 'test' }],
    ['that is on another plan', { ...ROBOT, plan: 'limited' }],
    ['that is named for another plan', { ...ROBOT, client: 'console' }],
    ['of a subject that is named', { ...ROBOT, client: 'x', subject: 'weekly' }],
  ] as const)('is shared for a client %s', (_name, caller) => {
    expect(listPool(caller.plan)).toContain(toUsageKey(caller));
  });
});
