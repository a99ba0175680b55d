import { createHash, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** The system-managed keys of service accounts: one each, made in this process and never written. */
export class SigningKeys {
  readonly #pairs = new Map<string, Promise<KeyPair>>();
  readonly #public = new Map<string, KeyObject>();

  /** Signs with the account's key, which is made when it is first needed. */
  async sign(
    email: string,
    content: Uint8Array,
  ): Promise<{ readonly keyId: string; readonly signature: Buffer }> {
    const { publicKey, privateKey } = await this.prepare(email);
    const der = publicKey.export({ type: 'spki', format: 'der' });
    const keyId = createHash('sha1').update(der).digest('hex');
    return { keyId, signature: sign('RSA-SHA256', content, privateKey) };
  }

  /** Returns the account's public key; undefined when the account has never had one. */
  findPublicKey(email: string): KeyObject | undefined {
    return this.#public.get(email);
  }

  /** Makes the account's key, if it has none yet. */
  prepare(email: string): Promise<KeyPair> {
    const existing = this.#pairs.get(email);
    if (existing !== undefined) return existing;
    const made = promisify(generateKeyPair)('rsa', { modulusLength: 2048 }).then((pair) => {
      this.#public.set(email, pair.publicKey);
      return pair;
    });
    this.#pairs.set(email, made);
    return made;
  }
}
