import { describe, expect, it } from 'vitest';
import { parseSubjectToken } from '../../../../local/google/identity/aws-identity.ts';

const audience =
  '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws';
const url = 'https://sts.us-east-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15';
const headers = {
  authorization: `AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
  host: 'sts.us-east-1.amazonaws.com',
  'x-amz-date': '20261121T140000Z',
  'x-goog-cloud-target-resource': audience,
};

function subjectToken(changes: object = {}, headerChanges: object = {}): string {
  const entries = Object.entries({ ...headers, ...headerChanges });
  const list = entries.map(([key, value]) => ({ key, value }));
  return encodeURIComponent(JSON.stringify({ url, method: 'POST', headers: list, ...changes }));
}

describe('a subject token', () => {
  it('is a signed GetCallerIdentity request for the audience', () => {
    expect(parseSubjectToken(subjectToken(), audience)).toEqual({
      host: 'sts.us-east-1.amazonaws.com',
      headers,
    });
  });

  it('may be for the global endpoint', () => {
    const token = subjectToken(
      { url: 'https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15' },
      { host: 'sts.amazonaws.com' },
    );
    expect(parseSubjectToken(token, audience).host).toBe('sts.amazonaws.com');
  });

  it.each([
    ['is not JSON', 'x'],
    ['is not URL-encoded', '%'],
    ['uses GET', subjectToken({ method: 'GET' })],
    ['calls another action', subjectToken({ url: url.replace('GetCallerIdentity', 'GetUser') })],
    ['adds a parameter', subjectToken({ url: `${url}&X=1` })],
    ['goes to another host', subjectToken({ url: url.replace('amazonaws.com', 'evil.test') })],
    ['hides another host', subjectToken({ url: url.replace('sts.', 'sts.x@evil.test/') })],
    ['uses plain http', subjectToken({ url: url.replace('https', 'http') })],
    ['signs for another host', subjectToken({}, { host: 'sts.eu-west-1.amazonaws.com' })],
    ['names another audience', subjectToken({}, { 'x-goog-cloud-target-resource': 'other' })],
    ['has an unknown header', subjectToken({}, { 'x-forwarded-host': 'evil.test' })],
    ['has a header twice', subjectToken({}, { Host: 'sts.us-east-1.amazonaws.com' })],
    ['splits a header', subjectToken({}, { authorization: 'a\r\nhost: evil.test' })],
    ['has a body', subjectToken({ body: 'Action=GetUser' })],
  ])('is refused when it %s', (_, token) => {
    expect(() => parseSubjectToken(token, audience)).toThrow(/the subject token/);
  });

  it('is refused without the header that names the audience', () => {
    const list = Object.entries(headers)
      .filter(([key]) => key !== 'x-goog-cloud-target-resource')
      .map(([key, value]) => ({ key, value }));
    expect(() => parseSubjectToken(subjectToken({ headers: list }), audience)).toThrow(
      "the subject token's header x-goog-cloud-target-resource must be the audience",
    );
  });
});
