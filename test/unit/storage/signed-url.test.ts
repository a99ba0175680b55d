import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toProblem } from '../../../shared/problem.ts';
import { signUrl, type SignRequest } from '../../../shared/storage/signed-url.ts';
import type { HttpRequest } from '../../../shared/transport.ts';
import { createClock, FAR } from '../../support/clock.ts';
import { createRoutedSend, json, type FakeSend, type Scripted } from '../../support/fake-send.ts';

const SIGNER = 'jg-sign@acme.iam.gserviceaccount.com';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const REQUEST: SignRequest = {
  method: 'GET',
  bucket: 'results',
  name: "tidy/jg-1/city=Zürich (1)/it's*.parquet",
  lifetimeSeconds: 300,
  account: SIGNER,
  deadline: FAR,
};

/** Signs as IAM Credentials does: RSA with SHA-256 over the payload. */
function signBlob(request: HttpRequest): Scripted {
  const { payload } = JSON.parse(request.body ?? '') as { readonly payload: string };
  const signature = sign('sha256', Buffer.from(payload, 'base64'), privateKey);
  return json(200, { keyId: 'k', signedBlob: signature.toString('base64') });
}

interface Making {
  readonly endpoint?: string;
  readonly request?: SignRequest;
}

function make(fake: FakeSend, making: Making = {}): Promise<string> {
  const { endpoint = 'https://storage.googleapis.com', request = REQUEST } = making;
  return signUrl(request, {
    endpoint,
    iamCredentialsEndpoint: 'https://iamcredentials.googleapis.com',
    tokens: () => Promise.resolve('signer-token'),
    send: fake.send,
    now: createClock().now,
  });
}

describe('a signed URL', () => {
  it('is what Google’s V4 signing process makes', async () => {
    const [unsigned, signature] = (await make(createRoutedSend(signBlob))).split(
      '&X-Goog-Signature=',
    );
    expect(unsigned).toBe(
      'https://storage.googleapis.com/results/tidy/jg-1/city%3DZ%C3%BCrich%20%281%29/it%27s%2A.parquet' +
        '?X-Goog-Algorithm=GOOG4-RSA-SHA256' +
        '&X-Goog-Credential=jg-sign%40acme.iam.gserviceaccount.com%2F20260115%2Fauto%2Fstorage%2Fgoog4_request' +
        '&X-Goog-Date=20260115T120000Z&X-Goog-Expires=300&X-Goog-SignedHeaders=host',
    );
    const [path = '', query = ''] = (unsigned ?? '')
      .slice('https://storage.googleapis.com'.length)
      .split('?');
    const canonical = `GET\n${path}\n${query}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD`;
    const hash = createHash('sha256').update(canonical).digest('hex');
    const signed = `GOOG4-RSA-SHA256\n20260115T120000Z\n20260115/auto/storage/goog4_request\n${hash}`;
    expect(
      verify('sha256', Buffer.from(signed), publicKey, Buffer.from(signature ?? '', 'hex')),
    ).toBe(true);
  });

  it('signs the host with its port', async () => {
    const url = await make(createRoutedSend(signBlob), { endpoint: 'http://127.0.0.1:4443' });
    const [unsigned = '', signature = ''] = url.split('&X-Goog-Signature=');
    const [path, query] = unsigned.slice('http://127.0.0.1:4443'.length).split('?');
    const canonical = `GET\n${path ?? ''}\n${query ?? ''}\nhost:127.0.0.1:4443\n\nhost\nUNSIGNED-PAYLOAD`;
    const hash = createHash('sha256').update(canonical).digest('hex');
    const signed = `GOOG4-RSA-SHA256\n20260115T120000Z\n20260115/auto/storage/goog4_request\n${hash}`;
    expect(verify('sha256', Buffer.from(signed), publicKey, Buffer.from(signature, 'hex'))).toBe(
      true,
    );
  });

  it('to write covers every header that must be sent, in order of their names', async () => {
    const headers = {
      'x-goog-if-generation-match': '0',
      'content-type': 'text/csv',
      'content-md5': 'XUa5qjmgv39WcK1qhSzzJQ==',
      'x-goog-content-length-range': '30,30',
    };
    const request = { ...REQUEST, method: 'PUT', name: 'uploads/etl.py', headers } as const;
    const url = await make(createRoutedSend(signBlob), { request });
    const [unsigned = '', signature = ''] = url.split('&X-Goog-Signature=');
    const names =
      'content-md5;content-type;host;x-goog-content-length-range;x-goog-if-generation-match';
    expect(unsigned).toMatch(
      /^https:\/\/storage\.googleapis\.com\/results\/uploads\/etl\.py\?.*&X-Goog-SignedHeaders=content-md5%3Bcontent-type%3Bhost%3Bx-goog-content-length-range%3Bx-goog-if-generation-match$/,
    );
    const canonical = `PUT
/results/uploads/etl.py
${unsigned.split('?')[1] ?? ''}
content-md5:XUa5qjmgv39WcK1qhSzzJQ==
content-type:text/csv
host:storage.googleapis.com
x-goog-content-length-range:30,30
x-goog-if-generation-match:0

${names}
UNSIGNED-PAYLOAD`;
    const hash = createHash('sha256').update(canonical).digest('hex');
    const signed = `GOOG4-RSA-SHA256\n20260115T120000Z\n20260115/auto/storage/goog4_request\n${hash}`;
    expect(verify('sha256', Buffer.from(signed), publicKey, Buffer.from(signature, 'hex'))).toBe(
      true,
    );
  });

  it('is signed by the signer for itself', async () => {
    const fake = createRoutedSend(signBlob);
    await make(fake);
    expect(fake.requests).toMatchObject([
      {
        url: 'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/jg-sign%40acme.iam.gserviceaccount.com:signBlob',
        method: 'POST',
        headers: { authorization: 'Bearer signer-token' },
      },
    ]);
  });

  it.each([
    ['refuses', json(403, {}), 'upstream_refused'],
    ['is down', json(503, {}), 'upstream_unavailable'],
    ['gives no signature', json(200, {}), 'upstream_error'],
  ])('is a problem when IAM Credentials %s', async (_name, answer, code) => {
    const problem = await make(createRoutedSend(() => answer)).then(() => undefined, toProblem);
    expect(problem).toMatchObject({ code, extras: { upstream: 'IAM Credentials' } });
  });
});
