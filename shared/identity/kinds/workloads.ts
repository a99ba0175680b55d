import {
  checkName,
  findName,
  isName,
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
  requiredClaims: ['jti', 'repository_id'],
  read: (claims) => ({
    ...readJob(claims, 'repository', 'repository_id'),
    groups: [
      `owner:${readName(claims, 'repository_owner')}`,
      ...label(claims, 'repository_owner_id'),
    ],
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
  requiredClaims: ['jti', 'project_id'],
  read: (claims) => ({
    ...readJob(claims, 'project_path', 'project_id'),
    groups: [`namespace:${readName(claims, 'namespace_path')}`],
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
    const subject = readName(claims, 'sub');
    if (!/^arn:aws[a-z-]*:(iam|sts)::\d{12}:\S+$/.test(subject)) throw refuseClaim('sub');
    const details = readMembers(claims.get(AWS_CLAIMS));
    readName(details, 'aws_account');
    const groups = [
      ...label(details, 'aws_account', 'account'),
      ...label(details, 'org_id', 'org'),
    ];
    const tags = listTags(details);
    return { ...NOTHING, subject, client: subject, groups, tags, tokenId: readName(claims, 'jti') };
  },
};

/** A key may hold `=`; in `key=value` it could imitate another key, so it names nothing, and nor does what is no name. */
function listTags(details: Claims): readonly string[] {
  return [...readMembers(details.get('principal_tags'))]
    .filter(([key, value]) => !key.includes('=') && isName(value))
    .map(([key, value]) => `${key}=${String(value)}`)
    .filter(isName);
}

/**
 * Who a job is: what `sub` holds is the owner's to choose, so that two repositories may have the same one, and names
 * come back; the number of the repository or project does neither.
 */
function readJob(claims: Claims, client: string, id: string): ClaimedIdentity {
  return {
    ...NOTHING,
    subject: checkName(`${readName(claims, id)}/${readName(claims, 'sub')}`, 'sub'),
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
