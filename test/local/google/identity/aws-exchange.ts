import { join } from 'node:path';
import aws4 from 'aws4';
import { parseObject, type Table } from '../../../../local/google/shape.ts';
import { callQuery, type Credentials } from '../../aws/signed-call.ts';
import { type Reply, send, startGoogle } from '../google-server.ts';
import { type LocalServer, startServer } from '../local-server.ts';

export const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';
export const audience =
  '//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/p/providers/aws';
const host = 'sts.us-east-1.amazonaws.com';
const path = '/?Action=GetCallerIdentity&Version=2011-06-15';

/** A local Google whose identity pool trusts an AWS emulator, and that emulator. */
export interface Trust {
  /** Address of the emulator. */
  readonly awsSts: string;
  readonly server: LocalServer;
  /** Address of the token endpoint's server. */
  readonly google: string;
  /** Ends both. */
  readonly stop: () => Promise<void>;
}

/** Starts both, the local Google with changes to the tests' configuration. */
export async function startTrust(folder: string, run: string, changes: Table = {}): Promise<Trust> {
  const aws = await startServer({ runtime: 'python', script: 'local/aws/main.py', run }, folder, {
    stdinIsLease: true,
    dataDirectory: join(folder, 'aws'),
  });
  const awsSts = String(aws.ready['aws']);
  const server = await startGoogle(folder, { ...changes, run, awsSts });
  const stop = async () => {
    await Promise.all([server.stop(), aws.stop()]);
  };
  return { awsSts, server, google: String(server.ready['google']), stop };
}

/** What is signed, and for where. */
export interface Signing {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly service: string;
  readonly region: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A signed request as a subject token holds it. */
export interface SubjectToken {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
}

/** Creates a role that everybody may assume and returns the keys of a session of it. */
export async function assumeNewRole(
  endpoint: string,
  role: string,
  owner: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' },
): Promise<Credentials> {
  const policy =
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}';
  const create = { Action: 'CreateRole', Version: '2010-05-08', RoleName: role };
  const document = { ...create, AssumeRolePolicyDocument: policy };
  const created = await callQuery(endpoint, 'iam', document, owner);
  return assumeRole(endpoint, readElement(created.body, 'Arn'), { owner, session: 'session' });
}

/** Returns the keys of a session of a role. */
export async function assumeRole(
  endpoint: string,
  arn: string,
  { owner, session }: { readonly owner: Credentials; readonly session: string },
): Promise<Credentials> {
  const parameters = { Action: 'AssumeRole', Version: '2011-06-15', RoleArn: arn };
  const assume = { ...parameters, RoleSessionName: session };
  const { body } = await callQuery(endpoint, 'sts', assume, owner);
  return {
    accessKeyId: readElement(body, 'AccessKeyId'),
    secretAccessKey: readElement(body, 'SecretAccessKey'),
    sessionToken: readElement(body, 'SessionToken'),
  };
}

/** Signs GetCallerIdentity as a Lambda of the role does, or with changes. */
export function signIdentity(keys: Credentials, changes: Partial<Signing> = {}): SubjectToken {
  const signing = { host, path, method: 'POST', service: 'sts', region: 'us-east-1', ...changes };
  const headers = { 'x-goog-cloud-target-resource': audience, ...changes.headers };
  const signed = aws4.sign({ ...signing, headers }, { ...keys }).headers ?? {};
  const kept = /^(?:authorization|host|x-)/i;
  const list = Object.entries(signed)
    .filter(([key]) => kept.test(key))
    .map(([key, value]) => ({ key, value: String(value) }));
  return { url: `https://${signing.host}${signing.path}`, method: signing.method, headers: list };
}

/** Makes the form of a token exchange. */
export function makeForm(token: object): URLSearchParams {
  return new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience,
    scope: cloudPlatform,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    subject_token: encodeURIComponent(JSON.stringify(token)),
  });
}

/** Sends a form to the token endpoint of `google`, the address in the ready line. */
export function postForm(google: string, form: URLSearchParams): Promise<Reply> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return send(`${google}/v1/token`, { method: 'POST', headers, body: form.toString() });
}

/** Exchanges a signature of the keys for a federated token. */
export async function federate(google: string, keys: Credentials): Promise<string> {
  const reply = await postForm(google, makeForm(signIdentity(keys)));
  return String(parseObject(reply.body, 'the token')['access_token']);
}

function readElement(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]+)<`).exec(xml)?.[1];
  if (text === undefined) throw new Error(`the answer lacks ${name}: ${xml}`);
  return text;
}
