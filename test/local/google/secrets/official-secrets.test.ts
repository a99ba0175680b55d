import { once } from 'node:events';
import { join } from 'node:path';
import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc32c } from '../../../../local/google/secrets/crc32c.ts';
import { permissions } from '../../../../local/google/configuration.ts';
import { accounts, send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { makeGrpcOptions, makeRestOptions } from '../official-clients.ts';

const [folder, removeFolder] = makeFolder();
const value = 'canary-3f9c1d of a secret';
const parent = 'projects/local/secrets/sealing';
const nothing = { permissions: [], actAs: [], read: [], write: [], sign: false };
const matrix = {
  [accounts.submitter]: {
    ...{ ...nothing, permissions },
    secrets: { access: [], manage: ['sealing'] },
  },
  [accounts.runtime]: { ...nothing, secrets: { access: ['sealing'], manage: [] } },
};
const staticTokens = { 'rotator-token': accounts.submitter, 'runtime-token': accounts.runtime };
let server: LocalServer;
let google: string;

beforeAll(start);

async function start(): Promise<void> {
  const changes = { accounts: matrix, staticTokens, secrets: { sealing: null, other: 'x' } };
  const stateDirectory = join(folder, 'state');
  server = await startGoogle(folder, { run: 'secrets-test', stateDirectory, ...changes });
  google = String(server.ready['google']);
}

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

function makeClient(transport: 'gRPC' | 'REST', token?: string): SecretManagerServiceClient {
  const make = transport === 'gRPC' ? makeGrpcOptions : makeRestOptions;
  return new SecretManagerServiceClient(make(google, token));
}

async function access(client: SecretManagerServiceClient, version: string): Promise<unknown> {
  const [reply] = await client.accessSecretVersion({ name: `${parent}/versions/${version}` });
  const data = Buffer.from(reply.payload?.data ?? '');
  expect(String(reply.payload?.dataCrc32c)).toBe(String(crc32c(data)));
  return [reply.name, data.toString()];
}

describe.each(['gRPC', 'REST'] as const)("Google's own client by %s", (transport) => {
  it('adds, reads, lists, disables, enables and destroys a version', async () => {
    const rotator = makeClient(transport, 'rotator-token');
    const runtime = makeClient(transport, 'runtime-token');
    const data = Buffer.from(value);
    const payload = { data, dataCrc32c: crc32c(data) };
    const [added] = await rotator.addSecretVersion({ parent, payload });
    const name = String(added.name);
    const version = name.replace(/^.*\//, '');
    expect(added).toMatchObject({ state: 'ENABLED', clientSpecifiedPayloadChecksum: true });
    expect(await access(runtime, 'latest')).toEqual([name, value]);
    const [disabled] = await rotator.disableSecretVersion({ name });
    expect(disabled.state).toBe('DISABLED');
    await expect(access(runtime, version)).rejects.toThrow(
      `Secret Version [${name}] is in DISABLED state.`,
    );
    const [enabled] = await rotator.enableSecretVersion({ name, etag: disabled.etag ?? '' });
    expect(enabled.state).toBe('ENABLED');
    const [found] = await rotator.listSecretVersions({ parent, filter: 'state:ENABLED' });
    expect(found.map((each) => each.name)).toContain(name);
    const [destroyed] = await rotator.destroySecretVersion({ name });
    expect(destroyed).toMatchObject({
      state: 'DESTROYED',
      destroyTime: expect.anything() as unknown,
    });
    await Promise.all([rotator.close(), runtime.close()]);
  });

  it.each([
    ['no grant', 'rotator-token', "Permission 'secretmanager.versions.access' denied for resource"],
    ['no token', undefined, 'Request is missing required authentication credential.'],
  ])('reads nothing with %s', async (_, token, message) => {
    const client = makeClient(transport, token);
    await expect(access(client, 'latest')).rejects.toThrow(message);
    await client.close();
  });

  it('is told what is not implemented', async () => {
    const client = makeClient(transport, 'rotator-token');
    const create = client.createSecret({ parent: 'projects/local', secretId: 'new', secret: {} });
    await expect(create).rejects.toThrow('SecretManagerService.CreateSecret');
    await client.close();
  });
});

it('a value stands in no log and in no record of requests', async () => {
  const client = makeClient('REST', 'rotator-token');
  const wrong = { data: Buffer.from(value), dataCrc32c: 1 };
  await expect(client.addSecretVersion({ parent, payload: wrong })).rejects.toThrow('checksum');
  const { text } = await send(`${google}/_local/requests/log`);
  expect(text).toContain('AddSecretVersion');
  for (const place of [text, server.log()])
    for (const form of [value, Buffer.from(value).toString('base64')])
      expect(place).not.toContain(form);
});

it('versions outlive a server that is killed', async () => {
  const rotator = makeClient('gRPC', 'rotator-token');
  const [added] = await rotator.addSecretVersion({ parent, payload: { data: Buffer.from(value) } });
  await rotator.close();
  // The object store, which outlives the server, holds its standard error open.
  const exited = once(server.child, 'exit');
  server.child.kill('SIGKILL');
  await exited;
  await start();
  const runtime = makeClient('gRPC', 'runtime-token');
  expect(await access(runtime, 'latest')).toEqual([added.name, value]);
  await runtime.close();
});
