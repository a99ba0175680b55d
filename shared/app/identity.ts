import { readIdentityConfig } from '../config.ts';
import { createVerifier, type VerifyToken } from '../identity/verify.ts';
import { createSend, parseJsonObject } from '../transport.ts';
import { once, type Runtime } from './runtime.ts';

/** Bounds of reading an issuer's keys: 256 kB, 2 seconds. Source: docs/architecture.md. */
const MAX_KEY_SET_BYTES = 256 * 1024;
const KEY_SET_TIMEOUT_MS = 2_000;

/** Builds token verification from the environment, when the first token arrives. @throws ConfigError. */
export function buildVerifier(runtime: Runtime): () => VerifyToken {
  return once(() => {
    const config = readIdentityConfig(runtime.environment);
    const send = createSend(runtime.now);
    return createVerifier({
      issuers: config.issuers,
      now: runtime.now,
      fetchKeySet: async (jwksUri) => {
        const response = await send({
          url: jwksUri,
          method: 'GET',
          headers: { accept: 'application/json' },
          deadline: new Date(runtime.now().getTime() + KEY_SET_TIMEOUT_MS),
          maxBytes: MAX_KEY_SET_BYTES,
        });
        if (response.status !== 200) throw new Error(`the key set answered ${response.status}`);
        return Object.fromEntries(parseJsonObject(response.body));
      },
    });
  });
}
