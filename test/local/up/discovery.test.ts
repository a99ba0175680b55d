import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { discoverJwksUri } from '../../../local/up/discovery.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

type Respond = (path: string, response: ServerResponse, origin: string) => void;

/** Serves on loopback and returns the origin. */
function serve(respond: Respond): Promise<string> {
  const server = createServer((request, response) => {
    respond(request.url ?? '', response, `http://${request.headers.host ?? ''}`);
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) {
        resolve(`http://127.0.0.1:${address.port}`);
      }
    });
  });
}

/** Serves one document at a path and nothing elsewhere. */
function serveAt(path: string, make: (origin: string) => unknown): Promise<string> {
  return serve((asked, response, origin) => {
    if (asked !== path) response.writeHead(404).end('{}');
    else response.writeHead(200).end(JSON.stringify(make(origin)));
  });
}

const OPENID = '/.well-known/openid-configuration';

describe('the keys of an issuer', () => {
  it('are where its OpenID metadata says', async () => {
    const origin = await serveAt(OPENID, (issuer) => ({ issuer, jwks_uri: `${issuer}/keys` }));
    expect(await discoverJwksUri(origin)).toBe(`${origin}/keys`);
  });

  it.each(['/keys/${file(./package.json):name}', '/keys/${env:HOME}', '/a b', '/{x}'])(
    'are refused at an address that the deploy tool would read as a reference: %s',
    async (path) => {
      const origin = await serveAt(OPENID, (issuer) => ({ issuer, jwks_uri: `${issuer}${path}` }));
      await expect(discoverJwksUri(origin)).rejects.toThrow('characters that no address has');
    },
  );

  it('are found under the path of an issuer that has one', async () => {
    const origin = await serveAt(`/oauth2/a1${OPENID}`, (host) => ({
      issuer: `${host}/oauth2/a1`,
      jwks_uri: `${host}/oauth2/a1/keys`,
    }));
    expect(await discoverJwksUri(`${origin}/oauth2/a1`)).toBe(`${origin}/oauth2/a1/keys`);
  });

  it('are where its authorization server metadata says when it has no other', async () => {
    const path = '/.well-known/oauth-authorization-server/tenant';
    const origin = await serveAt(path, (host) => ({
      issuer: `${host}/tenant`,
      jwks_uri: 'https://keys.example/jwks',
    }));
    expect(await discoverJwksUri(`${origin}/tenant`)).toBe('https://keys.example/jwks');
  });

  it('are not looked for where nothing speaks of an issuer', async () => {
    const origin = await serve((_path, response) => response.writeHead(200).end('<html>'));
    await expect(discoverJwksUri(origin)).rejects.toThrow(`${origin} is no issuer: neither`);
  });

  it('are not taken from metadata that names another issuer', async () => {
    const origin = await serveAt(OPENID, (issuer) => ({ issuer: `${issuer}/`, jwks_uri: 'x' }));
    await expect(discoverJwksUri(origin)).rejects.toThrow(
      `is the metadata of "${origin}/", not of ${origin}: give url as it is there.`,
    );
  });

  it('are not taken from metadata that names none', async () => {
    const origin = await serveAt(OPENID, (issuer) => ({ issuer }));
    await expect(discoverJwksUri(origin)).rejects.toThrow('names no jwks_uri');
  });

  it('are not read over plain http from another machine', async () => {
    const origin = await serveAt(OPENID, (issuer) => ({ issuer, jwks_uri: 'http://a.example/k' }));
    await expect(discoverJwksUri(origin)).rejects.toThrow('jwks_uri must be an https address');
  });

  it('are not read through a redirect', async () => {
    const origin = await serve((_path, response) => {
      response.writeHead(302, { location: 'https://elsewhere.example' }).end();
    });
    await expect(discoverJwksUri(origin)).rejects.toThrow('is no issuer');
  });

  it('are not read from an answer without end', async () => {
    const origin = await serve((_path, response) => {
      response.writeHead(200);
      const write = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    await expect(discoverJwksUri(origin)).rejects.toThrow('answers more than 262144 bytes');
  });

  it('cannot be found where nothing listens', async () => {
    const origin = await serve(() => undefined);
    const [server] = servers.splice(0);
    await new Promise((resolve) => server?.close(resolve));
    await expect(discoverJwksUri(origin)).rejects.toThrow(
      `${origin}${OPENID} does not answer (ECONNREFUSED): check the address.`,
    );
  });

  it.each(['http://issuer.example', 'ftp://issuer.example', 'issuer.example', ''])(
    'are not looked for at %j',
    async (url) => {
      await expect(discoverJwksUri(url)).rejects.toThrow('url must be an https address');
    },
  );

  it('are not waited for once the command is told to end', async () => {
    const origin = await serve(() => undefined);
    const end = new AbortController();
    const asked = discoverJwksUri(origin, end.signal);
    end.abort(new Error('Ctrl-C'));
    await expect(asked).rejects.toThrow('Ctrl-C');
  });
});
