import { describe, expect, it } from 'vitest';
import {
  readAuthorizerConfig,
  readIdentityConfig,
  type IssuerConfig,
} from '../../../shared/config/issuers.ts';
import { ConfigError, type Environment } from '../../../shared/config/reader.ts';

const ISSUER = {
  name: 'login',
  kind: 'rfc9068',
  issuer: 'https://issuer.example',
  audience: 'urn:jobgate',
  jwksUri: 'https://issuer.example/jwks',
  algorithms: ['RS256', 'ES256'],
};
const CORE = {
  JOBGATE_STAGE: 'prod',
  JOBGATE_VERSION: '0.1.0',
  JOBGATE_PUBLIC_URL: 'https://api.example/prod',
};
const AUTHORIZER = { JOBGATE_DEPLOYMENT: 'jobgate-prod', JOBGATE_PLAN_KEYS: '32' };
const TENANT = '11111111-2222-4333-8444-555555555555';

function toEnvironment(...issuers: readonly unknown[]): Environment {
  return { ...CORE, ...AUTHORIZER, JOBGATE_ISSUERS: JSON.stringify(issuers) };
}

function readIssuer(changes: object): IssuerConfig | undefined {
  return readIdentityConfig(toEnvironment({ ...ISSUER, ...changes })).issuers[0];
}

/** The faults that a configuration is refused for. */
function faultsOf(environment: Environment): readonly string[] {
  try {
    readAuthorizerConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('; ');
    throw error;
  }
  return [];
}

function faultsOfIssuer(changes: object): readonly string[] {
  return faultsOf(toEnvironment({ ...ISSUER, ...changes })).map((fault) =>
    fault.replace('JOBGATE_ISSUERS[0].', ''),
  );
}

describe('an issuer’s configuration', () => {
  it('is complete with what the kind says for what is left out', () => {
    expect(readIssuer({})).toEqual({
      ...ISSUER,
      clients: null,
      groupsClaim: 'groups',
      rolesClaim: 'roles',
      maxTokenAgeSeconds: 14_400,
      tokenScopes: ['jobs:read', 'jobs:submit', 'jobs:cancel'],
      grants: [],
      plan: 'standard',
      plans: [],
      loginClient: null,
    });
  });

  it('may say everything', () => {
    const options = {
      clients: ['cli', 'https://client.example/a'],
      groupsClaim: 'https://claims.example/groups',
      rolesClaim: '/realm_access/a~1b',
      maxTokenAgeSeconds: 600,
      tokenScopes: ['jobs:admin'],
      plan: 'limited',
      loginClient: 'cli',
    };
    const grants = {
      'group:analysts': ['jobs:read', 'template:preprocess:run'],
      'subject:a:b': ['audit:read'],
    };
    const plans = { 'tag:team=a=b': 'automation', 'client:ci': 'standard' };
    expect(readIssuer({ ...options, grants, plans })).toEqual({
      ...ISSUER,
      ...options,
      grants: [
        {
          selector: { kind: 'group', value: 'analysts' },
          scopes: ['jobs:read', 'template:preprocess:run'],
        },
        { selector: { kind: 'subject', value: 'a:b' }, scopes: ['audit:read'] },
      ],
      plans: [
        { selector: { kind: 'tag', value: 'team=a=b' }, plan: 'automation' },
        { selector: { kind: 'client', value: 'ci' }, plan: 'standard' },
      ],
    });
  });

  const algorithms = 'algorithms must list some of RS256, PS256, ES256, ES384, EdDSA';
  const kinds =
    'kind must be one of rfc9068, okta, entra-v1, entra-v2, cognito, google, github-actions, gitlab, aws-sts';
  const grantable =
    'must list some of jobs:read, jobs:submit, jobs:cancel, jobs:admin, data:read, audit:read, template:<name>:run';
  const selector = 'must begin with one of group:, role:, scope:, tag:, client:, subject:, actor:';
  const plan = 'must be one of standard, limited, automation';
  it.each<readonly [string, object, readonly string[]]>([
    ['another kind', { kind: 'saml' }, [kinds]],
    ['the kind of every object', { kind: 'toString' }, [kinds]],
    ['no audience', { audience: '' }, ['audience is missing or malformed']],
    ['a symmetric algorithm', { algorithms: ['RS256', 'HS256'] }, [algorithms]],
    ['the algorithm none', { algorithms: ['none'] }, [algorithms]],
    ['no algorithms', { algorithms: [] }, [algorithms]],
    ['a member that nobody knows', { grant: {} }, ['grant is unknown']],
    ['a name in capitals', { name: 'Login' }, ['name is missing or malformed']],
    ['a name with a dot', { name: 'a.b' }, ['name must be 1 to 40 of a-z, 0-9 and -']],
    ['a long name', { name: 'a'.repeat(41) }, ['name must be 1 to 40 of a-z, 0-9 and -']],
    ['no client in its list', { clients: [] }, ['clients must list at least one client id']],
    ['clients as text', { clients: 'cli' }, ['clients must list at least one client id']],
    ['a client with a space', { clients: ['a b'] }, ['clients must list at least one client id']],
    [
      'a claim without a name',
      { groupsClaim: '' },
      ["groupsClaim must be a claim's name or a JSON pointer"],
    ],
    [
      'a pointer to everything',
      { rolesClaim: '/' },
      ["rolesClaim must be a claim's name or a JSON pointer"],
    ],
    [
      'a pointer with a bad escape',
      { rolesClaim: '/a~2' },
      ["rolesClaim must be a claim's name or a JSON pointer"],
    ],
    [
      'an age below a minute',
      { maxTokenAgeSeconds: 59 },
      ['maxTokenAgeSeconds must be a whole number from 60 to 86400'],
    ],
    [
      'an age above a day',
      { maxTokenAgeSeconds: 86_401 },
      ['maxTokenAgeSeconds must be a whole number from 60 to 86400'],
    ],
    [
      'an age as text',
      { maxTokenAgeSeconds: '600' },
      ['maxTokenAgeSeconds must be a whole number from 60 to 86400'],
    ],
    [
      'a login client that is a list',
      { loginClient: ['cli'] },
      ['loginClient must be a client id'],
    ],
    ['another plan', { plan: 'default' }, [`plan ${plan}`]],
    ['grants as a list', { grants: ['jobs:read'] }, ['grants must be an object']],
    ['an unknown selector', { grants: { 'email:a@b': ['jobs:read'] } }, [`grants[0] ${selector}`]],
    [
      'a selector without a value',
      { grants: { 'group:': ['jobs:read'] } },
      [`grants[0] ${selector}`],
    ],
    ['a selector without a kind', { plans: { analysts: 'standard' } }, [`plans[0] ${selector}`]],
    ['a tag without a key', { grants: { 'tag:=v': ['jobs:read'] } }, [`grants[0] ${selector}`]],
    ['a scope of nobody’s', { grants: { 'group:a': ['jobs:all'] } }, [`grants[0] ${grantable}`]],
    [
      'a scope for all templates',
      { grants: { 'group:a': ['template:*:run'] } },
      [`grants[0] ${grantable}`],
    ],
    ['a scope as text', { grants: { 'group:a': 'jobs:read' } }, [`grants[0] ${grantable}`]],
    ['another plan for somebody', { plans: { 'group:a': 'gold' } }, [`plans[0] ${plan}`]],
  ])('is refused with %s', (_name, changes, faults) => {
    expect(faultsOfIssuer(changes)).toEqual(faults);
  });

  it('names all of its faults at once, and no value', () => {
    const faults = faultsOfIssuer({ name: '!', kind: 'hunter2', jwksUri: 'http://hunter2', x: 1 });
    expect(faults).toHaveLength(4);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('is refused for an issuer or a name that is there before, because only one would count', () => {
    const second = { ...ISSUER, audience: 'urn:other' };
    expect(faultsOf(toEnvironment(ISSUER, second))).toEqual([
      'JOBGATE_ISSUERS[1].issuer is listed before',
      'JOBGATE_ISSUERS[1].name is listed before',
    ]);
  });

  it.each(['[]', '{}', 'null', '"okta"', '[null]', '[[]]'])('is needed: %s', (text) => {
    expect(faultsOf({ ...CORE, ...AUTHORIZER, JOBGATE_ISSUERS: text })).not.toEqual([]);
  });
});

describe('the text of the issuers', () => {
  it('is refused when a member stands there twice: the last one would count, seen by nobody', () => {
    const text = JSON.stringify([ISSUER]).replace('"kind"', '"audience":"urn:other","kind"');
    expect(faultsOf({ ...toEnvironment(ISSUER), JOBGATE_ISSUERS: text })).toEqual([
      'JOBGATE_ISSUERS has a member twice',
    ]);
  });
});

describe('the configuration of the authorizer', () => {
  it('names the deployment and the size of the pools of keys', () => {
    expect(readAuthorizerConfig(toEnvironment(ISSUER))).toMatchObject({
      deployment: 'jobgate-prod',
      planKeys: 32,
    });
  });

  it.each(['1', '9', '10', '49', '50'])('takes a pool of %s keys', (keys) => {
    expect(faultsOf({ ...toEnvironment(ISSUER), JOBGATE_PLAN_KEYS: keys })).toEqual([]);
  });

  it.each(['', '0', '51', '64', '100', '-1', '1.5', '3 ', 'many'])(
    'takes no pool of "%s" keys',
    (keys) => {
      expect(faultsOf({ ...toEnvironment(ISSUER), JOBGATE_PLAN_KEYS: keys })).toHaveLength(1);
    },
  );
});

describe('an issuer of the kind', () => {
  const COGNITO = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123';
  const forms: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'okta',
      ['https://example.okta.com/oauth2/default', 'https://login.example.com/oauth2/aus1-a'],
      [
        'https://example.okta.com',
        'https://example.okta.com/oauth2',
        'https://example.okta.com/oauth2/default/',
        'http://example.okta.com/oauth2/default',
      ],
    ],
    [
      'entra-v2',
      [
        `https://login.microsoftonline.com/${TENANT}/v2.0`,
        `https://login.microsoftonline.us/${TENANT}/v2.0`,
      ],
      [
        `https://login.microsoftonline.com/${TENANT}/v2.0/`,
        `https://login.microsoftonline.com/${TENANT}`,
        'https://login.microsoftonline.com/common/v2.0',
        'https://login.microsoftonline.com/organizations/v2.0',
        `https://sts.windows.net/${TENANT}/`,
        `https://login.microsoftonline.com.attacker.example/${TENANT}/v2.0`,
        `https://a@login.microsoftonline.com/${TENANT}/v2.0`,
      ],
    ],
    [
      'entra-v1',
      [`https://sts.windows.net/${TENANT}/`],
      [
        `https://sts.windows.net/${TENANT}`,
        'https://sts.windows.net/common/',
        `https://login.microsoftonline.com/${TENANT}/v2.0`,
      ],
    ],
    ['cognito', [COGNITO], [`${COGNITO}/`, 'https://auth.example.com/eu-west-1_AbC123']],
    ['google', ['https://accounts.google.com'], ['accounts.google.com', 'https://google.com']],
    [
      'github-actions',
      [
        'https://token.actions.githubusercontent.com',
        'https://token.actions.githubusercontent.com/example',
        'https://github.example.com/_services/token',
      ],
      ['https://token.actions.githubusercontent.com/', 'https://github.com/example/pipelines'],
    ],
    [
      'gitlab',
      ['https://gitlab.com', 'https://example.com/gitlab'],
      ['https://gitlab.com/', 'http://gitlab.com'],
    ],
    [
      'aws-sts',
      ['https://abc123-def456.tokens.sts.global.api.aws'],
      ['https://abc123.tokens.sts.global.api.aws/', 'https://a.tokens.sts.global.api.aws.example'],
    ],
  ];
  const accepted = forms.flatMap(([kind, good]) => good.map((issuer) => [kind, issuer] as const));
  const refused = forms.flatMap(([kind, , bad]) => bad.map((issuer) => [kind, issuer] as const));

  it.each(accepted)('%s may be %s', (kind, issuer) => {
    expect(faultsOfIssuer({ kind, issuer, clients: ['cli'] })).toEqual([]);
  });

  it.each(refused)('%s cannot be %s', (kind, issuer) => {
    const fault = `issuer has not the form of ${kind} issuers`;
    expect(faultsOfIssuer({ kind, issuer, clients: ['cli'] })).toEqual([fault]);
  });

  it('entra-v2 may be played on loopback, on the local stage only', () => {
    const entry = { ...ISSUER, kind: 'entra-v2', issuer: `http://127.0.0.1:8080/${TENANT}/v2.0` };
    const local = { JOBGATE_STAGE: 'local' };
    expect(faultsOf({ ...toEnvironment(entry), ...local })).toEqual([]);
    expect(faultsOf(toEnvironment(entry))).toHaveLength(1);
    const other = { ...entry, issuer: 'http://127.0.0.1:8080/common/v2.0' };
    expect(faultsOf({ ...toEnvironment(other), ...local })).toHaveLength(1);
  });

  it('cognito must list clients, because its tokens need no audience', () => {
    expect(faultsOfIssuer({ kind: 'cognito', issuer: COGNITO })).toEqual([
      'clients must list at least one client id',
    ]);
    expect(readIssuer({ kind: 'cognito', issuer: COGNITO, clients: ['cli'] })).toMatchObject({
      clients: ['cli'],
      groupsClaim: 'cognito:groups',
    });
  });

  it.each([
    ['google', 'https://accounts.google.com'],
    ['github-actions', 'https://token.actions.githubusercontent.com'],
    ['gitlab', 'https://gitlab.com'],
  ])('%s needs a list of clients, because anybody can have a token of it', (kind, issuer) => {
    expect(faultsOfIssuer({ kind, issuer })).toEqual(['clients must list at least one client id']);
  });

  it.each([
    ['entra-v2', `https://login.microsoftonline.com/${TENANT}/v2.0`, 'standard'],
    ['google', 'https://accounts.google.com', 'automation'],
    ['aws-sts', 'https://abc.tokens.sts.global.api.aws', 'automation'],
  ])('%s has claims and a plan of its own', (kind, issuer, plan) => {
    expect(readIssuer({ kind, issuer, clients: ['a@b.gserviceaccount.com'] })).toMatchObject({
      groupsClaim: null,
      rolesClaim: null,
      plan,
    });
    const clients = ['a@b.gserviceaccount.com'];
    expect(faultsOfIssuer({ kind, issuer, clients, groupsClaim: 'groups' })).toEqual([
      `groupsClaim is fixed for ${kind} issuers`,
    ]);
  });
});
