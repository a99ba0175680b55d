import { createServer, type Server } from 'node:http';
import type { TrustedIssuer } from '../../local/up/trusted-issuers.ts';
import { readGoodToken, VECTOR_KINDS } from './token-vectors.ts';
import { createForgeKeys, createTokenForge, type ForgeKeys } from './tokens.ts';

/** An issuer that the tests play: the stack trusts it, and reads its keys from the tests. */
export interface PlayedIssuer {
  /** The kind, which names the folder of its vectors as well. */
  readonly kind: string;
  readonly issuer: string;
  readonly audience: string;
  /** Its private keys, for {@link createTokenForge}. */
  readonly keys: ForgeKeys;
}

/** Played issuers of every kind that has vectors, served until `stop`. */
export interface PlayedIssuers {
  readonly played: readonly PlayedIssuer[];
  /** How the stack is to trust them. */
  readonly trusted: readonly TrustedIssuer[];
  readonly stop: () => Promise<void>;
}

/** An issuer that the stack trusts and whose keys nobody can have. */
export const UNREACHABLE_ISSUER = 'https://unreachable.example';

/** Makes keys for one issuer of every kind and serves their public halves on loopback. */
export async function playIssuers(): Promise<PlayedIssuers> {
  const played = VECTOR_KINDS.map((kind): PlayedIssuer => {
    const { issuer, audience } = readGoodToken(kind).issuer;
    return { kind, issuer, audience, keys: createForgeKeys() };
  });
  const keySets = new Map(
    played.map(({ kind, keys }) => [`/${kind}`, JSON.stringify(createTokenForge(keys).keySet)]),
  );
  const server = createServer((request, response) => {
    const keySet = keySets.get(request.url ?? '');
    response.writeHead(keySet === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(keySet);
  });
  const address = `http://127.0.0.1:${await listen(server)}`;
  const trusted = VECTOR_KINDS.map((kind) => toTrusted(kind, `${address}/${kind}`));
  const unreachable = {
    ...{ name: 'unreachable', kind: 'rfc9068', issuer: UNREACHABLE_ISSUER },
    ...{ audience: 'urn:jobgate', jwksUri: `${address}/nowhere`, algorithms: ['RS256'] },
  };
  return { played, trusted: [...trusted, unreachable], stop: () => close(server) };
}

function toTrusted(kind: string, jwksUri: string): TrustedIssuer {
  const { issuer } = readGoodToken(kind);
  return { ...issuer, kind: String(issuer['kind']), name: String(issuer['name']), jwksUri };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
