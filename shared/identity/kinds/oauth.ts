import type { IssuerConfig } from '../../config/issuers.ts';
import {
  findName,
  readName,
  readNames,
  readNamesAt,
  readScopeText,
  requireValue,
  type Claims,
} from '../claims.ts';
import type { ClaimedIdentity, TokenKind } from './kind.ts';

/** The profile for JWT access tokens. Source: RFC 9068 sections 2 and 4. */
export const RFC9068_TOKEN: TokenKind = {
  types: ['at+jwt'],
  needsAudience: true,
  requiredClaims: ['client_id', 'jti'],
  read: (claims, issuer) => ({
    subject: readName(claims, 'sub'),
    client: readName(claims, 'client_id'),
    scopes: readScopeText(claims, 'scope'),
    ...readMemberships(claims, issuer),
    tokenId: readName(claims, 'jti'),
  }),
};

/**
 * Access tokens of an Okta custom authorization server: `uid` is the user and does not change, `sub` is the login.
 * A client's own token has no `uid`. Source: https://developer.okta.com/docs/reference/api/oidc/#access-token.
 */
export const OKTA_TOKEN: TokenKind = {
  types: [null, 'jwt'],
  needsAudience: true,
  requiredClaims: ['cid', 'jti'],
  read: (claims, issuer) => {
    const client = readName(claims, 'cid');
    const user = findName(claims, 'uid');
    if (user === null) requireValue(claims, 'sub', client);
    return {
      subject: user ?? client,
      client,
      scopes: readNames(claims, 'scp'),
      ...readMemberships(claims, issuer),
      tokenId: readName(claims, 'jti'),
    };
  },
};

/**
 * Access tokens of an Amazon Cognito user pool, which name their client and need no audience.
 * Source: Amazon Cognito developer guide, the access token.
 */
export const COGNITO_TOKEN: TokenKind = {
  types: [null, 'jwt'],
  needsAudience: false,
  requiredClaims: ['client_id', 'jti', 'token_use'],
  read: (claims, issuer) => {
    requireValue(claims, 'token_use', 'access');
    return {
      subject: readName(claims, 'sub'),
      client: readName(claims, 'client_id'),
      scopes: readScopeText(claims, 'scope'),
      ...readMemberships(claims, issuer),
      tokenId: readName(claims, 'jti'),
    };
  },
};

function readMemberships(
  claims: Claims,
  issuer: IssuerConfig,
): Pick<ClaimedIdentity, 'groups' | 'roles' | 'tags'> {
  return {
    groups: readNamesAt(claims, issuer.groupsClaim),
    roles: readNamesAt(claims, issuer.rolesClaim),
    tags: [],
  };
}
