import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Probe, startProbe } from './probe.ts';
import { callQuery } from './signed-call.ts';

let probe: Probe;
beforeAll(async () => {
  probe = await startProbe();
});
afterAll(async () => {
  expect(await probe.stop()).toBe(0);
});

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const readRuntime = async () => (await probe.call('/open?act=runtime')).text();

/** The value of a variable in the environment that the function answered. */
function variable(runtime: string, name: string): string {
  return new RegExp(`"${name}":"([^"]*)"`).exec(runtime)?.[1] ?? '';
}

describe('a function', () => {
  it('runs on Node 24 with what Lambda sets and none of the settings of the emulator', async () => {
    const runtime: unknown = JSON.parse(await readRuntime());
    expect(runtime).toMatchObject({
      node: matching(/^v24\./),
      environment: {
        COLOUR: 'green',
        AWS_ENDPOINT_URL: probe.aws,
        AWS_REGION: 'us-east-1',
        AWS_LAMBDA_FUNCTION_NAME: 'probe',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/probe',
        JOBGATE_RUN: 'test',
      },
    });
    expect(runtime).not.toHaveProperty('environment.AUTH');
    expect(runtime).not.toHaveProperty('environment.GATEWAY_PORT');
  });

  it('has the credentials of a session of its own role, which STS verifies', async () => {
    const runtime = await readRuntime();
    const credentials = {
      accessKeyId: variable(runtime, 'AWS_ACCESS_KEY_ID'),
      secretAccessKey: variable(runtime, 'AWS_SECRET_ACCESS_KEY'),
      sessionToken: variable(runtime, 'AWS_SESSION_TOKEN'),
    };
    const whoAmI = { Action: 'GetCallerIdentity', Version: '2011-06-15' };
    const answer = await callQuery(probe.aws, 'sts', whoAmI, credentials);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('arn:aws:sts::000000000000:assumed-role/probe-role/probe');
    const forged = { ...credentials, secretAccessKey: 'wrong' };
    expect((await callQuery(probe.aws, 'sts', whoAmI, forged)).status).toBe(403);
  });

  it('keeps its environment when it throws', async () => {
    const calls = async () => /\d+/.exec(await (await probe.call('/open?act=calls')).text())?.[0];
    const before = Number(await calls());
    expect((await probe.call('/open?act=throwing')).status).toBe(502);
    expect(Number(await calls())).toBe(before + 2);
  });

  it('logs console lines as the Node.js runtime does, and raw lines as they are', async () => {
    await probe.call('/open?act=log');
    const lines = await probe.logLines('/aws/lambda/probe');
    const written = lines.filter((line) => /two|plain/.test(line));
    expect(written).toEqual([
      expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z\t[0-9a-f-]{36}\tINFO\ttwo\rlines 7$/),
      '{"plain":true}',
    ]);
  });

  it('logs what it threw as the runtime does', async () => {
    await probe.call('/open?act=throwing');
    const lines = await probe.logLines('/aws/lambda/probe');
    expect(lines).toContainEqual(
      expect.stringMatching(
        /\tERROR\tInvoke Error \t\{"errorType":"TypeError","errorMessage":"boom"/,
      ),
    );
  });
});
