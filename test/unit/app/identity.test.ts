import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { buildAuthorizer } from '../../../shared/app/identity.ts';
import { ConfigError } from '../../../shared/config/reader.ts';
import type { Authorizer } from '../../../shared/http/authorizer-endpoint.ts';
import { KeysUnavailableError } from '../../../shared/identity/keys.ts';
import { createLogRecorder, type LogRecorder } from '../../support/log-lines.ts';
import { createTokenForge } from '../../support/tokens.ts';

const MINUTE_MS = 60_000;
const forge = createTokenForge();
const keys = JSON.stringify(forge.keySet);
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

interface Built {
  readonly authorizer: Authorizer;
  readonly recorder: LogRecorder;
  readonly advance: (ms: number) => void;
  /** A header with a token that is good now. */
  readonly header: () => string;
}

/** The authorizer of a local stage whose issuer publishes its keys as the listener says. */
async function build(listener: RequestListener): Promise<Built> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let offsetMs = 0;
  const now = (): Date => new Date(Date.now() + offsetMs);
  const recorder = createLogRecorder();
  const issuer = {
    ...{ name: 'test', kind: 'rfc9068', issuer: 'https://issuer.example', audience: 'urn:jobgate' },
    ...{ jwksUri: `http://127.0.0.1:${port}/jwks`, algorithms: ['RS256'] },
  };
  const environment = {
    JOBGATE_STAGE: 'local',
    JOBGATE_VERSION: '0.1.0',
    JOBGATE_PUBLIC_URL: 'http://127.0.0.1:1/local',
    JOBGATE_DEPLOYMENT: 'jobgate-local',
    JOBGATE_PLAN_KEYS: '4',
    JOBGATE_ISSUERS: JSON.stringify([issuer]),
  };
  const sleep = (): Promise<void> => Promise.resolve();
  const header = (): string => {
    const iat = Math.floor(now().getTime() / 1000);
    return `Bearer ${forge.good({ iat, exp: iat + 300 })}`;
  };
  return {
    authorizer: buildAuthorizer({ environment, now, sleep, log: recorder.log })(),
    recorder,
    advance: (ms) => (offsetMs += ms),
    header,
  };
}

describe('the built authorizer', () => {
  it('reads the issuer’s keys once and names the caller and the API key', async () => {
    let requests = 0;
    const { authorizer, header } = await build((_request, response) => {
      requests += 1;
      response.end(keys);
    });
    const caller = await authorizer.verify(header());
    await authorizer.verify(header());
    expect(caller).toMatchObject({ subject: 'ana', issuerName: 'test', plan: 'standard' });
    expect(authorizer.toUsageKey(caller)).toMatch(/^[0-9a-f]{40}$/);
    expect(requests).toBe(1);
  });

  it('warns with the age of keys that serve while their issuer is down', async () => {
    let isDown = false;
    const { authorizer, header, advance, recorder } = await build((_request, response) => {
      response.statusCode = isDown ? 500 : 200;
      response.end(keys);
    });
    await authorizer.verify(header());
    expect(recorder.lines).toEqual([]);
    isDown = true;
    advance(30 * MINUTE_MS);
    expect(await authorizer.verify(header())).toMatchObject({ subject: 'ana' });
    expect(recorder.entries()).toMatchObject([
      { level: 'warn', message: 'stale keys', issuer: 'test' },
    ]);
    expect(recorder.entries()[0]?.['ageSeconds']).toBeGreaterThanOrEqual(1_800);
  });

  it.each<readonly [string, RequestListener]>([
    ['answers 500', (_request, response) => response.writeHead(500).end(keys)],
    ['answers 304', (_request, response) => response.writeHead(304).end()],
    [
      'sends the reader elsewhere',
      (request, response) =>
        request.url === '/jwks'
          ? response.writeHead(302, { location: '/elsewhere' }).end()
          : response.end(keys),
    ],
    ['answers with a page', (_request, response) => response.end('<html></html>')],
    ['answers with a list', (_request, response) => response.end(`[${keys}]`)],
    ['sends 5 MB', (_request, response) => response.end(keys.padEnd(5_000_000))],
    ['breaks off', (_request, response) => response.socket?.destroy()],
    ['never answers', () => undefined],
    [
      'never ends its answer',
      (_request, response) => {
        response.write(keys.slice(0, 20));
      },
    ],
  ])(
    'tells a token nothing when its issuer %s',
    async (_name, listener) => {
      const { authorizer, header } = await build(listener);
      await expect(authorizer.verify(header())).rejects.toBeInstanceOf(KeysUnavailableError);
      // An issuer has two seconds; the gateway waits for ten.
    },
    8_000,
  );

  it('is not made from a configuration with faults', () => {
    const { log } = createLogRecorder();
    const runtime = { environment: {}, now: () => new Date(), sleep: () => Promise.resolve(), log };
    expect(() => buildAuthorizer(runtime)()).toThrow(ConfigError);
  });
});
