import { signRequest, type AwsCredentialsSource } from '../aws/signed-request.ts';

/** Whose identity is proven, and for which provider. */
export interface SubjectTokenOptions {
  readonly workloadIdentityProvider: string;
  readonly region: string;
  readonly awsCredentials: AwsCredentialsSource;
}

/**
 * Makes the subject token of an AWS workload: a signed GetCallerIdentity request that Google's STS sends to AWS itself.
 * The provider's name is signed with it, so that the token is of no use to another one.
 * Source: Google Cloud, workload identity federation, AWS subject token.
 */
export function createSubjectToken(options: SubjectTokenOptions): string {
  const host = `sts.${options.region}.amazonaws.com`;
  const path = '/?Action=GetCallerIdentity&Version=2011-06-15';
  const headers = signRequest(
    {
      host,
      path,
      method: 'POST',
      service: 'sts',
      region: options.region,
      headers: { 'x-goog-cloud-target-resource': options.workloadIdentityProvider },
    },
    options.awsCredentials(),
  );
  const list = Object.entries(headers).map(([key, value]) => ({ key, value }));
  return encodeURIComponent(
    JSON.stringify({ url: `https://${host}${path}`, method: 'POST', headers: list }),
  );
}
