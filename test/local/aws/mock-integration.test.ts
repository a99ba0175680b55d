import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Probe, startProbe } from './probe.ts';

let probe: Probe;
beforeAll(async () => {
  probe = await startProbe();
});
afterAll(async () => {
  expect(await probe.stop()).toBe(0);
});

async function ask(path: string, origin: string): Promise<Response> {
  return probe.call(path, { method: 'OPTIONS', headers: { origin } });
}

describe('a preflight answer', () => {
  it.each(['https://app.example', 'https://other.example'])(
    'names the origin %s of its list',
    async (origin) => {
      const response = await ask('/shared', origin);
      expect(response.status).toBe(200);
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      expect(await response.text()).toBe('');
    },
  );

  it.each(['https://appXexample', 'https://app.example.evil.example', 'null'])(
    'names the first origin of its list to %s',
    async (origin) => {
      const { headers } = await ask('/shared', origin);
      expect(headers.get('access-control-allow-origin')).toBe('https://app.example');
    },
  );

  it('names its one origin without a template, and has no body', async () => {
    const response = await ask('/fixed', 'https://stranger.example');
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(await response.text()).toBe('');
  });

  it('with a template that would need an engine is an error that says so', async () => {
    const response = await ask('/clever', 'https://app.example');
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ type: 'API_CONFIGURATION_ERROR' });
  });
});
