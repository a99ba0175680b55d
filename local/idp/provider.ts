import { randomBytes } from 'node:crypto';
import Provider, {
  type AccessToken,
  type ClientCredentials,
  type ClientMetadata,
  type Configuration,
  errors,
  type KoaContextWithOIDC,
  type ResourceServer,
} from 'oidc-provider';
import type { IdpConfiguration } from './configuration.ts';
import type { SigningKey } from './signing-keys.ts';

/** The public client of the command line: device flow, or code with PKCE on a loopback port. */
export const cliClientId = 'jobgate-cli';

/** What a person at the command line may ask for; administration is for registered clients. */
const cliScopes = ['jobs:read', 'jobs:submit', 'jobs:cancel'] as const;
/** Every scope of the API: one that a client was not given is refused, not ignored. */
const knownScopes = [...cliScopes, 'jobs:admin', 'data:read', 'audit:read'] as const;
const openidScopes = ['openid', 'offline_access'] as const;
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const hourSeconds = 3600;

/**
 * Makes the OpenID provider that answers at the issuer. The first key of each algorithm signs; all
 * are in the JWKS. Access tokens are RFC 9068 JWTs for the one configured audience.
 * Interactions (device flow, code) live in memory and end with this provider.
 * Source: https://github.com/panva/node-oidc-provider/blob/main/docs/README.md
 */
export function makeProvider(
  issuer: string,
  configuration: IdpConfiguration,
  keys: readonly SigningKey[],
): Provider {
  const apiScopes = apiScopesOf(configuration);
  const provider = new Provider(issuer, {
    jwks: { keys: keys.map((key) => key.jwk) },
    clients: [...Object.values(configuration.clients).map(toClient), cliClient()],
    scopes: [...openidScopes, ...apiScopes],
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    ttl: lives(configuration.accessTokenSeconds),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => configuration.audience,
        // Without it a token asked for together with `openid` is opaque and meant for userinfo.
        useGrantedResource: () => true,
        getResourceServerInfo: (context, resource, client) => {
          grantOwnScopesByDefault(context, client.scope);
          return toResourceServer(configuration, apiScopes, resource);
        },
      },
    },
    extraTokenClaims: (_context, token) => ({ groups: groupsOf(configuration, token) }),
    findAccount: (_context, sub) =>
      Object.hasOwn(configuration.users, sub)
        ? { accountId: sub, claims: () => ({ sub, groups: configuration.users[sub]?.groups }) }
        : undefined,
  });
  provider.on('server_error', (_context, error) => {
    console.error(`idp: ${error.name}: ${error.message}`);
  });
  return provider;
}

function apiScopesOf(configuration: IdpConfiguration): readonly string[] {
  const granted = Object.values(configuration.clients).flatMap((client) => client.scopes);
  return [...new Set([...knownScopes, ...granted])];
}

function toClient(client: IdpConfiguration['clients'][string]): ClientMetadata {
  return {
    client_id: client.id,
    client_secret: client.secret,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: client.scopes.join(' '),
  };
}

function cliClient(): ClientMetadata {
  return {
    client_id: cliClientId,
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token', deviceGrant],
    // RFC 8252 section 7.3: the port of a loopback redirect may be any.
    redirect_uris: ['http://127.0.0.1/callback'],
    response_types: ['code'],
    scope: [...openidScopes, ...cliScopes].join(' '),
  };
}

function lives(accessTokenSeconds: number): NonNullable<Configuration['ttl']> {
  return {
    AccessToken: accessTokenSeconds,
    ClientCredentials: accessTokenSeconds,
    DeviceCode: 600,
    IdToken: accessTokenSeconds,
    Interaction: 600,
    Session: hourSeconds,
    Grant: hourSeconds,
    RefreshToken: hourSeconds,
  };
}

/** RFC 6749 section 3.3 lets the server choose the scope of a client that names none. */
function grantOwnScopesByDefault(context: KoaContextWithOIDC, scope: string | undefined): void {
  const params = context.oidc.params;
  if (params?.['grant_type'] === 'client_credentials') params['scope'] ??= scope;
}

/** RFC 8707 section 2: any other resource is `invalid_target`. */
function toResourceServer(
  configuration: IdpConfiguration,
  apiScopes: readonly string[],
  resource: string,
): ResourceServer {
  if (resource !== configuration.audience) throw new errors.InvalidTarget();
  return {
    scope: apiScopes.join(' '),
    audience: configuration.audience,
    accessTokenFormat: 'jwt',
    accessTokenTTL: configuration.accessTokenSeconds,
    jwt: { sign: { alg: 'RS256' } },
  };
}

function groupsOf(
  configuration: IdpConfiguration,
  token: AccessToken | ClientCredentials,
): readonly string[] {
  if ('accountId' in token) return configuration.users[token.accountId]?.groups ?? [];
  const clients = Object.values(configuration.clients);
  return clients.find((client) => client.id === token.clientId)?.groups ?? [];
}
