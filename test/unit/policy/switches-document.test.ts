import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSwitches, SwitchesError } from '../../../shared/policy/switches-document.ts';

const NOBODY = { subjects: [], clients: [], actors: [], tokenIds: [] };
const OPEN = { admission: { open: true, reason: null }, templates: new Map(), denied: NOBODY };

function parse(document: unknown): unknown {
  return parseSwitches(JSON.stringify(document));
}

function faultOf(text: string): string {
  try {
    parseSwitches(text);
  } catch (error) {
    if (error instanceof SwitchesError) return error.message;
    throw error;
  }
  return 'none';
}

const subject = (change: object): object => ({
  denied: { subjects: [{ issuer: 'login', subject: 'ana', ...change }] },
});
const many = (count: number): readonly object[] =>
  Array.from({ length: count }, (_, index) => ({ issuer: 'i', subject: String(index) }));

describe('the document of the switches', () => {
  it('may be empty: everything is open, and nobody kept out', () => {
    expect(parse({})).toEqual(OPEN);
    expect(parse({ admission: { open: true }, templates: {}, denied: {} })).toEqual(OPEN);
    expect(parse({ denied: NOBODY })).toEqual(OPEN);
  });

  it('holds switches for all templates and for one, and lists of who is kept out', () => {
    const document = {
      admission: { open: false, reason: 'Maintenance until noon.' },
      templates: { preprocess: { open: false }, 'flight-delays': { open: true, reason: 'r' } },
      denied: {
        subjects: [{ issuer: 'https://login.example', subject: 'ana', reason: 'Left.' }],
        clients: [{ issuer: 'login', client: 'old-cli' }],
        actors: [{ issuer: 'login', actor: 'agent-7' }],
        tokenIds: [{ issuer: 'login', tokenId: 't-1' }],
      },
    };
    expect(parse(document)).toEqual({
      admission: { open: false, reason: 'Maintenance until noon.' },
      templates: new Map([
        ['preprocess', { open: false, reason: null }],
        ['flight-delays', { open: true, reason: 'r' }],
      ]),
      denied: {
        subjects: [{ issuer: 'https://login.example', name: 'ana', reason: 'Left.' }],
        clients: [{ issuer: 'login', name: 'old-cli', reason: null }],
        actors: [{ issuer: 'login', name: 'agent-7', reason: null }],
        tokenIds: [{ issuer: 'login', name: 't-1', reason: null }],
      },
    });
  });

  it('holds up to 1,000 entries in up to 64 kB', () => {
    expect(parse({ denied: { subjects: many(1_000) } })).toMatchObject({ templates: new Map() });
    expect(faultOf(JSON.stringify({ denied: { subjects: many(1_001) } }))).toBe(
      'the document has more than 1000 entries',
    );
    expect(faultOf(`{}${' '.repeat(65_534)}`)).toBe('none');
    expect(faultOf(`{}${' '.repeat(65_535)}`)).toBe('the document has more than 65536 bytes');
  });

  const name = 'must be text of 1 to 1024 characters without spaces around it';
  const reason = 'must be one line of 1 to 300 characters';

  it.each<readonly [string, unknown, string]>([
    ['a list', [], 'the document must be an object'],
    ['text', 'open', 'the document must be an object'],
    [
      'an unknown member',
      { denials: {} },
      'the document has a member other than admission, templates, denied',
    ],
    [
      'a prototype',
      JSON.parse('{"__proto__":{}}'),
      'the document has a member other than admission, templates, denied',
    ],
    [
      'an unknown list',
      { denied: { subject: [] } },
      'denied has a member other than subjects, clients, actors, tokenIds',
    ],
    ['a list that is none', { denied: { subjects: {} } }, 'denied.subjects must be a list'],
    [
      'an entry that is text',
      { denied: { subjects: ['ana'] } },
      'denied.subjects[0] must be an object',
    ],
    [
      'an entry of another list',
      { denied: { clients: [{ issuer: 'i', subject: 's' }] } },
      'denied.clients[0] has a member other than issuer, client, reason',
    ],
    [
      'an entry without an issuer',
      subject({ issuer: undefined }),
      `denied.subjects[0].issuer ${name}`,
    ],
    ['an empty name', subject({ subject: '' }), `denied.subjects[0].subject ${name}`],
    ['a name that is a number', subject({ subject: 7 }), `denied.subjects[0].subject ${name}`],
    [
      'a name with a space behind it',
      subject({ subject: 'ana ' }),
      `denied.subjects[0].subject ${name}`,
    ],
    [
      'a name that is too long',
      subject({ subject: 'a'.repeat(1_025) }),
      `denied.subjects[0].subject ${name}`,
    ],
    [
      'a name with a line break',
      subject({ subject: 'a\nb' }),
      `denied.subjects[0].subject ${name}`,
    ],
    ['a reason of two lines', subject({ reason: 'a\nb' }), `denied.subjects[0].reason ${reason}`],
    [
      'a reason that is too long',
      subject({ reason: 'a'.repeat(301) }),
      `denied.subjects[0].reason ${reason}`,
    ],
    ['half a character', subject({ reason: 'a\ud800' }), `denied.subjects[0].reason ${reason}`],
    [
      'a switch that is neither',
      { admission: { open: 'false' } },
      'admission.open must be true or false',
    ],
    ['a switch that is null', { admission: null }, 'admission must be an object'],
    ['switches that are null', { templates: null }, 'templates must be an object'],
    ['lists that are null', { denied: null }, 'denied must be an object'],
    ['a list that is null', { denied: { actors: null } }, 'denied.actors must be a list'],
    [
      'a switch without a word',
      { templates: { preprocess: {} } },
      'templates[0].open must be true or false',
    ],
    [
      'a template’s name that none has',
      { templates: { 'Pre process': { open: false } } },
      'templates has a name that no template has',
    ],
    [
      'an unknown member of a switch',
      { admission: { open: true, until: 'x' } },
      'admission has a member other than open, reason',
    ],
  ])('is refused with %s', (_name, document, fault) => {
    expect(faultOf(JSON.stringify(document))).toBe(fault);
  });

  it('is refused when it is no JSON, and never repeated', () => {
    expect(faultOf('{"denied": secret}')).toBe('the document is not JSON');
    expect(faultOf('')).toBe('the document is not JSON');
  });

  it('is refused when it repeats a member, of which only the last would count', () => {
    const entry = '{"subjects": [{"issuer": "i", "subject": "s"}]}';
    expect(faultOf(`{"denied": ${entry}, "denied": {}}`)).toBe('the document repeats a member');
    expect(faultOf('{"denied": {"clients": [], "cl\\u0069ents": []}}')).toBe(
      'the document repeats a member',
    );
  });

  it('is refused or read whatever it is, and a fault never repeats what stands there', () => {
    const marked = fc.jsonValue().map((value) => ({ denied: { subjects: [value, 'mark-7'] } }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), marked), (value) => {
        expect(faultOf(JSON.stringify(value))).not.toContain('mark-7');
      }),
    );
  });
});
