import { describe, expect, it } from 'vitest';
import {
  issueTicket,
  listUploads,
  toUploadPlace,
  toUploadUri,
} from '../../../shared/jobs/uploads.ts';
import { ANALYST } from '../../support/callers.ts';
import { createClock, FAR } from '../../support/clock.ts';
import { createMemoryStorage } from '../../support/memory-storage.ts';

const WHERE = { deployment: 'jobgate-prod', bucket: 'drop' };
const FILE = {
  name: 'etl.py',
  size: 30,
  contentType: 'text/x-python',
  md5: 'XUa5qjmgv39WcK1qhSzzJQ==',
  sha256: '5bda97ec3bc7ad5ee1c06170dd8a14b569d02ed9c0d6ac9e51df4b8475107215',
};

describe('the area of a caller', () => {
  it('is named by a hash of deployment, issuer, subject and actor', () => {
    expect(toUploadPlace(ANALYST, WHERE)).toEqual({
      root: 'gs://drop/uploads/',
      area: 'gs://drop/uploads/hsolysfx324xnhlbcwl3xv7dvy/',
    });
  });

  it('is nobody else’s: not that of another deployment, issuer, subject, or of who acts for them', () => {
    const areas = [
      toUploadPlace(ANALYST, WHERE),
      toUploadPlace(ANALYST, { ...WHERE, deployment: 'jobgate-test' }),
      toUploadPlace({ ...ANALYST, issuer: 'https://other.example' }, WHERE),
      toUploadPlace({ ...ANALYST, subject: 'otto' }, WHERE),
      toUploadPlace({ ...ANALYST, actor: 'agent-7' }, WHERE),
      toUploadPlace({ ...ANALYST, actor: 'agent-8' }, WHERE),
      toUploadPlace({ ...ANALYST, actor: '' }, WHERE),
    ].map(({ area }) => area);
    expect(new Set(areas).size).toBe(areas.length);
  });

  it('is the same whatever client and token the caller comes by', () => {
    const other = { ...ANALYST, client: 'console', tokenId: 'token-9', groups: [] };
    expect(toUploadPlace(other, WHERE)).toEqual(toUploadPlace(ANALYST, WHERE));
  });
});

describe('an upload', () => {
  const place = toUploadPlace(ANALYST, WHERE);

  it('is called by a random id, its size, its SHA-256 and its name', () => {
    expect(toUploadUri(place, FILE, new Uint8Array(16))).toBe(
      `${place.area}${'a'.repeat(26)}/30/${FILE.sha256}/etl.py`,
    );
    expect(toUploadUri(place, FILE, new Uint8Array(16).fill(255))).toBe(
      `${place.area}${'7'.repeat(25)}4/30/${FILE.sha256}/etl.py`,
    );
  });

  it('may be put by a link for five minutes, once, with this size, type and content', async () => {
    const storage = createMemoryStorage();
    const access = { account: 'signer', deadline: FAR };
    const uri = toUploadUri(place, FILE, new Uint8Array(16));
    const ticket = await issueTicket(uri, FILE, { storage, access, now: createClock().now });
    expect(ticket).toMatchObject({
      uri,
      method: 'PUT',
      headers: {
        'content-md5': 'XUa5qjmgv39WcK1qhSzzJQ==',
        'content-type': 'text/x-python',
        'x-goog-content-length-range': '30,30',
        'x-goog-if-generation-match': '0',
      },
      expiresAt: '2026-01-15T12:05:00.000Z',
    });
    expect(ticket.url).toContain(
      'expires=300&headers=content-md5;content-type;x-goog-content-length-range;x-goog-if-generation-match',
    );
    expect(storage.accesses).toEqual([access]);
  });

  it('is told from other parameters by where it lies', () => {
    const [one, two] = [`${place.area}x`, `${place.area}y`];
    const parameters = { b: one, a: two, c: `${place.root}x`, d: 7, e: [one], f: 'gs://drop/x' };
    expect(listUploads(parameters, place)).toEqual([two, one]);
    expect(listUploads(parameters, null)).toEqual([]);
  });
});
