import { request as httpRequest } from 'node:http';
import { decodeUrlText } from '../api/url-text.ts';
import { parseJson, parseList, parseTable, parseText, ShapeError } from '../shape.ts';

const timeoutMs = 5000;

/**
 * The headers of a signed GetCallerIdentity request that count. Any other one is refused: AWS would
 * ignore it, and it may be there to confuse.
 */
const knownHeaders = [
  'authorization',
  'host',
  'x-amz-date',
  'x-amz-security-token',
  'x-goog-cloud-target-resource',
];

/** A GetCallerIdentity request that its sender signed for AWS STS and did not send. */
export interface SignedRequest {
  readonly host: string;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What AWS STS says about who signed. */
export type AwsCaller =
  | {
      readonly kind: 'role';
      readonly account: string;
      readonly role: string;
      readonly session: string;
    }
  /** AWS refuses the request, or the signer is no assumed role. */
  | { readonly kind: 'refused'; readonly reason: string };

/** AWS STS could not be asked. */
export class AwsUnavailable extends Error {}

/**
 * Parses a subject token: URL-encoded JSON of `{url, method, headers: [{key, value}]}`. The header
 * that names the audience need not be signed, since Google's own Node library adds it afterwards.
 * Source: https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 * @throws ShapeError
 */
export function parseSubjectToken(subjectToken: string, audience: string): SignedRequest {
  const where = 'the subject token';
  const text = decodeUrlText(subjectToken);
  if (text === undefined) throw new ShapeError('the subject token is not URL-encoded');
  const table = parseTable(parseJson(text, where), where, ['url', 'method', 'headers']);
  if (table['method'] !== 'POST') throw new ShapeError(`${where}'s method must be POST`);
  const host = parseStsUrl(parseText(table['url'], `${where}'s url`));
  const headers = parseHeaders(table['headers']);
  for (const name of ['authorization', 'host', 'x-amz-date'])
    if (headers[name] === undefined) throw new ShapeError(`${where} lacks the header ${name}`);
  checkSignature(headers, host);
  if (headers['host'] !== host) throw new ShapeError(`${where}'s host header must be ${host}`);
  if (headers['x-goog-cloud-target-resource'] !== audience)
    throw new ShapeError(`${where}'s header x-goog-cloud-target-resource must be the audience`);
  return { host, headers };
}

/** Asks AWS STS who signed the request. @throws AwsUnavailable */
export async function findAwsCaller(signed: SignedRequest, awsSts: string): Promise<AwsCaller> {
  const { status, text } = await post(signed, awsSts);
  if (status >= 500) throw new AwsUnavailable(`AWS STS answered ${status}`);
  if (status !== 200) {
    const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(text)?.[1] ?? `status ${status}`;
    return { kind: 'refused', reason: `AWS STS refuses the request: ${code}` };
  }
  const arn = /<Arn>([^<]*)<\/Arn>/.exec(text)?.[1] ?? '';
  const [, account, role, session] =
    /^arn:aws:sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/.exec(arn) ?? [];
  if (account === undefined || role === undefined || session === undefined)
    return { kind: 'refused', reason: 'AWS STS does not name an assumed role' };
  return { kind: 'role', account, role, session };
}

/**
 * Checks what AWS STS checks of a signature besides its value, and an emulator of it may not: the
 * region is the host's, the service is sts, the date is one, and all that STS reads is signed.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
 */
function checkSignature(headers: Readonly<Record<string, string>>, host: string): void {
  const [, date, region, names] =
    /^AWS4-HMAC-SHA256 Credential=\w+\/(\d{8})\/([a-z0-9-]+)\/sts\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=[0-9a-f]{64}$/.exec(
      headers['authorization'] ?? '',
    ) ?? [];
  if (date === undefined || region === undefined || names === undefined)
    throw new ShapeError("the subject token's signature is not one of version 4 for sts");
  if (region !== (/^sts\.([a-z0-9-]+)\.amazonaws/.exec(host)?.[1] ?? 'us-east-1'))
    throw new ShapeError(`the subject token's signature must be for the region of ${host}`);
  if (toAwsDate(headers['x-amz-date'] ?? '')?.startsWith(date) !== true)
    throw new ShapeError("the subject token's header x-amz-date must be of the signature's day");
  const read = ['host', 'x-amz-date', 'x-amz-security-token'];
  const unsigned = read.find(
    (name) => headers[name] !== undefined && !names.split(';').includes(name),
  );
  if (unsigned !== undefined)
    throw new ShapeError(`the subject token's header ${unsigned} must be signed`);
}

/** Returns the text when it is like 20261121T140000Z, of a day and a time that there are. */
function toAwsDate(text: string): string | undefined {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  const date = new Date(iso);
  return !Number.isNaN(date.getTime()) && date.toISOString() === iso ? text : undefined;
}

/** Whatever else the URL said would be asked of AWS in Google's name. */
function parseStsUrl(text: string): string {
  const match =
    /^https:\/\/(sts(?:\.[a-z]{2}(?:-[a-z]+){1,3}-\d)?\.amazonaws\.com)\/?\?Action=GetCallerIdentity&Version=2011-06-15$/.exec(
      text,
    );
  if (match?.[1] === undefined)
    throw new ShapeError("the subject token's url is not that of GetCallerIdentity at AWS STS");
  return match[1];
}

function parseHeaders(value: unknown): Readonly<Record<string, string>> {
  const where = "the subject token's headers";
  const headers = new Map<string, string>();
  for (const { key, value: text } of parseList(value, where, parseHeader)) {
    if (!knownHeaders.includes(key)) throw new ShapeError(`${where} include the unknown ${key}`);
    if (headers.has(key)) throw new ShapeError(`${where} include ${key} twice`);
    headers.set(key, text);
  }
  return Object.fromEntries(headers);
}

function parseHeader(header: unknown, where: string): { key: string; value: string } {
  const table = parseTable(header, where, ['key', 'value']);
  const value = parseText(table['value'], `${where}.value`);
  if (!/^[\x20-\x7e]+$/.test(value)) throw new ShapeError(`${where}.value is not printable`);
  return { key: parseText(table['key'], `${where}.key`).toLowerCase(), value };
}

/** Sends the request as its sender would have: the host that was signed, at the address given. */
function post(
  { headers }: SignedRequest,
  awsSts: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      reject(new AwsUnavailable('AWS STS does not answer', { cause }));
    };
    const url = `${awsSts}/?Action=GetCallerIdentity&Version=2011-06-15`;
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = httpRequest(url, { method: 'POST', headers, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', fail).once('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    outgoing.once('error', fail).end();
  });
}
