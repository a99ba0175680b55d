import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildEntry, type Entry } from '../../shared/app/switches.ts';
import { createSecretReader, type ReadSecret } from '../../shared/aws/secrets.ts';
import type { Environment } from '../../shared/config/reader.ts';
import { createLog } from '../../shared/log.ts';
import { createSend } from '../../shared/transport.ts';
import { getStack } from '../support/api.ts';
import { ANALYST } from '../support/callers.ts';
import { soon } from '../support/deployed-app.ts';
import { assumeRole, readEnvironment } from '../support/deployed-function.ts';

const name = `jobgate/test/${randomUUID()}`;
const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' };
let client: SecretsManagerClient;

function makeReader(endpoint: string): ReadSecret {
  const now = (): Date => new Date();
  return createSecretReader({
    region: 'us-east-1',
    endpoint,
    credentials: () => ({ ...KEYS, sessionToken: undefined }),
    send: createSend(now),
    now,
    sleep: () => Promise.resolve(),
  });
}

/** As the official client sees the same secret. */
async function readOfficially(SecretId: string): Promise<string | undefined> {
  const answer = await client.send(
    new GetSecretValueCommand({ SecretId, VersionStage: 'AWSCURRENT' }),
  );
  return answer.SecretString;
}

beforeAll(async () => {
  const endpoint = getStack().aws;
  client = new SecretsManagerClient({ region: 'us-east-1', endpoint, credentials: KEYS });
  await client.send(new CreateSecretCommand({ Name: name, SecretString: '{"first": "ü"}' }));
});

afterAll(async () => {
  await client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }));
  client.destroy();
});

describe('the reader of secrets, beside the official client', () => {
  it('reads the same text, by name and by ARN', async () => {
    const read = makeReader(getStack().aws);
    const { ARN = '' } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    expect(await read(name, soon())).toBe('{"first": "ü"}');
    expect(await read(ARN, soon())).toBe(await readOfficially(ARN));
  });

  it('reads the current version after another was put', async () => {
    const read = makeReader(getStack().aws);
    const text = JSON.stringify({ second: randomUUID() });
    await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: text }));
    expect(await read(name, soon())).toBe(text);
    expect(await readOfficially(name)).toBe(text);
  });

  it('is refused a secret that the official client does not find', async () => {
    const read = makeReader(getStack().aws);
    const absent = `${name}-absent`;
    await expect(readOfficially(absent)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(read(absent, soon())).rejects.toMatchObject({
      code: 'upstream_refused',
      cause: new Error('GetSecretValue: ResourceNotFoundException'),
    });
  });

  it('says that nobody listens', async () => {
    await expect(makeReader('http://127.0.0.1:9')(name, soon())).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'Secrets Manager' },
    });
  });
});

describe('the entry over a secret', () => {
  const lines: string[] = [];
  /** The account's administrator, who may read any secret. */
  const anySecret = {
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    AWS_SESSION_TOKEN: undefined,
  };

  async function buildFreshEntry(environment: Environment = {}): Promise<Entry> {
    const now = (): Date => new Date();
    return buildEntry({
      environment: {
        ...(await readEnvironment('jobgate-local-get-me')),
        ...(await assumeRole('jobgate-local-get-me')),
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL: getStack().aws,
        ...environment,
      },
      now,
      sleep: () => Promise.resolve(),
      log: createLog({ writeLine: (line) => lines.push(line), now }),
    });
  }

  it('is open with what the deployment leaves in it', async () => {
    const entry = await buildFreshEntry();
    await expect(entry.admit(ANALYST, soon())).resolves.toBeUndefined();
    await expect(entry.admitJob('preprocess', soon())).resolves.toBeUndefined();
  });

  it('is closed while its document is malformed, which is logged without a word of it', async () => {
    const SecretString = '{"denied": {"subjects": "secret-word"}}';
    await client.send(new PutSecretValueCommand({ SecretId: name, SecretString }));
    const entry = await buildFreshEntry({ ...anySecret, JOBGATE_SWITCHES_SECRET: name });
    lines.length = 0;
    await expect(entry.admit(ANALYST, soon())).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'switches', retryAfter: 5 },
    });
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { level: 'error', message: 'switches malformed' },
    ]);
    expect(lines.join('')).not.toContain('secret-word');
  });

  it.each([
    ['there is no such secret', { ...anySecret, JOBGATE_SWITCHES_SECRET: `${name}-absent` }],
    ['the secret is one that the function’s role may not read', { JOBGATE_SWITCHES_SECRET: name }],
  ])('is closed when %s', async (_name, environment) => {
    const entry = await buildFreshEntry(environment);
    await expect(entry.admit(ANALYST, soon())).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'switches' },
    });
  });
});
