import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ISSUER_KIND_NAMES, parseIssuerOptions } from '../../../local/up/issuer-option.ts';
import { projectFolder } from '../../../local/up/layout.ts';
import { ISSUER_KINDS } from '../../../shared/config/issuer-kinds.ts';

const GOOD = 'kind=rfc9068,url=https://login.example.com,audience=urn:jobgate';

function parse(...texts: readonly string[]): unknown {
  return parseIssuerOptions(texts.flatMap((text) => ['--issuer', text]));
}

describe('--issuer', () => {
  it('is an issuer with a name made from its host', () => {
    expect(parse(GOOD)).toEqual([
      {
        kind: 'rfc9068',
        url: 'https://login.example.com',
        name: 'login-example-com',
        members: { audience: 'urn:jobgate', algorithms: ['RS256', 'ES256'] },
      },
    ]);
  });

  it('may be given several times, and with an equals sign', () => {
    const other = 'kind=aws-sts,url=https://a.tokens.sts.global.api.aws,audience=urn:jobgate';
    expect(parseIssuerOptions([`--issuer=${GOOD}`, '--issuer', other])).toMatchObject([
      { kind: 'rfc9068' },
      { kind: 'aws-sts', members: { algorithms: ['RS256', 'ES384'] } },
    ]);
  });

  it('takes grants and plans, one rule at a time, and lists', () => {
    const rules =
      'name=acme,grants=group:analysts=jobs:read+jobs:submit,grants=tag:team=data=jobs:read,plans=client:ci=automation';
    const rest = 'clients=one+other,algorithms=PS256,plan=limited,groupsClaim=/realm/groups';
    expect(parse(`${GOOD},${rules},${rest}`)).toMatchObject([
      {
        name: 'acme',
        members: {
          grants: {
            'group:analysts': ['jobs:read', 'jobs:submit'],
            'tag:team=data': ['jobs:read'],
          },
          plans: { 'client:ci': 'automation' },
          clients: ['one', 'other'],
          algorithms: ['PS256'],
          plan: 'limited',
          groupsClaim: '/realm/groups',
        },
      },
    ]);
  });

  it.each([
    ['audience=urn:jobgate,url=https://a.example', 'kind=… is missing'],
    ['kind=rfc9068,audience=urn:jobgate', 'url=… is missing'],
    ['kind=rfc9068,url=https://a.example', 'audience=… is missing'],
    [`${GOOD},colour=red`, 'there is no key "colour": use name, kind,'],
    [`${GOOD},kind=okta`, 'kind is there twice'],
    [`${GOOD},name=`, '"name=" is not <key>=<value>'],
    ['', '"" is not <key>=<value>'],
    ['kind=saml,url=https://a.example,audience=a', 'there is no kind "saml": use one of rfc9068,'],
    [`${GOOD},grants=group:analysts`, '"group:analysts" is not <selector>=<value>'],
    [`${GOOD},name=local`, `"local" names two issuers, the stack's own is "local"`],
  ])('%j is refused with what to do', (text, sentence) => {
    expect(() => parse(text)).toThrow(sentence);
  });

  it('is refused for two issuers of one name', () => {
    expect(() => parse(GOOD, GOOD)).toThrow('"login-example-com" names two issuers');
  });

  it('is refused when there are too many', () => {
    const many = Array.from({ length: 9 }, (_, index) => `${GOOD},name=i${index}`);
    expect(() => parse(...many)).toThrow('may be given 8 times');
  });

  it.each(['start', '--issuers', '-x'])('is all that npm start knows, not %s', (word) => {
    expect(() => parseIssuerOptions([word])).toThrow(`npm start knows no argument "${word}"`);
  });

  it('is explained with every kind that the API knows', () => {
    expect([...ISSUER_KIND_NAMES].sort()).toEqual(Object.keys(ISSUER_KINDS).sort());
    const command = [join(projectFolder, 'local/run.mjs'), 'start', '--help'];
    const help = execFileSync(process.execPath, command, { encoding: 'utf8' });
    expect(help).toContain(`kind         ${ISSUER_KIND_NAMES.join(', ')}\n`);
  });
});
