import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IdpConfiguration } from './configuration.ts';
import { makeProvider } from './provider.ts';
import { makeSigningKey, type SigningKey } from './signing-keys.ts';

/** How the key set answers: as it must, with status 500, or never. */
export type Outage = 'ok' | '500' | 'hang';

/** One running issuer: its keys, and how its key set answers just now. */
export interface Issuer {
  readonly url: string;
  /** Newest first: the first key of an algorithm signs. */
  readonly keys: () => readonly SigningKey[];
  readonly setOutage: (mode: Outage) => void;
  /** Adds a new RS256 key that signs from now on; earlier keys stay in the key set. */
  readonly rotate: () => Promise<SigningKey>;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
}

/** The path of the key set under the issuer. */
export const jwksPath = '/jwks';

/** Makes the issuer at the URL with a fresh RS256 and a fresh ES256 key. */
export async function makeIssuer(url: string, configuration: IdpConfiguration): Promise<Issuer> {
  let keys: readonly SigningKey[] = [await makeSigningKey('RS256'), await makeSigningKey('ES256')];
  let answer = makeProvider(url, configuration, keys).callback();
  let outage: Outage = 'ok';
  return {
    url,
    keys: () => keys,
    setOutage: (mode) => {
      outage = mode;
    },
    rotate: async () => {
      const key = await makeSigningKey('RS256');
      keys = [key, ...keys];
      // The provider reads its keys once, so new keys need a new provider behind the same URL.
      answer = makeProvider(url, configuration, keys).callback();
      return key;
    },
    handle: (request, response) => {
      const failing = outage !== 'ok' && request.url?.split('?')[0] === jwksPath;
      if (!failing) void answer(request, response);
      else if (outage === '500') response.writeHead(500).end();
    },
  };
}
