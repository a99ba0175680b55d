import {
  checkName,
  findName,
  readMembers,
  readName,
  refuseClaim,
  requireValue,
  type Claims,
} from '../claims.ts';
import type { ClaimedIdentity, TokenKind } from './kind.ts';

const WORKLOAD = { types: ['jwt'], needsAudience: true } as const;
/** A workload's token carries no scopes: what it may do is the configuration's to say. */
const NOTHING = { scopes: [], groups: [], roles: [], tags: [] } as const;
const SERVICE_ACCOUNT = /^[\w.+-]+@[\w.-]+\.gserviceaccount\.com$/;

/** ID tokens of Google service accounts; people's are refused. Source: Google Cloud, types of tokens, ID tokens. */
export const GOOGLE_TOKEN: TokenKind = {
  ...WORKLOAD,
  requiredClaims: ['email'],
  read: (claims) => {
    const client = readName(claims, 'email');
    if (!SERVICE_ACCOUNT.test(client)) throw refuseClaim('email');
    requireValue(claims, 'email_verified', true);
    return { ...NOTHING, subject: readName(claims, 'sub'), client, tokenId: null };
  },
};

/** Tokens of GitHub Actions jobs. Source: GitHub, OpenID Connect reference. */
export const GITHUB_TOKEN: TokenKind = {
  ...WORKLOAD,
  requiredClaims: ['jti'],
  read: (claims) => ({
    ...readJob(claims, 'repository'),
    groups: [readName(claims, 'repository_owner'), ...label(claims, 'repository_owner_id')],
    roles: [
      ...label(claims, 'ref'),
      ...listRoles(claims, ['event_name', 'job_workflow_ref', 'repository_id']),
    ],
  }),
};

/**
 * ID tokens of GitLab jobs. `ref` names a branch or a tag of that name, so `ref_path` is read, which tells them apart.
 * Source: GitLab, OpenID Connect authentication using ID tokens.
 */
export const GITLAB_TOKEN: TokenKind = {
  ...WORKLOAD,
  requiredClaims: ['jti'],
  read: (claims) => ({
    ...readJob(claims, 'project_path'),
    groups: [readName(claims, 'namespace_path')],
    roles: [
      ...label(claims, 'ref_path', 'ref'),
      ...listRoles(claims, ['pipeline_source', 'project_id']),
    ],
  }),
};

const AWS_CLAIMS = 'https://sts.amazonaws.com/';

/**
 * Tokens of GetWebIdentityToken: `sub` is the ARN of the IAM principal. Request tags are the caller's own words and
 * are never read. Source: AWS IAM user guide, outbound identity federation, token claims.
 */
export const AWS_TOKEN: TokenKind = {
  ...WORKLOAD,
  types: [null, 'jwt'],
  requiredClaims: ['jti'],
  read: (claims) => {
    const { subject, tokenId } = readJob(claims, 'sub');
    if (!/^arn:aws[a-z-]*:(iam|sts)::\d{12}:\S+$/.test(subject)) throw refuseClaim('sub');
    const details = readMembers(claims.get(AWS_CLAIMS));
    readName(details, 'aws_account');
    const groups = [
      ...label(details, 'aws_account', 'account'),
      ...label(details, 'org_id', 'org'),
    ];
    const tags = listTags(details);
    return { ...NOTHING, subject, client: subject, groups, tags, tokenId };
  },
};

/** A key may hold `=`; in `key=value` it could imitate another key, so it names nothing. */
function listTags(details: Claims): readonly string[] {
  const tags = readMembers(details.get('principal_tags'));
  return [...tags.keys()]
    .filter((key) => !key.includes('='))
    .map((key) => checkName(`${key}=${readName(tags, key)}`, 'principal_tags'));
}

function readJob(claims: Claims, client: string): ClaimedIdentity {
  return {
    ...NOTHING,
    subject: readName(claims, 'sub'),
    client: readName(claims, client),
    tokenId: readName(claims, 'jti'),
  };
}

/** Roles of a job, with those that both services name alike; both write the text `true`. */
function listRoles(claims: Claims, names: readonly string[]): readonly string[] {
  const isProtected = claims.get('ref_protected') === 'true';
  return [
    ...['environment', ...names].flatMap((name) => label(claims, name)),
    ...(isProtected ? ['ref_protected:true'] : []),
  ];
}

/** One name `prefix:value`, or none when the claim is absent. */
function label(claims: Claims, claim: string, prefix = claim): readonly string[] {
  const value = findName(claims, claim);
  return value === null ? [] : [`${prefix}:${value}`];
}
