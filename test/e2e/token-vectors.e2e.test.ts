import { describe, expect, it } from 'vitest';
import { callApi, getPlayedIssuers, type Answer } from '../support/api.ts';
import {
  readGoodToken,
  readVectors,
  toAuthorization,
  VECTOR_KINDS,
  type TokenChange,
} from '../support/token-vectors.ts';
import { createTokenForge, type TokenForge } from '../support/tokens.ts';

const forges = new Map<string, TokenForge>();

/** Sends a vector, signed now with the keys that the stack reads, to a route that any caller may ask. */
async function send(kind: string, change: TokenChange): Promise<Answer> {
  const played = getPlayedIssuers().find((each) => each.kind === kind);
  if (played === undefined) throw new Error(`nobody plays an issuer of kind ${kind}`);
  const { issuer, audience, keys } = played;
  const forge = forges.get(kind) ?? createTokenForge(keys);
  forges.set(kind, forge);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const target = { forge, issuer, audience, nowSeconds };
  const authorization = toAuthorization(change, readGoodToken(kind), target);
  return callApi('/me', { headers: { authorization } });
}

describe.each(VECTOR_KINDS)('a token of an issuer of kind %s, sent to the deployed API', (kind) => {
  it('is accepted when it is as the issuer’s documentation shows it', async () => {
    const { status, body } = await send(kind, {});
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { issuer: readGoodToken(kind).issuer.issuer, plan: readGoodToken(kind).caller['plan'] },
    });
  });

  const vectors = readVectors(kind).filter(({ vector }) => vector.unsent === undefined);

  it.each(vectors.map(({ name, vector }) => [name, vector] as const))(
    'is judged as its vector says: %s',
    async (_name, vector) => {
      const { status, body, text } = await send(kind, vector);
      if ('caller' in vector.expect) {
        expect([status, body['code']]).toEqual([200, undefined]);
      } else {
        expect([status, body['code']]).toEqual([401, 'invalid_token']);
        expect(text).not.toContain('eyJ');
      }
    },
  );
});
