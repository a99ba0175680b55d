import { describe, expect, it } from 'vitest';
import { createEntry, type Entry } from '../../../shared/app/switches.ts';
import { parseSwitches } from '../../../shared/policy/switches-document.ts';
import { ANALYST } from '../../support/callers.ts';
import { FAR } from '../../support/clock.ts';

function createBench(document: object): Entry {
  const switches = parseSwitches(JSON.stringify(document));
  return createEntry(() => Promise.resolve(switches));
}

const { issuer } = ANALYST;

describe('the entry', () => {
  it('is open to callers and jobs that no switch names', async () => {
    const entry = createBench({});
    await expect(entry.admit(ANALYST, FAR)).resolves.toBeUndefined();
    await expect(entry.admitJob('tidy', FAR)).resolves.toBeUndefined();
  });

  it.each([
    ['subjects', { subject: 'ana' }, 'subject'],
    ['clients', { client: 'notebook' }, 'client'],
    ['actors', { actor: 'agent-7' }, 'actor'],
  ])(
    'refuses the denied %s with 403, and says who is refused and why',
    async (list, entry, what) => {
      const { admit } = createBench({
        denied: { [list]: [{ issuer, ...entry, reason: 'Left.' }] },
      });
      const caller = { ...ANALYST, actor: 'agent-7' };
      await expect(admit(caller, FAR)).rejects.toMatchObject({
        code: 'access_suspended',
        detail: `You are agent-7, acting for ana. The access of this ${what} is suspended: Left. Ask the operators of this API.`,
        ground: { rule: `switches.denied.${list}` },
        extras: { caller: { issuer, subject: 'ana', client: 'notebook', actor: 'agent-7' } },
      });
    },
  );

  it('refuses a denied subject without a reason when none is given', async () => {
    const { admit } = createBench({ denied: { subjects: [{ issuer, subject: 'ana' }] } });
    await expect(admit(ANALYST, FAR)).rejects.toMatchObject({
      detail:
        'You are ana. The access of this subject is suspended. Ask the operators of this API.',
    });
  });

  it('refuses a denied token with 401, and does not repeat its id', async () => {
    const { admit } = createBench({ denied: { tokenIds: [{ issuer, tokenId: 'token-1' }] } });
    const refusal = admit(ANALYST, FAR);
    await expect(refusal).rejects.toMatchObject({
      code: 'invalid_token',
      detail: 'This token was withdrawn. Get a new one.',
      ground: { rule: 'switches.denied.tokenIds' },
      extras: {},
    });
  });

  it.each([
    [
      { admission: { open: false } },
      'Jobs cannot be started at present. What runs goes on and can be watched.',
    ],
    [
      { admission: { open: false, reason: 'Upgrade' } },
      'Jobs cannot be started at present: Upgrade. What runs goes on and can be watched.',
    ],
    [
      { templates: { tidy: { open: false, reason: 'Wrong sums' } } },
      'Jobs of tidy cannot be started at present: Wrong sums. What runs goes on and can be watched.',
    ],
  ])('pauses jobs and lets callers in: %j', async (document, detail) => {
    const { admit, admitJob } = createBench(document);
    await expect(admit(ANALYST, FAR)).resolves.toBeUndefined();
    await expect(admitJob('tidy', FAR)).rejects.toMatchObject({
      code: 'submissions_paused',
      detail,
      extras: { retryAfter: 60 },
    });
  });

  it('pauses only the template that its switch names', async () => {
    const { admitJob } = createBench({ templates: { tidy: { open: false } } });
    await expect(admitJob('other', FAR)).resolves.toBeUndefined();
  });
});
