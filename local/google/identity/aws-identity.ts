import { request as httpRequest } from 'node:http';
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
export interface AwsCaller {
  readonly account: string;
  readonly role: string;
  readonly session: string;
}

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
  const table = parseTable(parseJson(decode(subjectToken), where), where, [
    'url',
    'method',
    'headers',
  ]);
  if (table['method'] !== 'POST') throw new ShapeError(`${where}'s method must be POST`);
  const host = parseStsUrl(parseText(table['url'], `${where}'s url`));
  const headers = parseHeaders(table['headers']);
  for (const name of ['authorization', 'host', 'x-amz-date'])
    if (headers[name] === undefined) throw new ShapeError(`${where} lacks the header ${name}`);
  if (headers['host'] !== host) throw new ShapeError(`${where}'s host header must be ${host}`);
  if (headers['x-goog-cloud-target-resource'] !== audience)
    throw new ShapeError(`${where}'s header x-goog-cloud-target-resource must be the audience`);
  return { host, headers };
}

/**
 * Asks AWS STS who signed the request; undefined when STS refuses or the signer is no assumed role.
 * @throws AwsUnavailable
 */
export async function findAwsCaller(
  signed: SignedRequest,
  awsSts: string,
): Promise<AwsCaller | undefined> {
  const { status, text } = await post(signed, awsSts);
  if (status >= 500) throw new AwsUnavailable(`AWS STS answered ${status}`);
  const arn = /<Arn>([^<]*)<\/Arn>/.exec(text)?.[1] ?? '';
  const [, account, role, session] =
    /^arn:aws:sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/.exec(arn) ?? [];
  if (status !== 200 || account === undefined || role === undefined || session === undefined)
    return undefined;
  return { account, role, session };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ShapeError('the subject token is not URL-encoded');
  }
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
