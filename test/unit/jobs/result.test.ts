import { describe, expect, it } from 'vitest';
import { linkFile, readResult } from '../../../shared/jobs/result.ts';
import { toProblem } from '../../../shared/problem.ts';
import { FAR } from '../../support/clock.ts';
import { makeRecord } from '../../support/job-records.ts';
import { createMemoryStorage } from '../../support/memory-storage.ts';

const DONE = makeRecord({ state: 'succeeded' });
const ACCESS = { account: 'signer@acme.iam.gserviceaccount.com', deadline: FAR };
const NAMES = [
  '_SUCCESS',
  'data/city=Zürich (ZH)/part-0.parquet',
  'data/year=1999/part-0.parquet',
  'data/a%2Fb/part-0.parquet',
  'quality.json',
];

function createSource(bound?: number): {
  storage: ReturnType<typeof createMemoryStorage>;
  access: typeof ACCESS;
} {
  const storage = createMemoryStorage(bound);
  for (const name of NAMES) storage.put(DONE.outputUri + name, Buffer.from('12345'));
  storage.put('gs://results/tidy/secret', Buffer.from('x'));
  storage.put(`${DONE.outputUri.slice(0, -1)}-other/file`, Buffer.from('x'));
  return { storage, access: ACCESS };
}

describe('the manifest of a result', () => {
  it('lists every file under the job’s output, with a link that escapes its path', async () => {
    const manifest = await readResult(DONE, 'https://api.example', createSource());
    const base = `https://api.example/v1/jobs/${DONE.id}/files`;
    expect(manifest).toMatchObject({ job: DONE.id, state: 'succeeded', truncated: false });
    expect(manifest.files.map(({ path, href }) => [path, href])).toEqual([
      ['_SUCCESS', `${base}/_SUCCESS`],
      ['data/a%2Fb/part-0.parquet', `${base}/data/a%252Fb/part-0.parquet`],
      [
        'data/city=Zürich (ZH)/part-0.parquet',
        `${base}/data/city%3DZ%C3%BCrich%20(ZH)/part-0.parquet`,
      ],
      ['data/year=1999/part-0.parquet', `${base}/data/year%3D1999/part-0.parquet`],
      ['quality.json', `${base}/quality.json`],
    ]);
    expect(manifest.files[0]).toMatchObject({
      bytes: 5,
      contentType: 'text/plain',
      md5: 'gnzLDuqKcGxMNKFokfhOew==',
    });
  });

  it('says that it is cut when there are more files', async () => {
    const manifest = await readResult(DONE, 'https://api.example', createSource(3));
    expect(manifest).toMatchObject({ truncated: true, files: { length: 3 } });
  });

  it.each(['submitting', 'queued', 'running', 'cancelling'] as const)(
    'does not exist while the job is %s',
    async (state) => {
      const work = readResult({ ...DONE, state }, 'https://api.example', createSource());
      expect(await work.then(() => undefined, toProblem)).toMatchObject({
        code: 'job_not_finished',
        extras: { job: DONE.id, retryAfter: 2 },
      });
    },
  );

  it.each(['failed', 'cancelled'] as const)('does not exist when the job %s', async (state) => {
    const work = readResult({ ...DONE, state }, 'https://api.example', createSource());
    expect(await work.then(() => undefined, toProblem)).toMatchObject({
      code: 'job_not_succeeded',
      detail: `The job ended as ${state}; GET /v1/jobs/{job} says why.`,
      extras: { job: DONE.id },
    });
  });
});

describe('the link to a file', () => {
  it.each(NAMES)('exists for every file of the manifest: %s', async (name) => {
    const source = createSource();
    expect(await linkFile(DONE, name, source)).toBe(
      `https://signed.example/${DONE.outputUri.slice(5)}${name}?expires=300`,
    );
    expect(new Set(source.storage.accesses)).toEqual(new Set([ACCESS]));
  });

  it.each([
    ['nothing', undefined],
    ['an empty path', ''],
    ['a file that is not there', 'missing.json'],
    ['a folder', 'data'],
    ['a folder with its slash', 'data/'],
    ['the beginning of a name', 'quality'],
    ['a path that climbs out', '../secret'],
    ['a path that climbs out later', 'data/../../secret'],
    ['a path that stays where it is', './quality.json'],
    ['an encoded path that climbs out', '%2e%2e/secret'],
    ['an encoded slash', '..%2fsecret'],
    ['a backslash', '..\\secret'],
    ['an absolute path', '/quality.json'],
    ['an empty segment', 'data//year=1999/part-0.parquet'],
    ['a line break', 'quality.json\n'],
    ['a null character', 'quality.json\u0000'],
    ['a path over 1,024 characters', 'x'.repeat(1025)],
  ])('is refused for %s', async (_name, path) => {
    const problem = await linkFile(DONE, path, createSource()).then(() => undefined, toProblem);
    expect(problem).toMatchObject({ code: 'file_not_found', extras: { job: DONE.id } });
  });

  it('is refused for a name that a browser would walk up from, even when such an object exists', async () => {
    const source = createSource();
    source.storage.put(`${DONE.outputUri}data/../quality.json`, Buffer.from('x'));
    const problem = await linkFile(DONE, 'data/../quality.json', source).then(
      () => undefined,
      toProblem,
    );
    expect(problem).toMatchObject({ code: 'file_not_found' });
  });

  it('does not exist before the job has succeeded', async () => {
    const work = linkFile({ ...DONE, state: 'running' }, 'quality.json', createSource());
    expect(await work.then(() => undefined, toProblem)).toMatchObject({ code: 'job_not_finished' });
  });
});
