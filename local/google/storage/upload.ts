import type { IncomingMessage } from 'node:http';
import { readBody } from '../api/http-exchange.ts';
import { parseJson, parseObject } from '../shape.ts';
import { StorageError } from './storage-error.ts';

const maxMultipartBytes = 64 * 1024 * 1024;
const maxMetadataBytes = 64 * 1024;

/** What an upload says of the object that it makes. */
interface UploadTarget {
  readonly name: string;
  readonly contentType: string;
}

/** An upload of one request. */
interface SimpleUpload extends UploadTarget {
  readonly content: IncomingMessage | Buffer;
}

/** Reads an upload of content alone, or of metadata and content in one body. @throws StorageError */
export async function readUpload(
  request: IncomingMessage,
  query: URLSearchParams,
): Promise<SimpleUpload> {
  const contentType = request.headers['content-type'] ?? 'application/octet-stream';
  const name = query.get('name') ?? '';
  if (query.get('uploadType') === 'multipart') return readMultipart(request, contentType, name);
  if (query.get('uploadType') !== 'media')
    throw new StorageError(
      'InvalidArgument',
      'The uploadType must be media, multipart or resumable.',
    );
  if (name === '') throw new StorageError('InvalidArgument', 'Required parameter: name');
  return { name, content: request, contentType };
}

/** Reads the metadata with which a resumable upload begins. @throws StorageError */
export async function readResumableTarget(
  request: IncomingMessage,
  query: URLSearchParams,
): Promise<UploadTarget> {
  const header = request.headers['x-upload-content-type'];
  const type = typeof header === 'string' ? header : 'application/octet-stream';
  const body = await readBody(request, maxMetadataBytes);
  return toTarget(body.length === 0 ? Buffer.from('{}') : body, query.get('name') ?? '', type);
}

/** RFC 2387: the first part is the metadata, the second the content. */
async function readMultipart(
  request: IncomingMessage,
  contentType: string,
  nameInQuery: string,
): Promise<SimpleUpload> {
  const boundary = /boundary=(?:"([^"]+)"|'([^']+)'|([^;\s]+))/i.exec(contentType);
  const delimiter = `--${boundary?.[1] ?? boundary?.[2] ?? boundary?.[3] ?? ''}`;
  const body = await readBody(request, maxMultipartBytes);
  const [metadata, content] = splitParts(body, delimiter);
  if (metadata === undefined || content === undefined)
    throw new StorageError('InvalidArgument', 'The multipart body must have two parts.');
  const target = toTarget(metadata.content, nameInQuery, content.type);
  return { ...target, content: content.content };
}

function toTarget(metadata: Buffer, nameInQuery: string, contentType: string): UploadTarget {
  const where = 'the metadata';
  const json = parseObject(parseJson(metadata.toString('utf8'), where), where);
  const name = typeof json['name'] === 'string' ? json['name'] : nameInQuery;
  if (name === '' || (nameInQuery !== '' && name !== nameInQuery))
    throw new StorageError('InvalidArgument', 'The object must have one name.');
  const type = typeof json['contentType'] === 'string' ? json['contentType'] : contentType;
  if (!/^[\x20-\x7e]{1,256}$/.test(type))
    throw new StorageError('InvalidArgument', 'The contentType must be a media type.');
  return { name, contentType: type };
}

function splitParts(body: Buffer, delimiter: string): readonly { type: string; content: Buffer }[] {
  const parts: { type: string; content: Buffer }[] = [];
  let start = body.indexOf(delimiter);
  while (start >= 0 && parts.length < 2) {
    const begin = start + delimiter.length;
    const end = body.indexOf(`\n${delimiter}`, begin);
    if (end < 0) break;
    parts.push(splitPart(body.subarray(begin, end)));
    start = end + 1;
  }
  return parts;
}

/** Python's e-mail library, which gcloud writes bodies with, ends lines by a line feed alone. */
function splitPart(part: Buffer): { type: string; content: Buffer } {
  const gap = /\r?\n\r?\n/.exec(part.toString('latin1'));
  const end = part.at(-1) === 0x0d ? part.length - 1 : part.length;
  const head = part.subarray(0, gap?.index ?? 0).toString('latin1');
  const type = /^content-type:\s*(.+)$/im.exec(head)?.[1]?.trim() ?? 'application/octet-stream';
  const start = gap === null ? end : gap.index + gap[0].length;
  return { type, content: part.subarray(Math.min(start, end), end) };
}
