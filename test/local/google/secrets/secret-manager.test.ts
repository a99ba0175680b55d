import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlainMessage } from '../../../../local/google/api/transcoding.ts';
import type { Account } from '../../../../local/google/configuration.ts';
import { Permissions } from '../../../../local/google/identity/permissions.ts';
import type { Principal } from '../../../../local/google/identity/tokens.ts';
import { SecretManager } from '../../../../local/google/secrets/secret-manager.ts';
import { SecretStore } from '../../../../local/google/secrets/secret-store.ts';
import { parseObject } from '../../../../local/google/shape.ts';
import { openShelf } from '../../../../local/google/state/shelf.ts';
import { makeFolder } from '../local-server.ts';

const nothing: Account = {
  ...{ permissions: [], actAs: [], read: [], write: [], sign: false },
  secrets: { access: [], manage: [] },
};
const accounts = {
  rotator: { ...nothing, secrets: { access: [], manage: ['sealing', 'absent'] } },
  runtime: { ...nothing, secrets: { access: ['sealing', 'empty', 'absent'], manage: [] } },
  other: { ...nothing, secrets: { access: ['empty'], manage: ['empty'] } },
};
const rotator: Principal = { kind: 'account', email: 'rotator' };
const runtime: Principal = { kind: 'account', email: 'runtime' };
const other: Principal = { kind: 'account', email: 'other' };
const federated: Principal = { kind: 'federated', role: 'rotator' };
const anyone: Principal = { kind: 'anyone' };
const secret = 'projects/local/secrets/sealing';
const numbered = 'projects/123/secrets/sealing';

let folder: string;
let remove: () => void;
let manager: SecretManager;

beforeEach(() => {
  [folder, remove] = makeFolder();
  manager = start();
});

afterEach(() => {
  remove();
});

/** Starts Secret Manager on what is in the folder. */
function start(): SecretManager {
  const workloadIdentity = { audience: 'x', awsAccount: '0', impersonation: {} };
  const permissions = new Permissions({ accounts, workloadIdentity, checkCredentials: true });
  const now = () => new Date('2026-11-21T14:00:00Z');
  const shelf = openShelf(folder, 'secrets');
  const store = new SecretStore({ secrets: { sealing: 'first', empty: null }, shelf, now });
  const project = { project: 'local', projectNumber: '123' };
  return new SecretManager({ project, permissions, store, now });
}

function add(text: string, more: PlainMessage = {}): PlainMessage {
  const payload = { data: Buffer.from(text), ...more };
  return manager.addVersion(rotator, { parent: secret, payload });
}

function access(version: string | number): string {
  const reply = manager.accessVersion(runtime, { name: `${secret}/versions/${version}` });
  const { data } = parseObject(reply['payload'], 'the payload');
  return String(data);
}

function change(version: number, state: 'enable' | 'disable' | 'destroy', etag = ''): PlainMessage {
  const states = { enable: 'ENABLED', disable: 'DISABLED', destroy: 'DESTROYED' } as const;
  const request = { name: `${secret}/versions/${version}`, etag };
  return manager.change(rotator, request, [`secretmanager.versions.${state}`, states[state]]);
}

function list(request: PlainMessage = {}): { names: readonly string[]; next: string } {
  const reply = manager.listVersions(rotator, { parent: secret, ...request });
  const versions = reply['versions'] as readonly PlainMessage[];
  const names = versions.map(({ name }) => String(name).replace(/^.*\//, ''));
  return { names, next: String(reply['nextPageToken']) };
}

describe('a secret of the configuration', () => {
  it('has its first version from the start, with its checksum', () => {
    expect(manager.accessVersion(runtime, { name: `${secret}/versions/latest` })).toEqual({
      name: `${numbered}/versions/1`,
      payload: { data: Buffer.from('first'), dataCrc32c: '2319360336' },
    });
  });

  it('may be named by the number of its project', () => {
    const { name } = manager.accessVersion(runtime, { name: `${numbered}/versions/1` });
    expect(name).toBe(`${numbered}/versions/1`);
  });

  it('without a version has no latest one', () => {
    const name = 'projects/local/secrets/empty/versions/latest';
    expect(() => manager.accessVersion(runtime, { name })).toThrow(
      'Secret [projects/123/secrets/empty] not found or has no versions.',
    );
  });

  it('is described and listed where credentials are not checked', () => {
    const createTime = { seconds: 1795269600, nanos: 0 };
    const described = { name: numbered, replication: { automatic: {} }, createTime };
    expect(manager.getSecret(anyone, { name: secret })).toEqual(described);
    expect(manager.listSecrets(anyone, { parent: 'projects/local' })).toEqual({
      secrets: [{ ...described, name: 'projects/123/secrets/empty' }, described],
      nextPageToken: '',
      totalSize: 2,
    });
  });
});

describe('a new version', () => {
  it('gets the next number, and is the latest one', () => {
    expect(add('second')).toEqual({
      name: `${numbered}/versions/2`,
      createTime: { seconds: 1795269600, nanos: 0 },
      state: 'ENABLED',
      replicationStatus: { automatic: {} },
      etag: expect.stringMatching(/^"[0-9a-f]{14}"$/) as unknown,
      clientSpecifiedPayloadChecksum: false,
    });
    expect(access('latest')).toBe('second');
    expect(access(1)).toBe('first');
  });

  it('is refused when its checksum is not that of its data', () => {
    expect(add('first', { dataCrc32c: '2319360336' })).toMatchObject({
      clientSpecifiedPayloadChecksum: true,
    });
    expect(() => add('first', { dataCrc32c: '2319360337' })).toThrow(
      expect.objectContaining({ status: 'INVALID_ARGUMENT' }),
    );
  });

  it('holds 64 KiB and not more', () => {
    add('x'.repeat(65_536));
    expect(() => add('x'.repeat(65_537))).toThrow('The payload is larger than the limit: 65536');
  });

  it('needs a payload', () => {
    expect(() => manager.addVersion(rotator, { parent: secret })).toThrow(
      'Field [payload] is required.',
    );
  });
});

describe('the state of a version', () => {
  it('decides whether it is read: latest is the highest number whatever its state', () => {
    add('second');
    change(2, 'disable');
    expect(() => access('latest')).toThrow(
      `Secret Version [${numbered}/versions/2] is in DISABLED state.`,
    );
    change(2, 'enable');
    expect(access('latest')).toBe('second');
    expect(change(2, 'destroy')).toMatchObject({
      state: 'DESTROYED',
      destroyTime: { seconds: 1795269600, nanos: 0 },
    });
    expect(() => access('latest')).toThrow(
      expect.objectContaining({
        status: 'FAILED_PRECONDITION',
        message: `Secret Version [${numbered}/versions/2] is in DESTROYED state.`,
      }),
    );
  });

  it.each(['enable', 'disable', 'destroy'] as const)('does not %s what is destroyed', (state) => {
    change(1, 'destroy');
    expect(() => change(1, state)).toThrow(`versions/1] is in DESTROYED state.`);
  });

  it('changes only for the etag that it has, which every change renews', () => {
    const { etag } = change(1, 'enable');
    change(1, 'enable');
    expect(() => change(1, 'disable', String(etag))).toThrow(
      expect.objectContaining({ status: 'FAILED_PRECONDITION' }),
    );
    const { etag: renewed } = change(1, 'enable');
    expect(change(1, 'disable', String(renewed))).toMatchObject({ state: 'DISABLED' });
  });
});

describe('the list of versions', () => {
  it('begins with the newest and comes in pages that stay where they are', () => {
    for (const text of ['second', 'third', 'fourth']) add(text);
    const first = list({ pageSize: 2 });
    expect(first.names).toEqual(['4', '3']);
    add('fifth');
    expect(list({ pageSize: 2, pageToken: first.next })).toEqual({ names: ['2', '1'], next: '' });
  });

  it('is filtered by state', () => {
    for (const text of ['second', 'third']) add(text);
    change(1, 'destroy');
    change(2, 'disable');
    expect(list({ filter: 'state:ENABLED' }).names).toEqual(['3']);
    expect(list({ filter: 'state:ENABLED OR state=DISABLED' }).names).toEqual(['3', '2']);
  });

  it.each([
    ['a filter that is not known', { filter: 'name:x' }],
    ['a filter without an end', { filter: `state:ENABLED${' OR state:ENABLED'.repeat(20)}` }],
    ['a page token that is none', { pageToken: 'x' }],
    ['the token of a longer list', { pageToken: Buffer.from('left:9').toString('base64url') }],
    ['a negative page', { pageSize: -1 }],
  ])('is refused with %s', (_, request) => {
    expect(() => list(request)).toThrow(expect.objectContaining({ status: 'INVALID_ARGUMENT' }));
  });
});

describe('a caller', () => {
  const latest = { name: `${secret}/versions/latest` };
  const payload = { data: Buffer.from('x') };

  it.each([
    ['access', () => manager.accessVersion(rotator, latest)],
    ['access', () => manager.accessVersion(other, latest)],
    ['access', () => manager.accessVersion(federated, latest)],
    ['add', () => manager.addVersion(runtime, { parent: secret, payload })],
    ['add', () => manager.addVersion(other, { parent: secret, payload })],
    ['list', () => manager.listVersions(runtime, { parent: secret })],
    ['get', () => manager.getVersion(runtime, latest)],
    [
      'destroy',
      () => manager.change(runtime, latest, ['secretmanager.versions.destroy', 'DESTROYED']),
    ],
  ])('without the grant is denied secretmanager.versions.%s', (verb, call) => {
    const resource = verb === 'add' || verb === 'list' ? secret : latest.name;
    expect(call).toThrow(
      expect.objectContaining({
        status: 'PERMISSION_DENIED',
        message: `Permission 'secretmanager.versions.${verb}' denied for resource '${resource}' (or it may not exist).`,
      }),
    );
  });

  it.each([
    ['whatever is not granted', 'projects/local/secrets/nowhere/versions/1', 'PERMISSION_DENIED'],
    ['a secret of Object', 'projects/local/secrets/__proto__/versions/1', 'PERMISSION_DENIED'],
    ['another project', 'projects/elsewhere/secrets/sealing/versions/1', 'PERMISSION_DENIED'],
    ['what is granted and absent', 'projects/local/secrets/absent/versions/1', 'NOT_FOUND'],
    ['a version that is not there', `${secret}/versions/9`, 'NOT_FOUND'],
    ['version 0', `${secret}/versions/0`, 'INVALID_ARGUMENT'],
    ['an alias', `${secret}/versions/newest`, 'INVALID_ARGUMENT'],
    ['a place', 'projects/local/locations/x/secrets/sealing/versions/1', 'INVALID_ARGUMENT'],
    ['a longer name', `${secret}/versions/1/x`, 'INVALID_ARGUMENT'],
    ['no version', secret, 'INVALID_ARGUMENT'],
    ['nothing', '', 'INVALID_ARGUMENT'],
  ])('that names %s learns no more', (_, name, status) => {
    expect(() => manager.accessVersion(runtime, { name })).toThrow(
      expect.objectContaining({ status }),
    );
  });

  it('of another project gets nothing even where credentials are not checked', () => {
    expect(() => manager.listSecrets(anyone, { parent: 'projects/elsewhere' })).toThrow(
      "Permission 'secretmanager.secrets.list' denied for resource 'projects/elsewhere' (or it may not exist).",
    );
  });
});

describe('what outlives the server', () => {
  it('is every version, its state and its etag; the first one does not come back', () => {
    add('second');
    const { etag } = change(1, 'destroy');
    manager = start();
    expect(access(2)).toBe('second');
    expect(manager.getVersion(rotator, { name: `${secret}/versions/1` })).toMatchObject({
      state: 'DESTROYED',
      etag,
    });
    expect(list().names).toEqual(['2', '1']);
  });

  it('is readable by its owner alone, and no content of a destroyed version is left', () => {
    change(1, 'destroy');
    const files = readdirSync(join(folder, 'secrets')).map((name) => join(folder, 'secrets', name));
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600]);
    const text = files.map((file) => readFileSync(file, 'utf8')).join('');
    expect(text).not.toContain(Buffer.from('first').toString('base64'));
  });
});
