import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFolder } from '../../local/up/layout.ts';
import { idpCommand, type LocalServer, startServer } from '../local/aws/local-server.ts';
import { WatchedCommand } from './watched-command.ts';

/** What the outside provider is asked to say; the hook of the local provider signs anything. */
async function signToken(provider: string, claims: object): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000);
  const times = { iat: seconds, exp: seconds + 300 };
  const response = await fetch(`${provider}/_local/tokens`, {
    method: 'POST',
    body: JSON.stringify({ claims: { iss: provider, jti: 'outside-1', ...times, ...claims } }),
  });
  const body = (await response.json()) as { readonly access_token: string };
  return body.access_token;
}

async function readMe(
  api: string,
  token: string,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${api}/me`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json() };
}

function runStart(...args: readonly string[]): {
  readonly status: number | null;
  readonly output: string;
} {
  const script = join(projectFolder, 'local/run.mjs');
  const options = { cwd: projectFolder, encoding: 'utf8', timeout: 120_000 } as const;
  const { status, stdout, stderr } = spawnSync('node', [script, 'start', ...args], options);
  return { status, output: stdout + stderr };
}

describe('npm start -- --issuer', () => {
  let provider: LocalServer | undefined;
  let command: WatchedCommand | undefined;
  let url = '';
  let api = '';

  beforeAll(async () => {
    provider = await startServer(idpCommand, () => ({
      stdinIsLease: true,
      testHooks: true,
      audience: 'urn:outside',
      clients: {},
    }));
    url = String(provider.ready['issuer']);
    const grants = 'grants=group:analysts=jobs:read';
    const issuer = `kind=rfc9068,url=${url},audience=urn:outside,name=outside,${grants}`;
    command = new WatchedCommand(['start', '--issuer', issuer]);
    await command.waitFor('Try, in another terminal');
    [, api = ''] = /^ +API +(http\S+)$/m.exec(command.output) ?? [];
  });

  afterAll(async () => {
    command?.dispose();
    await provider?.stop();
  });

  it('lists whom the API trusts', () => {
    expect(command?.output).toMatch(/Trusted issuers +local \(rfc9068\) http/);
    expect(command?.output).toContain(`outside (rfc9068) ${url}`);
  });

  it('lets callers of that provider in, with the scopes of the grants', async () => {
    const claims = { aud: 'urn:outside', sub: 'ana', client_id: 'notebook', groups: ['analysts'] };
    const token = await signToken(url, claims);
    expect(await readMe(api, token)).toMatchObject({
      status: 200,
      body: {
        issuer: url,
        issuerName: 'outside',
        subject: 'ana',
        client: 'notebook',
        scopes: ['jobs:read'],
      },
    });
  });

  it('lets no token in that the provider made for somebody else', async () => {
    const claims = { aud: 'urn:jobgate', sub: 'ana', client_id: 'notebook' };
    const token = await signToken(url, claims);
    expect(await readMe(api, token)).toMatchObject({ status: 401 });
  });

  it('keeps CORS off', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' };
    const preflight = await fetch(`${api}/templates`, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(404);
    const answer = await fetch(`${api}/health`, { headers });
    expect(answer.status).toBe(200);
    for (const each of [preflight, answer]) {
      expect(each.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('ends with everything that it started', async () => {
    command?.pressCtrlC();
    expect((await command?.ended)?.status).toBe(0);
    expect(command?.findLeftovers()).toEqual([]);
  });

  it('says before anything is started that an address is no issuer', () => {
    const issuer = `kind=rfc9068,url=${url}/nobody,audience=urn:outside`;
    const { status, output: said } = runStart('--issuer', issuer);
    expect(status).toBe(1);
    expect(said).toContain('/nobody is no issuer');
    expect(said).not.toContain('local AWS');
  });

  it('says which rule of the configuration an issuer breaks', () => {
    const issuer = `kind=cognito,url=${url},audience=urn:outside`;
    const { status, output: said } = runStart('--issuer', issuer);
    expect(status).toBe(1);
    expect(said).toContain('JOBGATE_ISSUERS[1].clients');
  });
});
