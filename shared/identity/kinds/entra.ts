import {
  readName,
  readNames,
  readScopeText,
  refuseClaim,
  requireValue,
  type Claims,
} from '../claims.ts';
import { TokenRefusedError } from '../refusal.ts';
import type { TokenKind } from './kind.ts';

interface Version {
  readonly version: '1.0' | '2.0';
  /** The claim that names the client. */
  readonly client: string;
  /** The claim that says how the client proved who it is: `0` not at all, `1` by secret, `2` by certificate. */
  readonly proof: string;
}

/** Access tokens of Microsoft Entra ID, version 1.0. Source: Microsoft identity platform, access token claims. */
export const ENTRA_V1_TOKEN = toKind({ version: '1.0', client: 'appid', proof: 'appidacr' });

/** Access tokens of Microsoft Entra ID, version 2.0. Source: as above. */
export const ENTRA_V2_TOKEN = toKind({ version: '2.0', client: 'azp', proof: 'azpacr' });

function toKind({ version, client, proof }: Version): TokenKind {
  return {
    types: ['jwt'],
    needsAudience: true,
    requiredClaims: ['tid', 'oid', 'ver', 'uti', client],
    read: (claims, issuer) => {
      requireValue(claims, 'ver', version);
      requireValue(claims, 'tid', readTenant(issuer.issuer));
      refuseOverage(claims);
      return {
        subject: `${readName(claims, 'tid')}/${readName(claims, 'oid')}`,
        client: readName(claims, client),
        scopes: readScopes(claims, proof),
        groups: readNames(claims, 'groups'),
        roles: readNames(claims, 'roles'),
        tags: [],
        tokenId: readName(claims, 'uti'),
      };
    },
  };
}

/** The configuration holds that there is one. */
function readTenant(issuer: string): string | undefined {
  return /\/([0-9a-f-]{36})\//.exec(issuer)?.[1];
}

/** Groups that did not fit into the token are unknown, which is not none. */
function refuseOverage(claims: Claims): void {
  const overage = ['_claim_names', 'hasgroups'].find((name) => claims.has(name));
  if (overage !== undefined) throw new TokenRefusedError('groups_overage', { claim: overage });
}

/**
 * A token is an application's (`idtyp` says so) or carries what a person consented to (`scp`), never both; with
 * neither it is no access token. An application must have proved who it is.
 */
function readScopes(claims: Claims, proof: string): readonly string[] {
  if (claims.get('idtyp') !== 'app') {
    readName(claims, 'scp');
    return readScopeText(claims, 'scp');
  }
  if (claims.has('scp')) throw refuseClaim('scp');
  if (!['1', '2'].includes(String(claims.get(proof)))) {
    throw new TokenRefusedError('public_client', { claim: proof });
  }
  return [];
}
