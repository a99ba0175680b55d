import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifySignedUrl } from '../../../../local/google/storage/signed-url.ts';

const email = 'jg-sign-local@local.iam.gserviceaccount.com';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const scope = '20261121/auto/storage/goog4_request';
const path = '/results/preprocess/job-1/part%20one.csv';
const inTime = new Date('2026-11-21T14:04:00Z');

interface Changes {
  readonly query?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly host?: string;
}

/** Signs as Google's page on canonical requests says, written out for one URL. */
function signUrl(changes: Changes = {}): string {
  const { query = {}, method = 'GET', host = '127.0.0.1:4443' } = changes;
  const parameters = {
    'X-Goog-Algorithm': 'GOOG4-RSA-SHA256',
    'X-Goog-Credential': `${email}/${scope}`,
    'X-Goog-Date': '20261121T140000Z',
    'X-Goog-Expires': '300',
    'X-Goog-SignedHeaders': 'host',
    ...query,
  };
  const canonicalQuery = Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  const canonicalRequest = `${method}\n${path}\n${canonicalQuery}\nhost:${host}\n\nhost\nUNSIGNED-PAYLOAD`;
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const text = `GOOG4-RSA-SHA256\n20261121T140000Z\n${scope}\n${hash}`;
  const signature = sign('RSA-SHA256', Buffer.from(text), privateKey).toString('hex');
  return `${path}?${canonicalQuery}&X-Goog-Signature=${signature}`;
}

interface Presented {
  readonly target?: string;
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly now?: Date;
}

function verify(presented: Presented = {}) {
  const { target = signUrl(), method = 'GET', host = '127.0.0.1:4443', now = inTime } = presented;
  const headers = { host: [host], ...presented.headers };
  const findPublicKey = (account: string) => (account === email ? publicKey : undefined);
  return verifySignedUrl({ method, target, headers }, { now, findPublicKey });
}

describe('a V4 signed URL', () => {
  it('names its signer and its object', () => {
    expect(verify()).toEqual({
      email,
      object: { bucket: 'results', name: 'preprocess/job-1/part one.csv' },
    });
  });

  it('holds whatever the order of its query', () => {
    const [, query = ''] = signUrl().split('?');
    const target = `${path}?${query.split('&').reverse().join('&')}`;
    expect(verify({ target }).email).toBe(email);
  });

  it("may be signed for the host without its port, as Google's libraries do locally", () => {
    expect(verify({ target: signUrl({ host: '127.0.0.1' }) }).email).toBe(email);
  });

  it.each([
    ['another object', { target: signUrl().replace('job-1', 'job-2') }],
    ['another bucket', { target: signUrl().replace('/results/', '/secrets/') }],
    ['another method', { method: 'PUT' }],
    ['another host', { host: '127.0.0.1:4444' }],
    ['a longer life', { target: signUrl().replace('Expires=300', 'Expires=301') }],
    ['another signer', { target: signUrl().replace('jg-sign-local', 'jg-read-local') }],
    ['another place', { target: signUrl().replace('%2Fauto%2F', '%2Fus-central1%2F') }],
    ['one more parameter', { target: `${signUrl()}&response-content-type=text%2Fhtml` }],
    ['a signature cut short', { target: signUrl().slice(0, -2) }],
    ['no hexadecimal signature', { target: `${signUrl().slice(0, -2)}zz` }],
  ])('does not hold for %s', (_, presented) => {
    expect(() => verify(presented)).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch', status: 403 }),
    );
  });

  it('holds to its last second and not longer', () => {
    expect(verify({ now: new Date('2026-11-21T14:05:00Z') }).email).toBe(email);
    expect(() => verify({ now: new Date('2026-11-21T14:05:01Z') })).toThrow(
      expect.objectContaining({ code: 'ExpiredToken', status: 403 }),
    );
  });

  it('does not hold long before it was signed', () => {
    expect(() => verify({ now: new Date('2026-11-21T13:44:59Z') })).toThrow(
      expect.objectContaining({ code: 'AccessDenied', status: 403 }),
    );
  });

  it.each([
    ['a life over 7 days', { 'X-Goog-Expires': '604801' }],
    ['no life', { 'X-Goog-Expires': '0' }],
    ['another algorithm', { 'X-Goog-Algorithm': 'GOOG4-HMAC-SHA256' }],
    ['a date of another day than its credential', { 'X-Goog-Date': '20261122T140000Z' }],
    ['headers without host', { 'X-Goog-SignedHeaders': 'content-type' }],
    ['headers out of order', { 'X-Goog-SignedHeaders': 'host;content-type' }],
    [
      'the scope of another service',
      { 'X-Goog-Credential': `${email}/20261121/auto/iam/goog4_request` },
    ],
  ])('may not have %s', (_, query) => {
    expect(() => verify({ target: signUrl({ query }), now: inTime })).toThrow(
      expect.objectContaining({ code: 'AuthorizationQueryParametersError', status: 400 }),
    );
  });

  it('may not name its signature twice', () => {
    expect(() => verify({ target: `${signUrl()}&X-Goog-Signature=00` })).toThrow(
      expect.objectContaining({ details: 'X-Goog-Signature must be there exactly once.' }),
    );
  });

  it('does not cover headers of Google that it does not name', () => {
    const headers = { 'x-goog-if-generation-match': ['0'] };
    expect(() => verify({ headers })).toThrow(
      expect.objectContaining({ code: 'MalformedSecurityHeader', status: 400 }),
    );
  });
});
