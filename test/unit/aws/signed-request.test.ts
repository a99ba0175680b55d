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
    headers: { 'Content-Type': 'application/x-amz-json-1.0' },
    at: new Date('2026-01-15T12:00:00.500Z'),
    ...changes,
  };
}

describe('a signed request', () => {
  it.each<
    [string, Partial<Omit<UnsignedRequest, 'body'>> & { readonly body?: string | undefined }]
  >([
    ['a call', {}],
    ['another service', { service: 'logs', host: 'logs.eu-west-1.amazonaws.com' }],
    ['another region', { region: 'us-east-1' }],
    ['another day', { at: new Date('2026-01-16T00:00:00Z') }],
    ['no body', { body: undefined, path: '/?Action=GetCallerIdentity&Version=2011-06-15' }],
    ['a GET', { body: undefined, method: 'GET', path: '/' }],
    ['an empty body', { body: '' }],
    ['parameters out of order', { path: '/?b=2&a=1&c=&A=%C3%BC%20%2A' }],
    ['a path with names', { path: '/2015-03-31/functions/jobgate:1/invocations' }],
    ['headers with spaces', { headers: { 'Content-Type': ' a;   b', 'x-other': '' } }],
    ['a port', { host: '127.0.0.1:8000' }],
  ])('has the signature that aws4 makes: %s', (_name, changes) => {
    const { body, ...rest } = { ...make(), ...changes };
    const request = body === undefined ? rest : { ...rest, body };
    for (const sessionToken of [undefined, 'session']) {
      const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };
      const headers = signRequest(request, { ...keys, sessionToken });
      const theirs = aws4.sign(
        {
          ...request,
          headers: {
            ...request.headers,
            'X-Amz-Date': headers['x-amz-date'],
            ...(body === '' ? { 'Content-Length': 0 } : {}),
          },
        },
        sessionToken === undefined ? keys : { ...keys, sessionToken },
      );
      expect(headers['Authorization']).toBe(String(theirs.headers?.['Authorization']));
      expect(headers['x-amz-security-token']).toBe(sessionToken);
    }
  });

  it('has the signature that the example in AWS’s documentation has', () => {
    const headers = signRequest(
      {
        host: 'iam.amazonaws.com',
        path: '/?Action=ListUsers&Version=2010-05-08',
        method: 'GET',
        service: 'iam',
        region: 'us-east-1',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
        at: new Date('2015-08-30T12:36:00Z'),
      },
      { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET, sessionToken: undefined },
    );
    expect(headers['Authorization']).toMatch(
      /Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7$/,
    );
  });

  it('is signed with the credentials that hold now', () => {
    const sign = (secretAccessKey: string): string | undefined => {
      const credentials = { accessKeyId: 'A', secretAccessKey, sessionToken: undefined };
      return signRequest(make(), credentials)['Authorization'];
    };
    expect(sign('first')).not.toBe(sign('second'));
    expect(sign('first')).toBe(sign('first'));
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
