import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TokenStore } from '../../../../local/google/identity/tokens.ts';
import { openShelf } from '../../../../local/google/state/shelf.ts';
import { makeFolder } from '../local-server.ts';

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

  it('outlives the server until it expires, and is not written down itself', () => {
    const [folder, remove] = makeFolder();
    let nowMs = 1_000_000;
    const open = () => new TokenStore(() => nowMs, { shelf: openShelf(folder, 'tokens') });
    const before = open();
    before.addStatic('operator-token', account.email);
    const role = { kind: 'federated', role: 'submit-role' } as const;
    const { token: long } = before.issue(account, 1200);
    const { token: short } = before.issue(role, 60);
    expect([open().find(long), open().find(short)]).toEqual([account, role]);
    nowMs += 60_000;
    expect([open().find(long), open().find(short)]).toEqual([account, undefined]);
    const files = readdirSync(join(folder, 'tokens'));
    expect(files).toHaveLength(1);
    expect(readFileSync(join(folder, 'tokens', files[0] ?? ''), 'utf8')).not.toContain(long);
    remove();
  });

  it('does not hold for good: of many, the oldest stops to hold first', () => {
    const store = new TokenStore(() => 0);
    const { token: oldest } = store.issue(account, 3600);
    const { token: next } = store.issue(account, 3600);
    for (let count = 2; count < 10_001; count += 1) store.issue(account, 3600);
    expect([store.find(oldest), store.find(next)]).toEqual([undefined, account]);
  });
});
