import { describe, expect, it } from 'vitest';
import { createSecretReader, type ReadSecret } from '../../../shared/aws/secrets.ts';
import { TransportError } from '../../../shared/transport.ts';
import { createClock, type FakeClock } from '../../support/clock.ts';
import { createFakeSend, json, type FakeSend, type Scripted } from '../../support/fake-send.ts';

const DEADLINE = new Date('2026-01-15T12:00:02.000Z');

interface Bench extends FakeSend {
  readonly clock: FakeClock;
  readonly read: ReadSecret;
}

function createBench(...answers: readonly Scripted[]): Bench {
  const clock = createClock();
  const fake = createFakeSend(...answers);
  const read = createSecretReader({
    region: 'eu-west-1',
    endpoint: null,
    credentials: () => ({ accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't' }),
    send: fake.send,
    now: clock.now,
    sleep: clock.sleep,
  });
  return { ...fake, clock, read };
}

const GOOD = json(200, { Name: 'switches', SecretString: '{}', VersionStages: ['AWSCURRENT'] });

describe('reading a secret', () => {
  it('asks for its current version, signed', async () => {
    const { read, requests } = createBench(GOOD);
    expect(await read('jobgate/prod/switches', DEADLINE)).toBe('{}');
    expect(requests).toMatchObject([
      {
        url: 'https://secretsmanager.eu-west-1.amazonaws.com/',
        method: 'POST',
        deadline: DEADLINE,
        headers: {
          'x-amz-target': 'secretsmanager.GetSecretValue',
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-security-token': 't',
        },
        body: '{"SecretId":"jobgate/prod/switches","VersionStage":"AWSCURRENT"}',
      },
    ]);
    expect(requests[0]?.headers['Authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=ASIA1\/\d{8}\/eu-west-1\/secretsmanager\/aws4_request, /,
    );
  });

  it.each([
    ['throttled', json(400, { __type: 'ThrottlingException' })],
    ['failed inside', json(500, { __type: 'InternalServiceError' })],
    ['unavailable', json(503, {})],
  ])('is repeated once, after a pause, when it was %s', async (_name, answer) => {
    const { read, requests, clock } = createBench(answer, GOOD);
    expect(await read('s', DEADLINE)).toBe('{}');
    expect(requests).toHaveLength(2);
    expect(clock.slept).toHaveLength(1);
    expect(clock.slept[0]).toBeLessThanOrEqual(150);
  });

  it('is given up after two attempts, and after one when half a second is not left', async () => {
    const failing = json(500, {});
    const twice = createBench(failing, failing);
    await expect(twice.read('s', DEADLINE)).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'Secrets Manager' },
    });
    const late = createBench(failing);
    late.clock.advance(1_501);
    await expect(late.read('s', DEADLINE)).rejects.toThrow('upstream_unavailable');
    expect([twice.requests.length, late.requests.length]).toEqual([2, 1]);
  });

  it.each(['ResourceNotFoundException', 'AccessDeniedException', 'DecryptionFailure'])(
    'is refused for good with %s, and the words stay in the log',
    async (type) => {
      const { read, requests } = createBench(json(400, { __type: type, Message: 'arn:secret' }));
      await expect(read('s', DEADLINE)).rejects.toMatchObject({
        code: 'upstream_refused',
        detail: expect.not.stringContaining('arn:secret') as string,
        cause: new Error(`GetSecretValue: ${type}`),
      });
      expect(requests).toHaveLength(1);
    },
  );

  it.each([
    ['bytes', json(200, { SecretBinary: 'e30=' })],
    ['no JSON', { status: 200, headers: {}, body: Buffer.from('<html>') }],
  ])('fails when the secret holds %s', async (_name, answer) => {
    await expect(createBench(answer).read('s', DEADLINE)).rejects.toMatchObject({
      code: 'upstream_error',
    });
  });

  it.each([
    ['timeout', 'upstream_timeout'],
    ['refused', 'upstream_unavailable'],
  ] as const)('is a problem when the exchange ends as %s', async (kind, code) => {
    const { read } = createBench(new TransportError(kind, 'failed'));
    await expect(read('s', DEADLINE)).rejects.toMatchObject({ code });
  });
});
