import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';
import { parseTable, parseText, ShapeError } from '../shape.ts';
import { openShelf, type Shelf } from '../state/shelf.ts';

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** The system-managed keys of service accounts: one each, which leave this process to the shelf only. */
export class SigningKeys {
  readonly #pairs = new Map<string, Promise<KeyPair>>();
  readonly #public = new Map<string, KeyObject>();
  readonly #shelf: Shelf;

  constructor(shelf: Shelf = openShelf(null, 'keys')) {
    this.#shelf = shelf;
    for (const [email, pair] of shelf.parseAll(parseDocument)) {
      this.#pairs.set(email, Promise.resolve(pair));
      this.#public.set(email, pair.publicKey);
    }
  }

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
      this.#shelf.save(toKey(email), toDocument(email, pair));
      this.#public.set(email, pair.publicKey);
      return pair;
    });
    this.#pairs.set(email, made);
    // A key that could not be written down is made anew for whoever asks next.
    made.catch(() => this.#pairs.delete(email));
    return made;
  }
}

function toKey(email: string): string {
  return createHash('sha256').update(email).digest('hex');
}

function toDocument(email: string, { privateKey }: KeyPair): object {
  return { email, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

function parseDocument(document: unknown, where: string): readonly [email: string, pair: KeyPair] {
  const table = parseTable(document, where, ['email', 'privateKey']);
  const email = parseText(table['email'], `${where}'s email`);
  try {
    const privateKey = createPrivateKey(parseText(table['privateKey'], `${where}'s privateKey`));
    return [email, { privateKey, publicKey: createPublicKey(privateKey) }];
  } catch {
    // The cause might quote the key.
    throw new ShapeError(`${where} is damaged`);
  }
}
