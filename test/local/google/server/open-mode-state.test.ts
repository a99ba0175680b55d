import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseObject } from '../../../../local/google/shape.ts';
import { accounts, parent, send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();
const stateDirectory = join(folder, 'state');
const scope = ['https://www.googleapis.com/auth/cloud-platform'];

afterAll(removeFolder);

function start(checkCredentials: boolean): Promise<LocalServer> {
  return startGoogle(folder, { run: 'open-mode-state-test', checkCredentials, stateDirectory });
}

async function call(server: LocalServer, name: string, body: object): Promise<unknown> {
  const path = `v1/projects/-/serviceAccounts/${name}`;
  const url = `${String(server.ready['google'])}/${path}`;
  return (await send(url, { method: 'POST', token: 'signer-token', body })).body;
}

function keyOf(answer: unknown): unknown {
  return parseObject(answer, 'the answer')['keyId'];
}

describe('a server that checks no credentials', () => {
  it('leaves no token to one that does, and signs with a key of its own', async () => {
    const payload = Buffer.from('text').toString('base64');
    const open = await start(false);
    const minted = await call(open, `${accounts.owner}:generateAccessToken`, { scope });
    const token = String(parseObject(minted, 'the answer')['accessToken']);
    const openKey = keyOf(await call(open, `${accounts.signer}:signBlob`, { payload }));
    await open.stop();
    const closed = await start(true);
    const google = String(closed.ready['google']);
    expect(await send(`${google}/v1/${parent}/batches`, { token })).toMatchObject({ status: 401 });
    const closedKey = keyOf(await call(closed, `${accounts.signer}:signBlob`, { payload }));
    await closed.stop();
    const openAgain = await start(false);
    const laterKey = keyOf(await call(openAgain, `${accounts.signer}:signBlob`, { payload }));
    await openAgain.stop();
    expect(token).toMatch(/^ya29\./);
    expect(new Set([openKey, closedKey, laterKey]).size).toBe(3);
  });
});
