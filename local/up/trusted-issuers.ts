import { audience } from './clients.ts';

/** An issuer in the form of the template's parameter `issuers`; what else it may say is the template's to judge. */
export type TrustedIssuer = Readonly<Record<string, unknown>> & {
  readonly name: string;
  readonly kind: string;
  readonly issuer: string;
};

/** The public client of the local identity provider with which people log in. */
const LOGIN_CLIENT = 'jobgate-cli';

interface IssuerAddresses {
  readonly issuer: string;
  readonly jwksUri: string;
}

/** Describes the stack's own identity provider. */
export function toLocalIssuer({ issuer, jwksUri }: IssuerAddresses): TrustedIssuer {
  return {
    name: 'local',
    kind: 'rfc9068',
    issuer,
    audience,
    jwksUri,
    algorithms: ['RS256'],
    loginClient: LOGIN_CLIENT,
    tokenScopes: [
      'jobs:read',
      'jobs:submit',
      'jobs:cancel',
      'jobs:admin',
      'data:read',
      'audit:read',
    ],
  };
}
