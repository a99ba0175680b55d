import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseJobDocument } from '../../../../local/google/dataproc/job-document.ts';
import { makeSparkEngine } from '../../../../local/google/spark/spark-engine.ts';
import { makeFolder } from '../local-server.ts';
import { makeConfiguration } from '../spark/engine.ts';

const [folder, removeFolder] = makeFolder();

afterAll(removeFolder);

function openWith(name: string, file: string, uuid: string) {
  const stateDirectory = join(folder, name, 'state');
  const victim = join(folder, name, 'victim');
  mkdirSync(victim, { recursive: true });
  mkdirSync(join(stateDirectory, 'drivers'), { recursive: true });
  const record = {
    uuid,
    leader: { pid: 1, startTime: 'x' },
    startedAt: '2026-11-21T14:00:00.000Z',
    output: { parts: 0, offset: 0, pending: 0 },
    end: null,
  };
  const path = join(stateDirectory, 'drivers', file);
  writeFileSync(path, JSON.stringify(record));
  const configuration = makeConfiguration(join(folder, name), { stateDirectory });
  const storage = 'http://127.0.0.1:9';
  const nothing = () => Promise.resolve();
  const open = () =>
    makeSparkEngine({ configuration, storage, put: nothing, removeAll: nothing, run: 'damaged' });
  return { open, path, victim };
}

describe('the record of a driver', () => {
  it.each([
    ['outside', 'x.json', '../../victim'],
    ['another', 'x.json', 'y'],
    ['empty', 'x.json', ''],
  ])('%s: removes nothing when its uuid is not the name of its file', (name, file, uuid) => {
    const { open, path, victim } = openWith(name, file, uuid);
    expect(open).toThrow(`${path}: uuid must be the name of the file`);
    expect(existsSync(victim)).toBe(true);
  });

  it('is refused when the name of its file cannot be a key', () => {
    const { open, path } = openWith('dots', '...json', '..');
    expect(open).toThrow(`${path}: uuid must be 1-128 letters, digits, underscores and hyphens`);
  });
});

describe('the document of a job', () => {
  it('is refused when the uuid of its attempt would leave the folder of runs', () => {
    const cluster = { name: 'c', uuid: 'u', stagingBucket: 'b', properties: {} };
    const submittedAt = '2026-11-21T14:00:00.000Z';
    const document = {
      request: {},
      identity: { cluster, sequence: 1, submittedAt, creator: null, labels: {}, operation: null },
      progress: {
        uuid: 'u',
        statuses: [],
        failures: [],
        attempt: { number: 1, uuid: '../../victim', started: true },
        ...{ cancelled: false, operationForgotten: false },
      },
    };
    expect(() => parseJobDocument(document, { project: 'local', region: 'r' })).toThrow(
      'attempt.uuid must be 1-128 letters, digits, underscores and hyphens',
    );
  });
});
