import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeConfiguration } from '../../../local/up/dataproc-configuration.ts';
import {
  type DataprocAddresses,
  removeDataprocFile,
  writeDataprocFile,
} from '../../../local/up/dataproc-file.ts';
import { parseDataprocOptions } from '../../../local/up/dataproc-options.ts';
import { findAccessToken, findPorts, keepPorts } from '../../../local/up/dataproc-state.ts';
import { createRun } from '../../../local/up/runs.ts';
import { readToolchain } from '../../../local/up/toolchain.ts';
import { makeFolder } from './folders.ts';

/** Makes the configuration of a server that is given a file of these keys. */
function configure(changes: object) {
  const folder = makeFolder();
  writeFileSync(join(folder, 'changes.json'), JSON.stringify(changes));
  const options = parseDataprocOptions(['--config', 'changes.json'], folder);
  const run = createRun(join(folder, 'runs'));
  const ports = { google: 0, storage: 0 };
  const places = { run, toolchain: readToolchain(), certificateFolder: folder, ports };
  return makeConfiguration(options, { ...places, accessToken: 'made' }).configuration;
}

const nothing = {
  ...{ permissions: [], actAs: [], read: [], write: [], sign: false },
  secrets: { access: [], manage: [] },
};

describe('the configuration of npm run dataproc', () => {
  it('lets the usual cluster and the staging bucket follow the first bucket', () => {
    const { clusters, stagingBucket } = configure({ buckets: ['first', 'second'] });
    expect(stagingBucket).toBe('first');
    expect(clusters).toEqual([
      {
        ...{ name: 'local', stagingBucket: 'first', labels: {} },
        serviceAccount: '123456789-compute@developer.gserviceaccount.com',
      },
    ]);
  });

  it('grants the owner of the token everything that the file names', () => {
    const cluster = { name: 'nightly', stagingBucket: 'first', serviceAccount: 'n@x', labels: {} };
    const { accounts, staticTokens } = configure({
      ...{
        projectNumber: '987',
        buckets: ['first', 'second'],
        secrets: { password: 'x', empty: null },
      },
      ...{ clusters: [cluster], accounts: { 'other@x': nothing } },
    });
    const email = 'owner@local.iam.gserviceaccount.com';
    expect(accounts[email]).toMatchObject({
      actAs: ['other@x', email, 'n@x', '987-compute@developer.gserviceaccount.com'],
      read: [{ bucket: 'first' }, { bucket: 'second' }],
      write: [{ bucket: 'first' }, { bucket: 'second' }],
      sign: true,
      secrets: { access: ['password', 'empty'], manage: ['password', 'empty'] },
    });
    expect(staticTokens).toEqual({ made: email });
  });

  it.each([
    [{ bucket: ['a'] }, 'changes.json has the unknown key "bucket".'],
    [{ dataDirectory: '/' }, 'changes.json has the unknown key "dataDirectory".'],
    [['a'], 'changes.json must be an object.'],
    [{ buckets: [] }, 'The configuration is at fault: buckets must name one at least.'],
    [{ region: 5 }, 'The configuration is at fault: region must be a text that is not empty.'],
    [
      { stagingBucket: 'b' },
      'The configuration is at fault: stagingBucket names the bucket b, which is not in buckets.',
    ],
  ])('refuses %j in one sentence', (changes, sentence) => {
    expect(() => configure(changes)).toThrow(sentence);
  });

  it('leaves what options decide to the options, and says so', () => {
    const folder = makeFolder();
    const file = join(folder, 'changes.json');
    writeFileSync(file, '{"faults":true,"ports":{},"region":"europe-west1"}');
    expect(parseDataprocOptions(['--config', file], folder)).toMatchObject({
      faults: false,
      port: 0,
      changes: { region: 'europe-west1' },
      notes: [
        `${file} has the key "faults", but --faults decides that.`,
        `${file} has the key "ports", but --port and --storage-port decide that.`,
      ],
    });
  });
});

describe('dataproc.json', () => {
  const addresses: DataprocAddresses = {
    ...{ dataproc: '127.0.0.1:1', storage: 'http://127.0.0.1:2', accessToken: 'a', pid: 1 },
    ...{ project: 'local', region: 'r', cluster: 'c', bucket: 'b', certificate: '/c.pem' },
  };

  it('describes the server that started last, and the other one again when that has ended', () => {
    const folder = makeFolder();
    const file = join(folder, 'dataproc.json');
    const [run, laterRun] = [createRun(join(folder, 'runs')), createRun(join(folder, 'runs'))];
    const read = () => JSON.parse(readFileSync(file, 'utf8')) as unknown;
    const later = { ...addresses, dataproc: '127.0.0.1:9' };
    writeDataprocFile(addresses, run, file);
    writeDataprocFile(later, laterRun, file);
    expect(read()).toEqual(later);
    removeDataprocFile(later, laterRun, file);
    expect(read()).toEqual(addresses);
    removeDataprocFile(addresses, run, file);
    expect(existsSync(file)).toBe(false);
  });

  it('is left alone when a server ends that it does not describe', () => {
    const folder = makeFolder();
    const file = join(folder, 'dataproc.json');
    const [run, laterRun] = [createRun(join(folder, 'runs')), createRun(join(folder, 'runs'))];
    writeDataprocFile(addresses, run, file);
    writeDataprocFile({ ...addresses, pid: 2 }, laterRun, file);
    removeDataprocFile(addresses, run, file);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ ...addresses, pid: 2 });
  });
});

describe('the folder of --state', () => {
  const options = parseDataprocOptions([], '/');

  it('keeps the token and the ports for the next time', () => {
    const state = join(makeFolder(), 'state');
    const token = findAccessToken(state);
    keepPorts(state, '127.0.0.1:5001', 'http://127.0.0.1:5002');
    expect(findAccessToken(state)).toBe(token);
    expect(findPorts({ ...options, state })).toEqual({ google: 5001, storage: 5002 });
    expect(findPorts({ ...options, state, port: 6001 })).toEqual({ google: 6001, storage: 5002 });
  });

  it('is of use when a start was cut off while it wrote', () => {
    const state = makeFolder();
    writeFileSync(join(state, 'ports.json'), '{"goo');
    writeFileSync(join(state, 'access-token'), '');
    expect(findPorts({ ...options, state })).toEqual({ google: 0, storage: 0 });
    expect(findAccessToken(state)).toMatch(/^[\w-]{32}$/);
  });
});
