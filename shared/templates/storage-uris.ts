import type { FieldFault } from '../problem.ts';
import { escapePointer } from './json-pointer.ts';
import type { Template } from './template.ts';

/** Where the callers of a deployment put files of their own. Both end in a slash. */
export interface UploadPlace {
  /** Of all callers: `gs://bucket/uploads/`. */
  readonly root: string;
  /** Of the one caller. */
  readonly area: string;
}

/** How a template wants a parameter that names a file: under what it reads or of the caller's own, or the latter alone. */
type UriFormat = 'storage-uri' | 'upload-uri';

/** Characters of a file's name: no slash, and no dot first. */
export const UPLOAD_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

/** What lies in a caller's area: a random id, the size in bytes, the SHA-256 of the content, and the name. */
const UPLOAD =
  /^[a-z2-7]{26}\/(?<bytes>[1-9]\d{0,9})\/[0-9a-f]{64}\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

/**
 * What Hadoop, and what is built on it, reads as more than the name of one object: steps, empty segments, wildcards,
 * choices, a second path behind a comma, and what nobody sees. Hadoop decodes nothing, but who does so before it must
 * not come to a step either. Source: org.apache.hadoop.fs.Path, GlobPattern; mapred.FileInputFormat.getPathStrings.
 */
const NOT_PLAIN = /\/\.\.?(\/|$)|\/\/|[\\\p{C}\p{Zl}\p{Zp}?#*[\]{},]|%(?:2[ef5]|5c|0|1|7f)/iu;

/** Names in an area are Jobgate's own: there is nothing in them that could be encoded. */
const PLAIN_UPLOAD = /^gs:\/\/[A-Za-z0-9_./-]+$/;

/** Tells whether a template has a parameter that may name a file of the caller's own. */
export function takesUploads(template: Pick<Template, 'parameters'>): boolean {
  return listUriParameters(template).length > 0;
}

/**
 * Finds URIs that name what the caller may not give: a `storage-uri` must lie under one of the prefixes that the runtime
 * account may read, or in the caller's own area; an `upload-uri` must be a file that create-upload gave to the caller, of at
 * most the parameter's `maxBytes`. What lies in anybody else's area is refused, whatever the template reads.
 */
export function findStrayUris(
  template: Pick<Template, 'parameters' | 'reads'>,
  parameters: Readonly<Record<string, unknown>>,
  uploads: UploadPlace | null,
): readonly FieldFault[] {
  return listUriParameters(template).flatMap(({ name, format, maxBytes }) => {
    const value = parameters[name];
    if (typeof value !== 'string') return [];
    const message =
      format === 'upload-uri'
        ? findUploadFault(value, uploads, maxBytes)
        : findFault(value, template.reads, uploads);
    return message === undefined ? [] : [{ pointer: toPointer(name), message }];
  });
}

function toPointer(name: string): string {
  return `/parameters/${escapePointer(name)}`;
}

/** The size that a URI names is that of its file: the link that put it was signed with it. */
function findUploadFault(
  value: string,
  uploads: UploadPlace | null,
  maxBytes: number,
): string | undefined {
  if (uploads === null) return 'cannot be given here: this deployment takes no uploads';
  const { area } = uploads;
  const found = value.startsWith(area) ? UPLOAD.exec(value.slice(area.length)) : null;
  const bytes = Number(found?.groups?.['bytes']);
  if (bytes <= maxBytes) return undefined;
  if (found !== null) return `must be a file of at most ${maxBytes} bytes: this one has ${bytes}`;
  return `must be a file of your own: POST /v1/uploads gives its URI, which begins with ${area}`;
}

function findFault(
  value: string,
  reads: readonly string[],
  uploads: UploadPlace | null,
): string | undefined {
  const inUploads = uploads !== null && value.startsWith(uploads.root);
  const allowed = inUploads ? [uploads.area] : reads;
  if (!allowed.some((prefix) => value.startsWith(prefix))) {
    return inUploads
      ? `must lie in your own area, ${uploads.area}`
      : `must lie under ${[...reads, ...(uploads === null ? [] : [uploads.area])].join(' or ')}`;
  }
  const isPlain = !NOT_PLAIN.test(value.slice('gs://'.length));
  if (isPlain && (!inUploads || PLAIN_UPLOAD.test(value))) return undefined;
  return 'must be a plain object URI without empty, "." or ".." segments, commas or wildcards';
}

/** A parameter that names a file. */
export interface UriParameter {
  readonly name: string;
  readonly format: UriFormat;
  /** Of a file of the caller's own; infinite where the schema names no bound. */
  readonly maxBytes: number;
}

/** Lists the parameters of a template that name files. */
export function listUriParameters({
  parameters,
}: Pick<Template, 'parameters'>): readonly UriParameter[] {
  const properties = parameters['properties'];
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).flatMap(([name, schema]) => {
    const format = findFormat(schema);
    return format === undefined ? [] : [{ name, format, maxBytes: readMaxBytes(schema) }];
  });
}

function readMaxBytes(schema: unknown): number {
  const hasBound = typeof schema === 'object' && schema !== null && 'maxBytes' in schema;
  return hasBound && typeof schema.maxBytes === 'number'
    ? schema.maxBytes
    : Number.POSITIVE_INFINITY;
}

function findFormat(schema: unknown): UriFormat | undefined {
  if (typeof schema !== 'object' || schema === null || !('format' in schema)) return undefined;
  const { format } = schema;
  return format === 'storage-uri' || format === 'upload-uri' ? format : undefined;
}
