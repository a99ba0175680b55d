import { describe, expect, it } from 'vitest';
import { TokenStore } from '../../../../local/google/identity/tokens.ts';

const account = { kind: 'account', email: 'a@local.iam.gserviceaccount.com' } as const;

describe('an access token', () => {
  it('stands for its account until it expires', () => {
    let nowMs = 1_000_000;
    const store = new TokenStore(() => nowMs);
    const { token, expiresAt } = store.issue(account, 1200);
    expect(token).toMatch(/^ya29\.local-[A-Za-z0-9_-]{43}$/);
    expect(expiresAt.getTime()).toBe(2_200_000);
    nowMs = 2_199_999;
    expect(store.find(token)).toEqual(account);
    nowMs = 2_200_000;
    expect(store.find(token)).toBeUndefined();
  });

  it('is refused when it is unknown, in the words of Google', () => {
    const store = new TokenStore();
    expect(() => store.authenticate('ya29.other')).toThrow(
      'Request had invalid authentication credentials. Expected OAuth 2 access token',
    );
    expect(() => store.authenticate(undefined)).toThrow(
      'Request is missing required authentication credential. Expected OAuth 2 access token',
    );
  });

  it('of the configuration holds for good', () => {
    const store = new TokenStore(() => Number.MAX_SAFE_INTEGER);
    store.addStatic('operator-token', account.email);
    expect(store.authenticate('operator-token')).toEqual(account);
  });
});
