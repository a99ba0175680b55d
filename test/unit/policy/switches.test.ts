import { describe, expect, it } from 'vitest';
import { parseSwitches } from '../../../shared/policy/switches-document.ts';
import { decideAdmission, decideEntrance, type Switches } from '../../../shared/policy/switches.ts';
import { ANALYST } from '../../support/callers.ts';

function read(document: object): Switches {
  return parseSwitches(JSON.stringify(document));
}

const CALLER = { ...ANALYST, actor: 'agent-7' };
const { issuer, issuerName } = CALLER;

describe('the entrance', () => {
  it('is open when nobody is kept out', () => {
    expect(decideEntrance(read({}), CALLER)).toEqual({ kind: 'allow' });
  });

  it.each([
    ['subjects', { subject: 'ana' }],
    ['clients', { client: 'notebook' }],
    ['actors', { actor: 'agent-7' }],
    ['tokenIds', { tokenId: 'token-1' }],
  ])('is closed by each of the %s, by the issuer’s URL and by its name', (list, entry) => {
    for (const named of [issuer, issuerName]) {
      const switches = read({ denied: { [list]: [{ issuer: named, ...entry, reason: 'r' }] } });
      expect(decideEntrance(switches, CALLER)).toEqual({
        kind: 'deny',
        list,
        rule: `switches.denied.${list}`,
        reason: 'r',
      });
    }
  });

  it.each([
    ['the same subject of another issuer', { subjects: [{ issuer: 'other', subject: 'ana' }] }],
    ['a subject that is spelt otherwise', { subjects: [{ issuer, subject: 'Ana' }] }],
    ['a subject who is called like the client', { subjects: [{ issuer, subject: 'notebook' }] }],
    ['a client that is called like the subject', { clients: [{ issuer, client: 'ana' }] }],
    ['another token', { tokenIds: [{ issuer, tokenId: 'token-2' }] }],
  ])('is open when only %s is kept out', (_name, denied) => {
    expect(decideEntrance(read({ denied }), CALLER)).toEqual({ kind: 'allow' });
  });

  it('is open for a person whose actor alone is kept out', () => {
    const switches = read({ denied: { actors: [{ issuer, actor: 'agent-7' }] } });
    expect(decideEntrance(switches, ANALYST)).toEqual({ kind: 'allow' });
  });

  it('names the caller before the token, because a new token would not help', () => {
    const switches = read({
      denied: {
        tokenIds: [{ issuer, tokenId: 'token-1' }],
        subjects: [{ issuer, subject: 'ana' }],
      },
    });
    expect(decideEntrance(switches, CALLER)).toMatchObject({ list: 'subjects' });
  });
});

describe('the admission of jobs', () => {
  it('is open unless a switch is off', () => {
    expect(decideAdmission(read({}), 'tidy')).toEqual({ kind: 'open' });
    const others = read({ templates: { other: { open: false }, tidy: { open: true } } });
    expect(decideAdmission(others, 'tidy')).toEqual({ kind: 'open' });
  });

  it('is paused by the switch of the template', () => {
    const switches = read({ templates: { tidy: { open: false, reason: 'Wrong results.' } } });
    expect(decideAdmission(switches, 'tidy')).toEqual({
      kind: 'paused',
      rule: 'switches.templates.tidy',
      reason: 'Wrong results.',
    });
  });

  it('is paused for all templates by the one switch, whatever theirs say', () => {
    const switches = read({ admission: { open: false }, templates: { tidy: { open: true } } });
    expect(decideAdmission(switches, 'tidy')).toEqual({
      kind: 'paused',
      rule: 'switches.admission',
      reason: null,
    });
  });
});
