import { compactVerify, errors } from 'jose';
import { describe, expect, it } from 'vitest';
import { createKeySource, KeysUnavailableError } from '../../../shared/identity/keys.ts';
import { TokenRefusedError } from '../../../shared/identity/refusal.ts';
import { parseHeader, splitCompact } from '../../../shared/identity/token.ts';
import { createClock } from '../../support/clock.ts';
import { hasPublicVectors, readPublicVectors } from '../../support/public-vectors.ts';

interface Jwk {
  readonly kid?: string;
  readonly [member: string]: unknown;
}

interface Group {
  readonly public?: Jwk | { readonly keys: readonly Jwk[] };
  readonly private?: Jwk | { readonly keys: readonly Jwk[] };
  readonly tests: readonly {
    readonly tcId: number;
    readonly jws: string;
    readonly result: 'valid' | 'invalid';
  }[];
}

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'];

function toPublic(jwk: Jwk): Jwk {
  const members = Object.entries(jwk).filter(([name]) => !PRIVATE_MEMBERS.includes(name));
  return Object.fromEntries([['kid', 'only'], ...members]);
}

/**
 * Judges a signed text as the authorizer judges a token before it reads claims, of which these texts have none. Some
 * keys and headers have no id, which would refuse them for another reason than theirs: they are called `only`.
 */
async function judge(jws: string, keys: readonly Jwk[]): Promise<string> {
  const source = createKeySource({
    jwksUri: 'https://issuer.example/jwks',
    fetchKeySet: () => Promise.resolve({ keys: keys.map(toPublic) }),
    now: createClock().now,
    reportStale: () => undefined,
  });
  try {
    parseHeader(splitCompact(jws).rawHeader);
    await compactVerify(jws, (header, token) => source({ kid: 'only', ...header }, token), {
      algorithms: ALGORITHMS,
    });
    return 'accepted';
  } catch (error) {
    if (error instanceof TokenRefusedError) return error.reason;
    if (error instanceof KeysUnavailableError) return 'unusable key';
    if (error instanceof errors.JOSEError) return error.code;
    throw error;
  }
}

function listKeys(group: Group): readonly Jwk[] {
  const keys = group.public ?? group.private ?? { keys: [] };
  return 'keys' in keys && Array.isArray(keys.keys) ? (keys.keys as Jwk[]) : [keys];
}

/** What is judged otherwise than the vectors say, by the id of the vector. */
async function listDifferences(file: string): Promise<Readonly<Record<number, string>>> {
  const { testGroups } = readPublicVectors('wycheproof').get(file) as {
    readonly testGroups: readonly Group[];
  };
  const differences: Record<number, string> = {};
  for (const group of testGroups) {
    for (const { tcId, jws, result } of group.tests) {
      const outcome = await judge(jws, listKeys(group));
      if ((outcome === 'accepted') !== (result === 'valid')) differences[tcId] = outcome;
    }
  }
  return differences;
}

/** Valid, and refused: symmetric algorithms, and those of RSA and EC that no issuer needs. */
const OTHER_ALGORITHMS = [
  ...[1, 265, 266, 267, 269, 270, 271, 321, 322, 323, 326, 327, 328],
  ...[346, 347, 348, 350, 351, 352, 357, 358, 359, 376, 377],
];
/** Valid, and refused: nothing is signed but an empty text, which holds no claims. */
const EMPTY_PAYLOADS = [259, 264, 268, 272, 320, 325];
/** Valid there, and refused: characters outside of the alphabet of base64url. */
const OTHER_CHARACTERS = [372, 373];

function toTable(ids: readonly number[], outcome: string): Readonly<Record<number, string>> {
  return Object.fromEntries(ids.map((id) => [id, outcome]));
}

describe.skipIf(!hasPublicVectors('wycheproof'))('the vectors of Wycheproof', () => {
  it('for signatures are judged as they say, but for what is refused on purpose', async () => {
    expect(await listDifferences('json_web_signature_test.json')).toEqual({
      ...toTable(OTHER_ALGORITHMS, 'ERR_JOSE_ALG_NOT_ALLOWED'),
      ...toTable([...EMPTY_PAYLOADS, ...OTHER_CHARACTERS], 'malformed_token'),
    });
  });

  it('for keys are judged as they say, but for symmetric keys and for one that ROCA made weak', async () => {
    expect(await listDifferences('json_web_key_test.json')).toEqual({
      ...toTable([2, 13, 14, 15], 'ERR_JOSE_ALG_NOT_ALLOWED'),
      7: 'accepted',
    });
  });
});

interface Recipe {
  readonly input: { readonly key?: Jwk | readonly Jwk[] };
  readonly output: { readonly compact?: string };
}

describe.skipIf(!hasPublicVectors('jose-cookbook'))('the recipes of the JOSE cookbook', () => {
  const recipes = ['jws', 'curve25519', 'rfc7797'].flatMap((folder) => [
    ...readPublicVectors(`jose-cookbook/${folder}`),
  ]) as readonly (readonly [string, Recipe])[];

  it('are accepted where the algorithm is and the form is compact', async () => {
    const outcomes: Record<string, string> = {};
    for (const [name, { input, output }] of recipes) {
      const keys = [input.key ?? []].flat() as readonly Jwk[];
      if (output.compact === undefined) continue;
      outcomes[name] = await judge(output.compact, keys);
    }
    expect(outcomes).toEqual({
      '4_1.rsa_v15_signature.json': 'accepted',
      '4_2.rsa-pss_signature.json': 'ERR_JOSE_ALG_NOT_ALLOWED',
      '4_3.ecdsa_signature.json': 'ERR_JOSE_ALG_NOT_ALLOWED',
      '4_4.hmac-sha2_integrity_protection.json': 'ERR_JOSE_ALG_NOT_ALLOWED',
      '4_5.signature_with_detached_content.json': 'malformed_token',
      'ecdh-es.json': 'malformed_token',
      'hmac-sha2_b64_false.json': 'malformed_token',
      'jws.json': 'accepted',
    });
  });
});
