import type { IssuerKind } from '../config/issuer-kinds.ts';
import type { IdentityConfig, IssuerConfig } from '../config/issuers.ts';
import { API_SCOPES } from '../config/selectors.ts';

/** Protected resource metadata; a list without entries is left out. Source: RFC 9728 sections 2 and 3.2. */
export interface ResourceMetadata {
  readonly resource: string;
  readonly resource_name: string;
  readonly authorization_servers?: readonly string[];
  readonly scopes_supported: readonly string[];
  readonly bearer_methods_supported: readonly string[];
  /** By issuer: the public client that `jobgate login` uses. */
  readonly jobgate_login_clients?: Readonly<Record<string, string>>;
}

/** Kinds that people and clients ask for tokens; the others hand theirs to what runs inside them. */
const ASKED = new Set<IssuerKind>(['rfc9068', 'okta', 'entra-v1', 'entra-v2', 'cognito']);

/** Says what the API is and where tokens for it come from. */
export function toResourceMetadata({ publicUrl, issuers }: IdentityConfig): ResourceMetadata {
  const servers = issuers.filter(isAuthorizationServer);
  const clients = servers.flatMap(({ issuer, loginClient }): readonly [string, string][] =>
    loginClient === null ? [] : [[issuer, loginClient]],
  );
  return {
    resource: `${publicUrl}/v1`,
    resource_name: 'Jobgate',
    ...(servers.length === 0 ? {} : { authorization_servers: servers.map(({ issuer }) => issuer) }),
    scopes_supported: API_SCOPES,
    bearer_methods_supported: ['header'],
    ...(clients.length === 0 ? {} : { jobgate_login_clients: Object.fromEntries(clients) }),
  };
}

/** An authorization server is named by a URL without query and fragment. Source: RFC 8414 section 2. */
function isAuthorizationServer({ kind, issuer }: IssuerConfig): boolean {
  return ASKED.has(kind) && /^https?:\/\//.test(issuer) && !/[?#]/.test(issuer);
}
