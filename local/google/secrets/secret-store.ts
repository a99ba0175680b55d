import { createHash } from 'node:crypto';
import { ApiError } from '../api/api-error.ts';
import { ShapeError } from '../shape.ts';
import type { Shelf } from '../state/shelf.ts';
import { parseDocument, type SecretVersion, toDocument } from './secret-version.ts';

/** Bounds memory; Google does not bound it. */
const maxVersionsPerSecret = 1000;

/** What the store begins with. */
interface SecretStoreOptions {
  /** Secret ids, each with its first version or null for none. */
  readonly secrets: Readonly<Record<string, string | null>>;
  readonly shelf: Shelf;
  readonly now: () => Date;
}

/** The secrets of the configuration and their versions. */
export class SecretStore {
  readonly createTime: Date;
  readonly #versions: ReadonlyMap<string, SecretVersion[]>;
  readonly #shelf: Shelf;
  readonly #now: () => Date;

  constructor({ secrets, shelf, now }: SecretStoreOptions) {
    this.#shelf = shelf;
    this.#now = now;
    this.createTime = now();
    this.#versions = new Map(Object.keys(secrets).map((id) => [id, []]));
    for (const version of shelf.parseAll(parseDocument).toSorted(byNumber)) this.#restore(version);
    for (const [id, text] of Object.entries(secrets))
      if (text !== null && this.#listOf(id).length === 0) this.add(id, Buffer.from(text), false);
  }

  /** Ids of every secret, in order. */
  get ids(): readonly string[] {
    return [...this.#versions.keys()].sort();
  }

  /** Returns the versions of a secret, oldest first; undefined when there is no such secret. */
  find(secretId: string): readonly SecretVersion[] | undefined {
    return this.#versions.get(secretId);
  }

  /** Adds a version to a secret, which must exist. @throws ApiError RESOURCE_EXHAUSTED */
  add(secretId: string, content: Buffer, checksumGiven: boolean): SecretVersion {
    const versions = this.#listOf(secretId);
    if (versions.length >= maxVersionsPerSecret)
      throw new ApiError(
        'RESOURCE_EXHAUSTED',
        `The local Secret Manager keeps ${maxVersionsPerSecret} versions of a secret.`,
      );
    const version: SecretVersion = {
      ...{ secretId, number: versions.length + 1, createTime: this.#now(), state: 'ENABLED' },
      ...{ content, destroyTime: null, checksumGiven, revision: 0 },
    };
    this.replace(version);
    return version;
  }

  /** Puts a version in the place of the one of its number. */
  replace(version: SecretVersion): void {
    this.#shelf.save(toKey(version), toDocument(version));
    this.#listOf(version.secretId)[version.number - 1] = version;
  }

  /** A secret that the configuration does not name any more does not exist. */
  #restore(version: SecretVersion): void {
    const versions = this.#versions.get(version.secretId);
    if (versions === undefined) return;
    if (versions.push(version) !== version.number)
      throw new ShapeError(`the secret ${version.secretId} lacks its version ${versions.length}`);
  }

  #listOf(secretId: string): SecretVersion[] {
    const versions = this.#versions.get(secretId);
    if (versions === undefined) throw new Error(`there is no secret ${secretId}`);
    return versions;
  }
}

function byNumber(one: SecretVersion, other: SecretVersion): number {
  return one.number - other.number;
}

/** An id may be longer than a key of a shelf. */
function toKey({ secretId, number }: SecretVersion): string {
  return `${createHash('sha256').update(secretId).digest('hex')}-${number}`;
}
