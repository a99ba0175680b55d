import { describe, expect, it } from 'vitest';
import { listImports, listLocalImports, listSources } from './source-files.ts';

/** A file imports from its own room or from one further left. */
const ROOMS = [
  'problem',
  'config',
  'log',
  'metrics',
  'identity',
  'templates',
  'cost',
  'policy',
  'jobs',
  'transport',
  'upstream',
  'aws',
  'credentials',
  'dataproc',
  'storage',
  'records',
  'audit',
  'events',
  'http',
  'app',
];

/** The rooms of the local Google; its files outside of rooms are the first and the last ones. */
const GOOGLE_ROOMS = [
  'shape',
  'clock',
  'storage-uri',
  'configuration',
  'parse-configuration',
  'state',
  'api',
  'identity',
  'storage',
  'spark',
  'dataproc',
  'secrets',
  'server',
  'local-google',
  'main',
];

const DOMAIN = [
  'problem',
  'config',
  'log',
  'metrics',
  'identity',
  'templates',
  'cost',
  'policy',
  'jobs',
];

function toRoom(path: string): string {
  return path.replace(/^shared\//, '').replace(/(\/.*|\.ts)$/, '');
}

describe('rooms of shared/', () => {
  it('are all in the order', () => {
    const unknown = listSources('shared').filter((path) => !ROOMS.includes(toRoom(path)));
    expect(unknown).toEqual([]);
  });

  it('import only from their own room or from one further left', () => {
    const wrong = listSources('shared').flatMap((path) =>
      listLocalImports(path)
        .filter((target) => ROOMS.indexOf(toRoom(target)) > ROOMS.indexOf(toRoom(path)))
        .map((target) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('import nothing outside shared/', () => {
    const wrong = listSources('shared').flatMap((path) =>
      listLocalImports(path)
        .filter((target) => !target.startsWith('shared/'))
        .map((target) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keep AWS, Google and HTTP out of the domain', () => {
    const foreign =
      /^(node:(https?|http2|net)|aws4|@aws-sdk|@google-cloud|@middy|aws-lambda|google-)/;
    const wrong = listSources('shared')
      .filter((path) => DOMAIN.includes(toRoom(path)))
      .flatMap((path) =>
        listImports(path)
          .filter((specifier) => foreign.test(specifier))
          .map((specifier) => `${path} -> ${specifier}`),
      );
    expect(wrong).toEqual([]);
  });
});

describe('rooms of local/google', () => {
  const toGoogleRoom = (path: string) =>
    path.replace(/^local\/google\//, '').replace(/(\/.*|\.ts)$/, '');
  const place = (path: string) => GOOGLE_ROOMS.indexOf(toGoogleRoom(path));

  it('are all in the order', () => {
    const unknown = listSources('local/google').filter((path) => place(path) < 0);
    expect(unknown).toEqual([]);
  });

  it('import only from their own room or from one further left, and nothing outside', () => {
    const wrong = listSources('local/google').flatMap((path) =>
      listLocalImports(path)
        .filter((target) => !target.startsWith('local/google/') || place(target) > place(path))
        .map((target) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the rest of the repository', () => {
  it('lets functions/ import from shared/ only', () => {
    const wrong = listSources('functions').flatMap((path) =>
      listLocalImports(path)
        .filter((target) => !target.startsWith('shared/'))
        .map((target) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('shares no code between local/ and what is deployed', () => {
    const wrong = listSources('local').flatMap((path) =>
      listLocalImports(path)
        .filter((target) => /^(shared|functions)\//.test(target))
        .map((target) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no import cycles', () => {
    const files = ['shared', 'functions', 'local', 'tools'].flatMap(listSources);
    expect(findCycles(files)).toEqual([]);
  });

  it('has no file whose name says nothing', () => {
    const vague = /\/(index|utils?|helpers?|common|types)\.(ts|mjs)$/;
    const files = ['shared', 'functions', 'local', 'tools'].flatMap(listSources);
    expect(files.filter((path) => vague.test(path))).toEqual([]);
  });

  it('keeps functions between a few and 45 lines', async () => {
    const { readFileSync } = await import('node:fs');
    const long = listSources('functions').filter(
      (path) => readFileSync(path, 'utf8').split('\n').length > 46,
    );
    expect(long).toEqual([]);
  });
});

function findCycles(files: readonly string[]): readonly string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    if (done.has(path) || !files.includes(path)) return;
    for (const target of listLocalImports(path)) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of files) visit(path, []);
  return cycles;
}
