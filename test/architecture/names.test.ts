import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROUTES } from '../../shared/http/routes.ts';
import { ROOT } from './source-files.ts';

/** Functions that no route leads to. */
const WITHOUT_ROUTE = ['authorizer', 'sweep-jobs'];

interface HttpEvent {
  readonly http: { readonly path: string; readonly method: string; readonly authorizer?: unknown };
}

interface ScheduleEvent {
  readonly http?: undefined;
  readonly schedule: unknown;
}

interface ServerlessFunction {
  readonly name: string;
  readonly handler: string;
  readonly role: string;
  readonly events?: readonly (HttpEvent | ScheduleEvent)[];
}

const serverless = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8'), { merge: true }) as {
  readonly functions: Readonly<Record<string, ServerlessFunction>>;
  readonly custom: { readonly authorizer: { readonly resultTtlInSeconds: number } };
};
const files = readdirSync(join(ROOT, 'functions')).map((path) => path.replace(/\.ts$/, ''));

function toKey(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

describe('one name in five places', () => {
  it('is the same set of files, serverless keys and operations', () => {
    expect(Object.keys(serverless.functions).sort()).toEqual(files.map(toKey).sort());
    expect([...Object.keys(ROUTES), ...WITHOUT_ROUTE].sort()).toEqual([...files].sort());
  });

  it.each(files)('%s has its handler, function name and role', (name) => {
    const entry = serverless.functions[toKey(name)];
    expect(entry?.handler).toBe(`functions/${name}.handler`);
    expect(entry?.name).toBe(`\${self:service}-\${sls:stage}-${name}`);
    expect(entry?.role).toBe(`${toKey(`-${name}`)}Role`);
  });

  it.each(files)('%s has a sample event and a test', (name) => {
    expect(existsSync(join(ROOT, 'events', `${name}.json`))).toBe(true);
    expect(existsSync(join(ROOT, 'test/functions', `${name}.test.ts`))).toBe(true);
  });

  it.each(Object.entries(ROUTES))('%s is deployed on the route of the table', (name, route) => {
    const [event] = serverless.functions[toKey(name)]?.events ?? [];
    expect(`/${event?.http?.path ?? ''}`).toBe(route.path);
    expect(event?.http?.method.toUpperCase()).toBe(route.method);
    expect(event?.http?.authorizer !== undefined).toBe(route.authorized);
  });

  it('lets no function without a route be reached through the gateway', () => {
    const reached = WITHOUT_ROUTE.filter((name) =>
      serverless.functions[toKey(name)]?.events?.some(({ http }) => http !== undefined),
    );
    expect(reached).toEqual([]);
  });

  it('keeps an authorizer’s answer for a minute at most', () => {
    const { authorizer } = serverless.custom;
    expect(authorizer.resultTtlInSeconds).toBeLessThanOrEqual(60);
    const events = Object.values(serverless.functions).flatMap(({ events = [] }) => events);
    const used = events.map(({ http }) => http?.authorizer).filter((each) => each !== undefined);
    expect(used.length).toBeGreaterThan(0);
    for (const each of used) expect(each).toEqual(authorizer);
  });

  it('gives every event to a function', () => {
    const owners = readdirSync(join(ROOT, 'events')).map((path) => path.split('.')[0] ?? '');
    expect([...new Set(owners)].sort()).toEqual([...files].sort());
  });
});
