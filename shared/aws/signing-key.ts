import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** What a signing key is good for: one day, region and service. */
export interface SigningScope {
  readonly secretAccessKey: string;
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** Gives the key of a scope, derived when it is first asked for. */
export type GetSigningKey = (scope: SigningScope) => KeyObject;

/** Keys that are kept: more than a function calls services, in the credentials and the day that hold now. */
const MOST_KEYS = 16;

/**
 * Makes the source of signing keys. They are key objects: of a key in bytes Node finds out anew at each use that it is none,
 * which takes ten times as long as the HMAC itself. Source: AWS Signature Version 4, deriving a signing key.
 */
export function createSigningKeys(): GetSigningKey {
  const keys = new Map<string, KeyObject>();
  return (scope) => {
    const name = [scope.secretAccessKey, scope.date, scope.region, scope.service].join('\n');
    const known = keys.get(name);
    if (known !== undefined) return known;
    if (keys.size >= MOST_KEYS) keys.clear();
    const derived = deriveKey(scope);
    keys.set(name, derived);
    return derived;
  };
}

function deriveKey({ secretAccessKey, date, region, service }: SigningScope): KeyObject {
  return [date, region, service, 'aws4_request'].reduce(
    (key, part) => createSecretKey(createHmac('sha256', key).update(part, 'utf8').digest()),
    createSecretKey(`AWS4${secretAccessKey}`, 'utf8'),
  );
}
