import aws4 from 'aws4';
import { describe, expect, it } from 'vitest';
import { signRequest, type UnsignedRequest } from '../../../shared/aws/signed-request.ts';
import { createSigningKeys } from '../../../shared/aws/signing-key.ts';

/** The key of the example in AWS's documentation of Signature Version 4. */
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

function make(changes: Partial<UnsignedRequest> = {}): UnsignedRequest {
  return {
    host: 'dynamodb.eu-west-1.amazonaws.com',
    path: '/',
    method: 'POST',
    service: 'dynamodb',
    region: 'eu-west-1',
    body: '{"a":"ü"}',
    headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Date': '20260115T120000Z' },
    ...changes,
  };
}

describe('a signed request', () => {
  it.each([
    ['a call', {}],
    ['another service', { service: 'logs', host: 'logs.eu-west-1.amazonaws.com' }],
    ['another region', { region: 'us-east-1' }],
    ['another day', { headers: { 'X-Amz-Date': '20260116T000000Z' } }],
    ['no body', { body: undefined, path: '/?Action=GetCallerIdentity&Version=2011-06-15' }],
  ])('has the signature that aws4 makes: %s', async (_name, changes) => {
    const { body, ...rest } = { ...make(), ...changes };
    const request = body === undefined ? rest : { ...rest, body };
    for (const sessionToken of [undefined, 'session']) {
      const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };
      const { headers } = await signRequest(request, { ...keys, sessionToken });
      const theirs = aws4.sign(
        { ...request, headers: { ...request.headers } },
        sessionToken === undefined ? keys : { ...keys, sessionToken },
      );
      expect(headers['Authorization']).toBe(String(theirs.headers?.['Authorization']));
      expect(headers['X-Amz-Security-Token']).toBe(sessionToken);
    }
  });

  it('is signed with the credentials that hold now', async () => {
    const sign = async (secretAccessKey: string): Promise<string | undefined> => {
      const credentials = { accessKeyId: 'A', secretAccessKey, sessionToken: undefined };
      return (await signRequest(make(), credentials)).headers['Authorization'];
    };
    expect(await sign('first')).not.toBe(await sign('second'));
    expect(await sign('first')).toBe(await sign('first'));
  });
});

describe('a signing key', () => {
  const scope = { secretAccessKey: SECRET, region: 'us-east-1', service: 'iam' };

  it('is that of the example in AWS’s documentation', () => {
    expect(
      createSigningKeys()({ ...scope, date: '20150830' })
        .export()
        .toString('hex'),
    ).toBe('c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9');
  });

  it('is derived once, and again after many others', () => {
    const getKey = createSigningKeys();
    const first = getKey({ ...scope, date: '20260101' });
    expect(getKey({ ...scope, date: '20260101' })).toBe(first);
    for (let day = 10; day < 40; day += 1) getKey({ ...scope, date: `202601${day}` });
    const later = getKey({ ...scope, date: '20260101' });
    expect(later).not.toBe(first);
    expect(later.equals(first)).toBe(true);
  });
});
