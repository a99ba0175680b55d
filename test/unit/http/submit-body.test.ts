import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSubmitBody } from '../../../shared/http/submit-body.ts';
import { compileValidator } from '../../support/templates.ts';

const PATH = join(import.meta.dirname, '../../../shared/http/schemas/submit-job.schema.json');
const validator = compileValidator(JSON.parse(readFileSync(PATH, 'utf8')) as object);

function parse(body: Readonly<Record<string, unknown>>): unknown {
  return parseSubmitBody(body, validator);
}

describe('the body of submit-job', () => {
  it('needs no more than a template', () => {
    expect(parse({ template: 'tidy' })).toEqual({
      template: 'tidy',
      templateVersion: undefined,
      planDigest: undefined,
      retryOf: undefined,
      rawParameters: undefined,
      labels: undefined,
      maxRuntimeSeconds: undefined,
      maxCost: undefined,
    });
  });

  it('may name version, plan, parameters, labels, caps and a job to run again, and is not changed', () => {
    const body = {
      template: 'tidy',
      templateVersion: '1.2.0',
      parameters: { a: { b: 1 } },
      labels: { team: 'blue', 'cost_centre-1': 'c4' },
      maxRuntimeSeconds: 600,
      maxCost: { amount: '2.50', currency: 'USD' },
      planDigest: '0a'.repeat(32),
      retryOf: 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i',
    };
    const before = structuredClone(body);
    expect(parse(body)).toEqual({
      template: 'tidy',
      templateVersion: '1.2.0',
      rawParameters: { a: { b: 1 } },
      labels: { team: 'blue', 'cost_centre-1': 'c4' },
      maxRuntimeSeconds: 600,
      maxCost: { amount: '2.50', currency: 'USD' },
      planDigest: '0a'.repeat(32),
      retryOf: 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i',
    });
    expect(body).toEqual(before);
  });

  it.each<readonly [string, Readonly<Record<string, unknown>>, string, string]>([
    ['no template', {}, '/template', 'is required'],
    ['a template of another type', { template: 7 }, '/template', 'must be string'],
    [
      'a template that is a path',
      { template: '../x' },
      '/template',
      'must match pattern "^[a-z][a-z0-9-]{1,40}$"',
    ],
    ['an unknown member', { template: 'tidy', retry: 1 }, '/retry', 'is not known here'],
    [
      'parameters that are a list',
      { template: 'tidy', parameters: [] },
      '/parameters',
      'must be object',
    ],
    [
      'a limit under ten minutes',
      { template: 'tidy', maxRuntimeSeconds: 599 },
      '/maxRuntimeSeconds',
      'must be >= 600',
    ],
    [
      'a label that begins with a digit',
      { template: 'tidy', labels: { team: '4' } },
      '/labels/team',
      'must match pattern "^[a-z][a-z0-9_-]{0,62}$"',
    ],
    [
      'a label of 64 characters',
      { template: 'tidy', labels: { team: 'x'.repeat(64) } },
      '/labels/team',
      'must match pattern "^[a-z][a-z0-9_-]{0,62}$"',
    ],
    [
      'thirteen labels',
      {
        template: 'tidy',
        labels: Object.fromEntries(Array.from({ length: 13 }, (_, n) => [`l${n}`, 'x'])),
      },
      '/labels',
      'must NOT have more than 12 properties',
    ],
  ])('is refused with %s', (_name, body, pointer, message) => {
    expect(() => parse(body)).toThrow(
      expect.objectContaining({
        code: 'validation_failed',
        extras: { errors: [{ pointer, message }] },
      }),
    );
  });

  it.each(['jg-caller', 'goog-dataproc', 'jobgate', 'Team', '1team', 'x'.repeat(64), ''])(
    'is refused with the label name %j, which it points at',
    (name) => {
      const message = 'name must match pattern "^(?!jg-|goog-|jobgate$)[a-z][a-z0-9_-]{0,62}$"';
      expect(() => parse({ template: 'tidy', labels: { [name]: 'x' } })).toThrow(
        expect.objectContaining({
          code: 'validation_failed',
          extras: { errors: [{ pointer: `/labels/${name}`, message }] },
        }),
      );
    },
  );
});
