import { describe, expect, it } from 'vitest';
import { readEdgeConfig } from '../../../shared/config/edge.ts';
import { CORE_ENVIRONMENT } from '../../support/environment.ts';

function read(origins: string, stage = 'prod'): readonly string[] {
  return readEdgeConfig({
    ...CORE_ENVIRONMENT,
    JOBGATE_STAGE: stage,
    JOBGATE_CORS_ORIGINS: origins,
  }).corsOrigins;
}

describe('the list of origins', () => {
  it('is empty when nothing is set', () => {
    expect(read('')).toEqual([]);
    const environment = { ...CORE_ENVIRONMENT, JOBGATE_CORS_ORIGINS: undefined };
    expect(readEdgeConfig(environment).corsOrigins).toEqual([]);
  });

  it('holds exact https origins, with a port where one is given', () => {
    expect(read('https://app.example, https://other.example:8443')).toEqual([
      'https://app.example',
      'https://other.example:8443',
    ]);
  });

  it('may name a loopback page on the local stage only', () => {
    expect(read('http://127.0.0.1:5173', 'local')).toEqual(['http://127.0.0.1:5173']);
    expect(() => read('http://127.0.0.1:5173')).toThrow(/JOBGATE_CORS_ORIGINS\[0\] must be/);
  });

  it.each([
    '*',
    'https://*.example',
    'https://app.example/',
    'https://app.example/path',
    'https://APP.example',
    'https://app.example:443',
    'https://user@app.example',
    'app.example',
    'null',
    'https://app.example,',
    'http://app.example',
    'https://app.example" x',
    "https://app.example'",
  ])('never holds %j', (origins) => {
    expect(() => read(origins)).toThrow(/JOBGATE_CORS_ORIGINS/);
  });

  it('is bounded', () => {
    const many = Array.from({ length: 21 }, (_, index) => `https://a${index}.example`).join(',');
    expect(() => read(many)).toThrow(/more than 20 origins/);
  });
});
