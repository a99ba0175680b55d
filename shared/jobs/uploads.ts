import { hash } from 'node:crypto';
import type { Caller } from '../identity/caller.ts';
import type { Parameters } from '../templates/parameters.ts';
import type { UploadPlace } from '../templates/storage-uris.ts';
import { toBase32 } from './base32.ts';
import { canonicalize } from './canonical-json.ts';
import type { JobStorage, StorageAccess } from './ports.ts';

/** A file that a caller wants to put, every member checked. */
export interface UploadRequest {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  /** Base64, as `Content-MD5` has it: what Cloud Storage holds the content to. */
  readonly md5: string;
  /** 64 hexadecimal digits: what the job that runs the file holds it to. */
  readonly sha256: string;
}

/** How the file is put, once, and what it is called from then on. */
export interface UploadTicket {
  readonly uri: string;
  readonly url: string;
  readonly method: 'PUT';
  /** Each must be sent as it is: the link is signed with them. */
  readonly headers: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly expiresAt: string;
}

/** Whose area it is: an actor has another one than the person that it acts for. */
type Uploader = Pick<Caller, 'issuer' | 'subject' | 'actor'>;

/**
 * Gives the caller's own area of a deployment's bucket. Its name is the first 128 bits of SHA-256 over the JCS array
 * [deployment, issuer, subject, actor], in base32. Source: docs/decisions/0016.
 */
export function toUploadPlace(
  { issuer, subject, actor }: Uploader,
  { deployment, bucket }: { readonly deployment: string; readonly bucket: string },
): UploadPlace {
  const text = canonicalize([deployment, issuer, subject, actor]);
  const digest = hash('sha256', text, 'buffer').subarray(0, 16);
  const root = `gs://${bucket}/uploads/`;
  return { root, area: `${root}${toBase32(digest)}/` };
}

/** Names a new file in a caller's area; `random` is 16 bytes that nobody can guess. */
export function toUploadUri(
  { area }: UploadPlace,
  { size, sha256, name }: Pick<UploadRequest, 'size' | 'sha256' | 'name'>,
  random: Uint8Array,
): string {
  return `${area}${toBase32(random)}/${size}/${sha256}/${name}`;
}

/** Seconds that a link to put a file lives. Source: docs/architecture.md. */
export const UPLOAD_LINK_SECONDS = 300;

/** What signing a ticket needs from outside. */
export interface TicketPorts {
  readonly storage: Pick<JobStorage, 'signWriteUrl'>;
  readonly access: StorageAccess;
  readonly now: () => Date;
}

/**
 * Makes a link that puts exactly one content at the URI, once: size, type, MD5 and "only if there is nothing" are signed.
 * @throws upstream problems.
 */
export async function issueTicket(
  uri: string,
  { size, contentType, md5 }: UploadRequest,
  { storage, access, now }: TicketPorts,
): Promise<UploadTicket> {
  const headers = {
    'content-md5': md5,
    'content-type': contentType,
    'x-goog-content-length-range': `${size},${size}`,
    'x-goog-if-generation-match': '0',
  };
  const expiresAt = new Date(now().getTime() + UPLOAD_LINK_SECONDS * 1000).toISOString();
  const url = await storage.signWriteUrl(uri, {
    headers,
    lifetimeSeconds: UPLOAD_LINK_SECONDS,
    access,
  });
  return { uri, url, method: 'PUT', headers, expiresAt };
}

/** The files of the caller's own that a job is given, in order of the parameters' names. */
export function listUploads(
  parameters: Parameters,
  uploads: UploadPlace | null,
): readonly string[] {
  if (uploads === null) return [];
  return Object.keys(parameters)
    .sort()
    .flatMap((name) => {
      const value = parameters[name];
      return typeof value === 'string' && value.startsWith(uploads.area) ? [value] : [];
    });
}
