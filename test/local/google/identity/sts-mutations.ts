import type { Credentials } from '../../aws/signed-call.ts';
import type { Signing, SubjectToken } from './aws-exchange.ts';

/** One change to a good exchange; what is not changed stays good. */
export interface Mutation {
  readonly keys?: string;
  readonly credentials?: (keys: Credentials) => Credentials;
  readonly signing?: () => Partial<Signing>;
  readonly token?: (token: SubjectToken) => object;
  readonly form?: (form: URLSearchParams) => void;
}

/** Changes the value of one header after it was signed. */
function withHeader(name: string, change: (value: string) => string): Mutation {
  return {
    token: (token) => ({
      ...token,
      headers: token.headers.map(({ key, value }) => ({
        key,
        value: key.toLowerCase() === name ? change(value) : value,
      })),
    }),
  };
}

function withUrl(change: (url: string) => string): Mutation {
  return { token: (token) => ({ ...token, url: change(token.url) }) };
}

/** Changes one parameter of the form. */
export function withField(name: string, change: (value: string) => string): Mutation {
  return {
    form: (form) => {
      form.set(name, change(form.get(name) ?? ''));
    },
  };
}

function withMoreHeaders(...more: readonly SubjectToken['headers'][number][]): Mutation {
  return { token: (token) => ({ ...token, headers: [...token.headers, ...more] }) };
}

/** Signs at another time than now. */
export function signedAt(minutes: number): Mutation {
  const date = () => new Date(Date.now() + minutes * 60_000).toISOString();
  return {
    signing: () => ({ headers: { 'X-Amz-Date': date().replaceAll(/[-:]|\.\d+/g, '') } }),
  };
}

const where = 'the subject token';
const url = `${where}'s url is not that of GetCallerIdentity at AWS STS.`;
const mismatch = 'AWS STS refuses the request: SignatureDoesNotMatch.';
const unknownKey = 'AWS STS refuses the request: InvalidClientTokenId.';
/** AWS STS has no code of its own for a signature that is too old or not yet current. */
const skewed = mismatch;
const condition = 'The given credential is rejected by the attribute condition.';

/** What is changed, how, and how the exchange is refused: error and error_description. */
export const mutations: Readonly<Record<string, readonly [Mutation, string, string]>> = {
  'another secret key': [
    { credentials: (keys) => ({ ...keys, secretAccessKey: 'wrong' }) },
    'invalid_grant',
    mismatch,
  ],
  'another access key id': [
    { credentials: (keys) => ({ ...keys, accessKeyId: 'ASIAXXXXXXXXXXXXXXXX' }) },
    'invalid_grant',
    unknownKey,
  ],
  'a date 20 minutes ago, signed then': [signedAt(-20), 'invalid_grant', skewed],
  'a date in 20 minutes': [signedAt(20), 'invalid_grant', skewed],
  'a date changed after signing': [
    withHeader('x-amz-date', (date) => date.replace(/\dZ$/, (end) => (end === '0Z' ? '1Z' : '0Z'))),
    'invalid_grant',
    mismatch,
  ],
  'a date that is none, and never gets old': [
    { signing: () => ({ headers: { 'X-Amz-Date': '20260000T000000Z' } }) },
    'invalid_grant',
    `${where}'s header x-amz-date must be of the signature's day.`,
  ],
  "a region that is not the host's": [
    { signing: () => ({ region: 'eu-west-1' }) },
    'invalid_grant',
    `${where}'s signature must be for the region of sts.us-east-1.amazonaws.com.`,
  ],
  'the scope of another service': [
    { signing: () => ({ service: 'iam' }) },
    'invalid_grant',
    `${where}'s signature is not one of version 4 for sts.`,
  ],
  'another host header': [
    withHeader('host', () => 'sts.eu-west-1.amazonaws.com'),
    'invalid_grant',
    `${where}'s host header must be sts.us-east-1.amazonaws.com.`,
  ],
  'a URL of another host': [
    withUrl((text) => text.replace('amazonaws.com', 'attacker.test')),
    'invalid_grant',
    url,
  ],
  'a URL without TLS': [withUrl((text) => text.replace('https', 'http')), 'invalid_grant', url],
  'a URL with user information': [
    withUrl((text) => text.replace('sts.', 'user@sts.')),
    'invalid_grant',
    url,
  ],
  'a URL with a port': [withUrl((text) => text.replace('.com', '.com:8443')), 'invalid_grant', url],
  'a URL with a path': [withUrl((text) => text.replace('/?', '/x?')), 'invalid_grant', url],
  'a URL with a fragment': [withUrl((text) => `${text}#x`), 'invalid_grant', url],
  'another action': [
    withUrl((text) => text.replace('GetCallerIdentity', 'GetSessionToken')),
    'invalid_grant',
    url,
  ],
  'one more query parameter': [withUrl((text) => `${text}&X=1`), 'invalid_grant', url],
  'a method of GET': [
    { token: (token) => ({ ...token, method: 'GET' }) },
    'invalid_grant',
    `${where}'s method must be POST.`,
  ],
  'a body': [
    { token: (token) => ({ ...token, body: 'Action=GetSessionToken' }) },
    'invalid_grant',
    `${where} has the unknown key "body".`,
  ],
  'a body that was signed': [
    { signing: () => ({ body: 'Action=GetSessionToken' }) },
    'invalid_grant',
    mismatch,
  ],
  'another target resource': [
    withHeader('x-goog-cloud-target-resource', (value) => value.replace('/p/', '/q/')),
    'invalid_grant',
    `${where}'s header x-goog-cloud-target-resource must be the audience.`,
  ],
  'another audience in the form': [
    withField('audience', (value) => value.replace('/p/', '/q/')),
    'invalid_target',
    'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
  ],
  'a role outside the pool': [{ keys: 'stranger' }, 'unauthorized_client', condition],
  'a role of the same name in another AWS account': [
    { keys: 'foreign' },
    'unauthorized_client',
    condition,
  ],
  'a key of the account itself': [
    { keys: 'owner' },
    'invalid_grant',
    'AWS STS does not name an assumed role.',
  ],
  'no session token': [
    { credentials: ({ accessKeyId, secretAccessKey }) => ({ accessKeyId, secretAccessKey }) },
    'invalid_grant',
    unknownKey,
  ],
  'another session token': [
    { credentials: (keys) => ({ ...keys, sessionToken: 'other' }) },
    'invalid_grant',
    'AWS STS refuses the request: InvalidClientTokenId.',
  ],
  'one bit of the signature': [
    withHeader('authorization', (value) =>
      value.replace(/[0-9a-f]$/, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16)),
    ),
    'invalid_grant',
    mismatch,
  ],
  'a signed header less': [
    withHeader('authorization', (value) => value.replace(';x-amz-security-token', '')),
    'invalid_grant',
    `${where}'s header x-amz-security-token must be signed.`,
  ],
  'the host header unsigned': [
    withHeader('authorization', (value) => value.replace('=host;', '=')),
    'invalid_grant',
    `${where}'s header host must be signed.`,
  ],
  'another algorithm': [
    withHeader('authorization', (value) => value.replace('HMAC-SHA256', 'ECDSA-P256-SHA256')),
    'invalid_grant',
    `${where}'s signature is not one of version 4 for sts.`,
  ],
  'a header twice': [
    withMoreHeaders({ key: 'HOST', value: 'sts.us-east-1.amazonaws.com' }),
    'invalid_grant',
    `${where}'s headers include host twice.`,
  ],
  'one more header': [
    withMoreHeaders({ key: 'X-Forwarded-Host', value: 'attacker.test' }),
    'invalid_grant',
    `${where}'s headers include the unknown x-forwarded-host.`,
  ],
  'a line break in a header': [
    withHeader('x-amz-security-token', (value) => `${value}\r\nhost: attacker.test`),
    'invalid_grant',
    `${where}'s headers[2].value is not printable.`,
  ],
  'a subject token encoded once more': [
    withField('subject_token', encodeURIComponent),
    'invalid_grant',
    `${where} is not JSON.`,
  ],
  'a parameter twice': [
    {
      form: (form) => {
        form.append('audience', 'other');
      },
    },
    'invalid_request',
    'The parameter audience is repeated.',
  ],
  'no scope': [withField('scope', () => ''), 'invalid_scope', 'Scope(s) must be provided.'],
};
