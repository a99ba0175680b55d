import type { IssuerKind } from '../../config/issuer-kinds.ts';
import { ENTRA_V1_TOKEN, ENTRA_V2_TOKEN } from './entra.ts';
import type { TokenKind } from './kind.ts';
import { COGNITO_TOKEN, OKTA_TOKEN, RFC9068_TOKEN } from './oauth.ts';
import { AWS_TOKEN, GITHUB_TOKEN, GITLAB_TOKEN, GOOGLE_TOKEN } from './workloads.ts';

/** How the tokens of every kind of issuer are read. */
export const TOKEN_KINDS: Readonly<Record<IssuerKind, TokenKind>> = {
  rfc9068: RFC9068_TOKEN,
  okta: OKTA_TOKEN,
  'entra-v1': ENTRA_V1_TOKEN,
  'entra-v2': ENTRA_V2_TOKEN,
  cognito: COGNITO_TOKEN,
  google: GOOGLE_TOKEN,
  'github-actions': GITHUB_TOKEN,
  gitlab: GITLAB_TOKEN,
  'aws-sts': AWS_TOKEN,
};
