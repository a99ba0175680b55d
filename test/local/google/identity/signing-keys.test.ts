import { verify } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { SigningKeys } from '../../../../local/google/identity/signing-keys.ts';
import { openShelf } from '../../../../local/google/state/shelf.ts';
import { makeFolder } from '../local-server.ts';

const [folder, remove] = makeFolder();
const email = 'jg-sign-local@local.iam.gserviceaccount.com';
const content = Buffer.from('text');

afterEach(remove);

it("an account's key outlives the server, readable by its owner alone", async () => {
  const before = await new SigningKeys(openShelf(folder, 'keys')).sign(email, content);
  const keys = new SigningKeys(openShelf(folder, 'keys'));
  const publicKey = keys.findPublicKey(email);
  expect(publicKey && verify('RSA-SHA256', content, publicKey, before.signature)).toBe(true);
  expect((await keys.sign(email, content)).keyId).toBe(before.keyId);
  expect(keys.findPublicKey('other')).toBeUndefined();
  const files = readdirSync(join(folder, 'keys'));
  expect(files.map((name) => statSync(join(folder, 'keys', name)).mode & 0o777)).toEqual([0o600]);
});

it('a damaged key is named and not quoted', () => {
  const shelf = openShelf(folder, 'keys');
  writeFileSync(join(folder, 'keys', 'x.json'), JSON.stringify({ email, privateKey: 'PRIVATE' }));
  expect(() => new SigningKeys(shelf)).toThrow(`${join(folder, 'keys', 'x.json')} is damaged`);
});

it('a key that cannot be written down is made when it can be', async () => {
  const keys = new SigningKeys(openShelf(folder, 'keys'));
  rmSync(join(folder, 'keys'), { recursive: true });
  await expect(keys.prepare(email)).rejects.toThrow('ENOENT');
  mkdirSync(join(folder, 'keys'));
  const { keyId } = await keys.sign(email, content);
  const again = new SigningKeys(openShelf(folder, 'keys'));
  expect((await again.sign(email, content)).keyId).toBe(keyId);
});
