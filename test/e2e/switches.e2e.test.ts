import { randomUUID } from 'node:crypto';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  callApi,
  clearFaults,
  getStack,
  getToken,
  injectFault,
  SAMPLE_BODY,
  signToken,
  type Answer,
} from '../support/api.ts';
import { AUDIT_GROUP, readLogGroup, type GroupLine } from '../support/log-groups.ts';

const SECRET = 'jobgate/local/switches';
const run = randomUUID();
let client: SecretsManagerClient;

async function setSwitches(document: object): Promise<void> {
  const SecretString = JSON.stringify(document);
  await client.send(new PutSecretValueCommand({ SecretId: SECRET, SecretString }));
}

/** A token of somebody whom no other test knows. */
async function signStranger(name: string, changes: object = {}): Promise<string> {
  const [, payload = ''] = (await getToken('analyst')).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const iat = Math.floor(Date.now() / 1000);
  const own = { sub: `${name}-${run}`, client_id: `cli-${run}`, jti: `${name}-${run}` };
  return signToken({ ...claims, ...own, iat, exp: iat + 600, ...changes });
}

/** Asks until the answer has a status; what a switch says holds within 60 seconds. */
async function waitForStatus(ask: () => Promise<Answer>, status: number): Promise<Answer> {
  const until = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer.status === status) return answer;
    if (Date.now() > until) throw new Error(`still ${answer.status}: ${answer.text}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Asks once and finds what the audit holds of it. */
async function findRecords(ask: () => Promise<Answer>): Promise<readonly GroupLine[]> {
  const id = (await ask()).headers.get('x-correlation-id');
  return (await readLogGroup(AUDIT_GROUP)).filter((line) => line['correlationId'] === id);
}

beforeAll(() => {
  client = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: getStack().aws,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});

afterAll(async () => {
  await clearFaults();
  await setSwitches({});
  client.destroy();
});

describe('a switch', () => {
  it('keeps a subject, a client, an actor and a token out within 60 seconds, and lets them in again', async () => {
    const { issuer } = getStack();
    const tokens = {
      subject: await signStranger('left', { client_id: 'notebook' }),
      client: await signStranger('old'),
      actor: await signStranger('person', {
        client_id: 'notebook',
        act: { sub: `agent-${run}` },
      }),
      token: await signStranger('lost', { client_id: 'notebook' }),
      other: await signStranger('stays', { client_id: 'notebook' }),
    };
    const ask = (token: string) => (): Promise<Answer> => callApi('/me', { token });
    for (const token of Object.values(tokens)) expect((await ask(token)()).status).toBe(200);
    await setSwitches({
      denied: {
        subjects: [{ issuer, subject: `left-${run}`, reason: 'Left the company.' }],
        clients: [{ issuer, client: `cli-${run}` }],
        actors: [{ issuer, actor: `agent-${run}` }],
        tokenIds: [{ issuer, tokenId: `lost-${run}` }],
      },
    });
    const subject = await waitForStatus(ask(tokens.subject), 403);
    expect(subject.body).toMatchObject({
      code: 'access_suspended',
      detail: `You are left-${run}. The access of this subject is suspended: Left the company. Ask the operators of this API.`,
      caller: { issuer, subject: `left-${run}`, client: 'notebook' },
    });
    for (const each of [tokens.client, tokens.actor]) {
      const { body } = await waitForStatus(ask(each), 403);
      expect(body['code']).toBe('access_suspended');
    }
    const token = await waitForStatus(ask(tokens.token), 401);
    expect([token.status, token.body['code']]).toEqual([401, 'invalid_token']);
    expect(token.headers.get('x-amzn-remapped-www-authenticate')).toContain('"invalid_token"');
    expect((await ask(tokens.other)()).status).toBe(200);
    for (const name of ['subject', 'client', 'actor', 'token'] as const) {
      const decision = { decision: 'deny', action: 'get-me', rule: expect.any(String) as string };
      expect(await findRecords(() => ask(tokens[name])())).toMatchObject([decision]);
    }
    await setSwitches({});
    for (const each of Object.values(tokens)) await waitForStatus(ask(each), 200);
  });

  it('pauses new jobs of a template, while a repeated request and reading go on', async () => {
    // Dataproc refuses every batch, so that no job that is let through starts a program.
    await injectFault({ rpc: 'CreateBatch', status: 403, count: 10_000 });
    const submit = (key: string): Promise<Answer> =>
      callApi('/jobs', { as: 'analyst', json: SAMPLE_BODY, headers: { 'idempotency-key': key } });
    const submitNew = (): Promise<Answer> => submit(randomUUID());
    const before = await submit(run);
    const job = String(before.body['job']);
    expect([before.status, before.body['code']]).toEqual([502, 'upstream_refused']);
    await setSwitches({ templates: { preprocess: { open: false, reason: 'Upgrade' } } });
    const paused = await waitForStatus(submitNew, 503);
    expect(paused.body).toMatchObject({
      code: 'submissions_paused',
      retryable: true,
      detail:
        'Jobs of preprocess cannot be started at present: Upgrade. What runs goes on and can be watched.',
    });
    expect(paused.headers.get('retry-after')).toBe('60');
    expect(await findRecords(submitNew)).toMatchObject([
      { decision: 'deny', code: 'submissions_paused', template: 'preprocess', caller: 'analyst' },
    ]);
    const again = await submit(run);
    expect([again.status, again.body['id']]).toEqual([200, job]);
    expect((await callApi(`/jobs/${job}`, { as: 'analyst' })).status).toBe(200);
    await setSwitches({});
    await waitForStatus(submitNew, 502);
  });
});
