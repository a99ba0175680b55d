import { describe, expect, it } from 'vitest';
import { parseOrigins, renderPreflight } from '../../resources/cors.js';
import { readEdgeConfig } from '../../shared/config/edge.ts';
import { CORE_ENVIRONMENT } from '../support/environment.ts';

function readByFunction(text: string, stage: string): readonly string[] {
  const environment = { ...CORE_ENVIRONMENT, JOBGATE_STAGE: stage, JOBGATE_CORS_ORIGINS: text };
  return readEdgeConfig(environment).corsOrigins;
}

describe('the parameter corsOrigins', () => {
  it.each([
    ['', 'prod', []],
    ['https://app.example', 'prod', ['https://app.example']],
    [
      'https://a.example:8443, https://b.example',
      'prod',
      ['https://a.example:8443', 'https://b.example'],
    ],
    ['http://127.0.0.1:5173', 'local', ['http://127.0.0.1:5173']],
  ])('%j on %s is read alike by the deployment and by the functions', (text, stage, origins) => {
    expect(parseOrigins(text, stage)).toEqual(origins);
    expect(readByFunction(text, stage)).toEqual(origins);
  });

  it.each([
    ['*', 'prod'],
    ['https://*.example', 'prod'],
    ['https://app.example/', 'prod'],
    ['https://app.example:443', 'prod'],
    ['http://127.0.0.1:5173', 'prod'],
    ['http://app.example', 'local'],
    ["https://app.example'", 'prod'],
    ['https://app.example,', 'prod'],
    ['null', 'prod'],
  ])('%j on %s is refused alike by the deployment and by the functions', (text, stage) => {
    expect(() => parseOrigins(text, stage)).toThrow(/corsOrigins must list exact origins/);
    expect(() => readByFunction(text, stage)).toThrow(/JOBGATE_CORS_ORIGINS/);
  });
});

describe('a preflight answer', () => {
  it('allows the listed origins, the headers that the API reads, and no credentials', () => {
    expect(renderPreflight(['https://app.example'])).toEqual({
      origins: ['https://app.example'],
      headers: [
        'Authorization',
        'Content-Type',
        'Idempotency-Key',
        'If-None-Match',
        'Prefer',
        'Range',
        'X-Correlation-Id',
        'traceparent',
      ],
      allowCredentials: false,
      maxAge: 600,
    });
  });
});
