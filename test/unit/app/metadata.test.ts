import { describe, expect, it } from 'vitest';
import { toResourceMetadata, type ResourceMetadata } from '../../../shared/app/metadata.ts';
import { readIdentityConfig } from '../../../shared/config/issuers.ts';
import { ROUTES } from '../../../shared/http/routes.ts';
import { CORE_ENVIRONMENT } from '../../support/environment.ts';

const TENANT = '11111111-2222-3333-4444-555555555555';

interface Issuer {
  readonly kind: string;
  readonly issuer: string;
  readonly loginClient?: string;
  readonly clients?: readonly string[];
}

function describeResource(...issuers: readonly Issuer[]): ResourceMetadata {
  const entries = issuers.map((entry, index) => ({
    name: `issuer-${index}`,
    audience: 'urn:jobgate',
    jwksUri: 'https://keys.example/jwks',
    algorithms: ['RS256'],
    ...entry,
  }));
  return toResourceMetadata(
    readIdentityConfig({ ...CORE_ENVIRONMENT, JOBGATE_ISSUERS: JSON.stringify(entries) }),
  );
}

const COGNITO = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123';

describe('the protected resource’s metadata', () => {
  it('name the issuers that people and clients ask for tokens, and the clients to log in with', () => {
    const metadata = describeResource(
      { kind: 'rfc9068', issuer: 'https://login.example', loginClient: 'jobgate-cli' },
      { kind: 'okta', issuer: 'https://acme.okta.com/oauth2/abc' },
      { kind: 'entra-v1', issuer: `https://sts.windows.net/${TENANT}/` },
      {
        kind: 'entra-v2',
        issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
        loginClient: 'c-2',
      },
      { kind: 'cognito', issuer: COGNITO, clients: ['c-3'] },
      { kind: 'google', issuer: 'https://accounts.google.com', clients: ['c-4'] },
      {
        kind: 'github-actions',
        issuer: 'https://token.actions.githubusercontent.com',
        clients: ['acme/*'],
      },
      { kind: 'gitlab', issuer: 'https://gitlab.com', clients: ['acme/*'] },
      { kind: 'aws-sts', issuer: 'https://abc.tokens.sts.global.api.aws' },
    );
    expect(metadata).toEqual({
      resource: 'https://api.example/v1',
      resource_name: 'Jobgate',
      authorization_servers: [
        'https://login.example',
        'https://acme.okta.com/oauth2/abc',
        `https://sts.windows.net/${TENANT}/`,
        `https://login.microsoftonline.com/${TENANT}/v2.0`,
        COGNITO,
      ],
      scopes_supported: [
        'jobs:read',
        'jobs:submit',
        'jobs:cancel',
        'jobs:admin',
        'data:read',
        'audit:read',
      ],
      bearer_methods_supported: ['header'],
      jobgate_login_clients: {
        'https://login.example': 'jobgate-cli',
        [`https://login.microsoftonline.com/${TENANT}/v2.0`]: 'c-2',
      },
    });
  });

  it('leave out a list without entries, as RFC 9728 section 3.2 has it', () => {
    const metadata = describeResource({
      kind: 'google',
      issuer: 'https://accounts.google.com',
      clients: ['c-4'],
    });
    expect(metadata).not.toHaveProperty('authorization_servers');
    expect(metadata).not.toHaveProperty('jobgate_login_clients');
  });

  it('name no issuer that is no URL without query and fragment, as RFC 8414 section 2 has it', () => {
    const metadata = describeResource(
      { kind: 'rfc9068', issuer: 'urn:issuer' },
      { kind: 'rfc9068', issuer: 'https://login.example/?a=b' },
      { kind: 'rfc9068', issuer: 'https://login.example/#a' },
    );
    expect(metadata).not.toHaveProperty('authorization_servers');
  });

  it('are found where RFC 9728 section 3.1 looks for them, from the resource’s own URL', () => {
    const { resource } = describeResource({ kind: 'rfc9068', issuer: 'https://login.example' });
    const { pathname, search, hash } = new URL(resource);
    expect(`/.well-known/oauth-protected-resource${pathname}`).toBe(
      ROUTES['get-protected-resource'].path,
    );
    expect([search, hash]).toEqual(['', '']);
  });

  it('list every scope that a route needs', () => {
    const { scopes_supported: known } = describeResource({
      kind: 'rfc9068',
      issuer: 'https://login.example',
    });
    const needed = Object.values(ROUTES).flatMap(({ scope }) => (scope === null ? [] : [scope]));
    expect(needed.filter((scope) => !known.includes(scope))).toEqual([]);
  });
});
