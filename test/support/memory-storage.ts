import { createHash } from 'node:crypto';
import type { JobStorage, StorageAccess, StoredObject } from '../../shared/jobs/ports.ts';
import { START } from './clock.ts';

/** Objects in memory. */
export interface MemoryStorage extends JobStorage {
  readonly put: (uri: string, content: Uint8Array) => void;
  /** Every access that was used, in order. */
  readonly accesses: readonly StorageAccess[];
}

/** Makes an empty store; a listing is cut at `bound` objects. */
export function createMemoryStorage(bound = 10_000): MemoryStorage {
  const objects = new Map<string, Uint8Array>();
  const accesses: StorageAccess[] = [];
  return {
    put: (uri, content) => objects.set(uri, content),
    accesses,
    list: (prefixUri, access) => {
      accesses.push(access);
      const found = [...objects]
        .filter(([uri]) => uri.startsWith(prefixUri))
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([uri, content]) => toStored(uri, content));
      return Promise.resolve({
        objects: found.slice(0, bound),
        truncated: found.length > bound,
      });
    },
    find: (uri, access) => {
      accesses.push(access);
      const content = objects.get(uri);
      return Promise.resolve(content === undefined ? undefined : toStored(uri, content));
    },
    readRange: (uri, { start, end }, access) => {
      accesses.push(access);
      const content = objects.get(uri);
      if (content === undefined) return Promise.reject(new Error(`no object ${uri}`));
      return Promise.resolve(content.slice(start, end));
    },
    signReadUrl: (uri, lifetimeSeconds, access) => {
      accesses.push(access);
      return Promise.resolve(`https://signed.example/${uri.slice(5)}?expires=${lifetimeSeconds}`);
    },
    signWriteUrl: (uri, { headers, lifetimeSeconds, access }) => {
      accesses.push(access);
      const names = Object.keys(headers).sort().join(';');
      return Promise.resolve(
        `https://signed.example/${uri.slice(5)}?expires=${lifetimeSeconds}&headers=${names}`,
      );
    },
  };
}

function toStored(uri: string, content: Uint8Array): StoredObject {
  return {
    uri,
    bytes: content.length,
    contentType: 'text/plain',
    md5: createHash('md5').update(content).digest('base64'),
    updatedAt: START,
  };
}
