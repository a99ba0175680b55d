import { generateKeyPairSync } from 'node:crypto';
import { errors } from 'jose';
import { describe, expect, it } from 'vitest';
import { createKeySource, KeysUnavailableError } from '../../../shared/identity/keys.ts';
import { createClock, type FakeClock } from '../../support/clock.ts';

const MINUTE_MS = 60_000;
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' };
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const SMALL_RSA = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
  format: 'jwk',
});
const PADDED = Buffer.concat([
  Buffer.alloc(128),
  Buffer.from(String(SMALL_RSA.n), 'base64url'),
]).toString('base64url');
const TOKEN = { payload: '', signature: '' };

interface Issuer {
  readonly clock: FakeClock;
  readonly fetches: () => number;
  readonly publish: (...keys: readonly object[]) => void;
  readonly answer: (value: unknown) => void;
  readonly goDown: () => void;
  /** Ages in seconds at which stale keys were said to serve. */
  readonly staleAges: readonly number[];
  /** Looks a key up; `found`, `missing`, `unavailable` or, never, `broken`. */
  readonly look: (kid: string, alg?: string) => Promise<string>;
}

function createIssuer(): Issuer {
  const clock = createClock();
  let fetches = 0;
  let current: unknown = { keys: [{ ...KEY, kid: 'one' }] };
  let down = false;
  const staleAges: number[] = [];
  const source = createKeySource({
    jwksUri: 'https://issuer.example/jwks',
    now: clock.now,
    reportStale: (ageSeconds) => staleAges.push(ageSeconds),
    fetchKeySet: async () => {
      fetches += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (down) throw new Error('down');
      return current;
    },
  });
  const answer = (value: unknown): void => {
    [current, down] = [value, false];
  };
  return {
    clock,
    fetches: () => fetches,
    staleAges,
    answer,
    publish: (...keys) => {
      answer({ keys });
    },
    goDown: () => {
      down = true;
    },
    look: async (kid, alg = 'ES256') => {
      try {
        await source({ alg, kid }, TOKEN);
        return 'found';
      } catch (error) {
        if (error instanceof KeysUnavailableError) return 'unavailable';
        return error instanceof errors.JOSEError ? 'missing' : 'broken';
      }
    },
  };
}

describe('an issuer’s keys', () => {
  it('are fetched once for parallel tokens', async () => {
    const issuer = createIssuer();
    const looks = Array.from({ length: 20 }, () => issuer.look('one'));
    expect(new Set(await Promise.all(looks))).toEqual(new Set(['found']));
    expect(issuer.fetches()).toBe(1);
  });

  it('are kept for ten minutes', async () => {
    const issuer = createIssuer();
    await issuer.look('one');
    issuer.clock.advance(10 * MINUTE_MS);
    await issuer.look('one');
    expect(issuer.fetches()).toBe(1);
    issuer.clock.advance(1);
    await issuer.look('one');
    expect(issuer.fetches()).toBe(2);
  });

  it('are fetched again for an unknown key id after a second, so that a rotation is seen', async () => {
    const issuer = createIssuer();
    await issuer.look('one');
    issuer.publish({ ...KEY, kid: 'two' });
    issuer.clock.advance(999);
    expect(await issuer.look('two')).toBe('missing');
    expect(issuer.fetches()).toBe(1);
    issuer.clock.advance(1);
    expect(await issuer.look('two')).toBe('found');
    expect(await issuer.look('one')).toBe('missing');
    expect(issuer.fetches()).toBe(2);
  });

  it('are fetched once for parallel tokens of a key that was rotated in', async () => {
    const issuer = createIssuer();
    await issuer.look('one');
    issuer.publish({ ...KEY, kid: 'one' }, { ...KEY, kid: 'two' });
    issuer.clock.advance(1_000);
    const looks = Array.from({ length: 20 }, (_, index) => issuer.look(index % 2 ? 'one' : 'two'));
    expect(new Set(await Promise.all(looks))).toEqual(new Set(['found']));
    expect(issuer.fetches()).toBe(2);
  });

  it('are fetched ever more rarely for key ids that somebody makes up, once a minute in the end', async () => {
    const issuer = createIssuer();
    await issuer.look('one');
    const guess = async (seconds: number): Promise<number> => {
      const before = issuer.fetches();
      for (let tick = 0; tick < seconds * 2; tick += 1) {
        issuer.clock.advance(500);
        expect(await issuer.look(`guess-${tick}`)).toBe('missing');
      }
      return issuer.fetches() - before;
    };
    // After 1, 3, 7, 15, 31 and 63 seconds.
    expect(await guess(64)).toBe(6);
    expect(await guess(300)).toBe(5);
    issuer.publish({ ...KEY, kid: 'two' });
    issuer.clock.advance(60_000);
    expect(await issuer.look('two')).toBe('found');
    issuer.publish({ ...KEY, kid: 'three' });
    issuer.clock.advance(1_000);
    expect(await issuer.look('three')).toBe('found');
  });

  it('stay in use when the issuer publishes none, as while it is down', async () => {
    const issuer = createIssuer();
    await issuer.look('one');
    issuer.publish();
    issuer.clock.advance(11 * MINUTE_MS);
    expect(await issuer.look('one')).toBe('found');
    expect(await issuer.look('two')).toBe('unavailable');
  });

  it('are said to be stale whenever they serve too old', async () => {
    const issuer = createIssuer();
    await issuer.look('one');
    issuer.goDown();
    issuer.clock.advance(10 * MINUTE_MS);
    await issuer.look('one');
    expect(issuer.staleAges).toEqual([]);
    issuer.clock.advance(1);
    await issuer.look('one');
    issuer.clock.advance(MINUTE_MS);
    await issuer.look('one');
    expect(issuer.staleAges).toEqual([600, 660]);
  });

  it('serve while the issuer is down, for an hour and no longer', async () => {
    const issuer = createIssuer();
    await issuer.look('one');
    issuer.goDown();
    issuer.clock.advance(60 * MINUTE_MS);
    expect(await issuer.look('one')).toBe('found');
    issuer.clock.advance(1);
    expect(await issuer.look('one')).toBe('unavailable');
  });

  it('are asked for once per five seconds while the issuer is down', async () => {
    const issuer = createIssuer();
    issuer.goDown();
    for (let second = 0; second < 10; second += 1) {
      expect(await issuer.look('one')).toBe('unavailable');
      issuer.clock.advance(1_000);
    }
    expect(issuer.fetches()).toBe(2);
  });

  it('say nothing about an unknown key id while the issuer is down', async () => {
    const issuer = createIssuer();
    await issuer.look('one');
    issuer.goDown();
    issuer.clock.advance(6_000);
    expect(await issuer.look('two')).toBe('unavailable');
    expect(await issuer.look('two')).toBe('unavailable');
    expect(await issuer.look('one')).toBe('found');
  });

  it('serve again once the issuer is back', async () => {
    const issuer = createIssuer();
    issuer.goDown();
    expect(await issuer.look('one')).toBe('unavailable');
    issuer.publish({ ...KEY, kid: 'one' });
    issuer.clock.advance(5_000);
    expect(await issuer.look('one')).toBe('found');
  });

  it.each([
    ['text', 'no key set'],
    ['null', null],
    ['an object without keys', {}],
    ['keys that are no list', { keys: {} }],
    ['more than 100 keys', { keys: Array.from({ length: 101 }, () => ({ ...KEY, kid: 'one' })) }],
  ])('are unavailable when the answer is %s', async (_name, answer) => {
    const issuer = createIssuer();
    issuer.answer(answer);
    expect(await issuer.look('one')).toBe('unavailable');
  });

  it('lose both of two keys that share an id', async () => {
    const issuer = createIssuer();
    issuer.publish({ ...KEY, kid: 'one' }, { ...KEY, kid: 'two' }, { ...KEY, kid: 'two' });
    expect([await issuer.look('one'), await issuer.look('two')]).toEqual(['found', 'missing']);
  });

  it.each([
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', kid: 'bad', alg: 'HS256' }, 'HS256'],
    ['a private key', { ...KEY, d: 'AAAA', kid: 'bad' }, 'ES256'],
    ['a key for encryption', { ...KEY, use: 'enc', kid: 'bad' }, 'ES256'],
    ['an RSA key with exponent 1', { ...RSA, e: 'AQ', kid: 'bad' }, 'RS256'],
    ['an RSA key with an even exponent', { ...RSA, e: 'AQAA', kid: 'bad' }, 'RS256'],
    ['an RSA key of 1024 bits', { ...SMALL_RSA, kid: 'bad' }, 'RS256'],
    ['an RSA key whose modulus is padded', { ...SMALL_RSA, n: PADDED, kid: 'bad' }, 'RS256'],
    ['an RSA key without an exponent', { kty: 'RSA', n: RSA.n, kid: 'bad' }, 'RS256'],
  ])('leave out %s', async (_name, key, alg) => {
    const issuer = createIssuer();
    issuer.publish({ ...KEY, kid: 'one' }, key);
    expect([await issuer.look('one'), await issuer.look('bad', alg)]).toEqual(['found', 'missing']);
  });

  it('leave out what is no key or has no id', async () => {
    const issuer = createIssuer();
    issuer.answer({ keys: [null, 'one', 1, KEY, { ...KEY, kid: '' }, { ...KEY, kid: 'one' }] });
    expect([await issuer.look('one'), await issuer.look('')]).toEqual(['found', 'missing']);
  });

  it('are unavailable when the one that is named cannot be used', async () => {
    const issuer = createIssuer();
    issuer.publish({ ...KEY, kid: 'one' }, { ...KEY, x: 'AAAA', kid: 'bad' });
    expect([await issuer.look('one'), await issuer.look('bad')]).toEqual(['found', 'unavailable']);
  });
});
