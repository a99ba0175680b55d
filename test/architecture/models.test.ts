import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './source-files.ts';

interface Schemas {
  readonly schemas: Readonly<Record<string, unknown>>;
}

const serverless = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8'), { merge: true }) as {
  readonly provider: { readonly apiGateway: { readonly request: Schemas } };
  readonly functions: Readonly<
    Record<
      string,
      {
        readonly events?: readonly {
          readonly http?: { readonly method: string; readonly request?: Schemas };
        }[];
      }
    >
  >;
};

describe('the models of request bodies', () => {
  it('are named by their functions, since a model’s name may be there once in an API', () => {
    const events = Object.values(serverless.functions).flatMap(({ events: list = [] }) => list);
    const used = events.flatMap(({ http }) => Object.values(http?.request?.schemas ?? {}));
    expect(new Set(used)).toEqual(new Set(['jsonObject']));
    const { schemas } = serverless.provider.apiGateway.request;
    const names = Object.values(schemas).map((schema) => (schema as { name: string }).name);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(schemas)).toEqual(['jsonObject']);
  });
});
