import { readAuthorizerConfig } from '../config/issuers.ts';
import type { Authorizer } from '../http/authorizer-endpoint.ts';
import { createUsageKeys } from '../identity/usage-key.ts';
import { createVerifier, type VerifierOptions } from '../identity/verify.ts';
import type { Log } from '../log.ts';
import { createSend, parseJsonObject } from '../transport.ts';
import { once, type Runtime } from './runtime.ts';

/** Bounds of reading an issuer's keys: 256 kB, 2 seconds. Source: docs/architecture.md. */
const MAX_KEY_SET_BYTES = 256 * 1024;
const KEY_SET_TIMEOUT_MS = 2_000;

/** Builds token verification and the choice of API keys, when the first token arrives. @throws ConfigError. */
export function buildAuthorizer(runtime: Runtime): () => Authorizer {
  return once(() => {
    const config = readAuthorizerConfig(runtime.environment);
    const verify = createVerifier({
      issuers: config.issuers,
      now: runtime.now,
      fetchKeySet: buildFetchKeySet(runtime),
      reportStaleKeys: (issuer, ageSeconds) => {
        warnOfStaleKeys(runtime.log, issuer, ageSeconds);
      },
    });
    return { verify, toUsageKey: createUsageKeys(config) };
  });
}

function buildFetchKeySet(runtime: Runtime): VerifierOptions['fetchKeySet'] {
  const send = createSend(runtime.now);
  return async (jwksUri) => {
    const response = await send({
      url: jwksUri,
      method: 'GET',
      headers: { accept: 'application/json' },
      deadline: new Date(runtime.now().getTime() + KEY_SET_TIMEOUT_MS),
      maxBytes: MAX_KEY_SET_BYTES,
    });
    if (response.status !== 200) throw new Error(`the key set answered ${response.status}`);
    return Object.fromEntries(parseJsonObject(response.body));
  };
}

function warnOfStaleKeys(log: Log, issuer: string, ageSeconds: number): void {
  log.write('warn', 'stale keys', { function: 'authorizer', issuer, ageSeconds });
}
