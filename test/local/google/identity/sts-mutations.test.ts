import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Credentials } from '../../aws/signed-call.ts';
import type { Reply } from '../google-server.ts';
import { makeFolder } from '../local-server.ts';
import {
  assumeNewRole,
  assumeRole,
  makeForm,
  postForm,
  signIdentity,
  startTrust,
  type Trust,
} from './aws-exchange.ts';
import { type Mutation, mutations, signedAt, withField } from './sts-mutations.ts';

const [folder, removeFolder] = makeFolder();
const owner = { accessKeyId: 'test', secretAccessKey: 'test' };
let trust: Trust;
let good: Credentials;
let keysOf: Readonly<Record<string, Credentials>>;

beforeAll(async () => {
  trust = await startTrust(folder, 'sts-mutations-test');
  const { awsSts } = trust;
  good = await assumeNewRole(awsSts, 'submit-role');
  const stranger = await assumeNewRole(awsSts, 'stranger-role');
  const elsewhere = { accessKeyId: '111111111111', secretAccessKey: 'test' };
  const foreign = await assumeNewRole(awsSts, 'submit-role', elsewhere);
  keysOf = { good, stranger, foreign, owner };
  // A refusal says nothing of a change unless the exchange without it is accepted.
  expect((await exchange({})).status).toBe(200);
});

afterAll(removeFolder);
afterAll(() => trust.stop());

function exchange(mutation: Mutation): Promise<Reply> {
  const keys = keysOf[mutation.keys ?? 'good'] ?? good;
  const signed = signIdentity(mutation.credentials?.(keys) ?? keys, mutation.signing?.());
  const form = makeForm(mutation.token?.(signed) ?? signed);
  mutation.form?.(form);
  return postForm(trust.google, form);
}

describe('a token exchange', () => {
  it('is accepted with what the role signed for the pool, whatever its session is called', async () => {
    const arn = 'arn:aws:iam::000000000000:role/submit-role';
    const other = await assumeRole(trust.awsSts, arn, { owner, session: 'signer@x,admin=1' });
    const replies = [
      await exchange({}),
      await postForm(trust.google, makeForm(signIdentity(other))),
    ];
    for (const reply of replies)
      expect(reply).toMatchObject({
        status: 200,
        body: { access_token: expect.stringMatching(/^ya29\.local-/) as unknown },
      });
  });

  it.each([-14, 14])('is accepted when it was signed %i minutes from now', async (minutes) => {
    expect((await exchange(signedAt(minutes))).status).toBe(200);
  });

  it.each(Object.entries(mutations).map(([name, row]) => [name, ...row] as const))(
    'is refused with %s',
    async (_, mutation, error, description) => {
      const reply = await exchange(mutation);
      expect(reply.body).toEqual({ error, error_description: description });
      expect(reply.status).toBe(400);
    },
  );

  it('is refused when it is larger than any real one', async () => {
    const reply = await exchange(withField('subject_token', (text) => text.padEnd(65_537)));
    expect(reply).toMatchObject({
      status: 400,
      body: { error: { message: 'Request payload size exceeds the limit: 65536 bytes.' } },
    });
  });
});
