import { LOCAL_STAGE } from './core.ts';
import type { PlanName } from './plans.ts';

/** What the configuration of an issuer of one kind may and must say. */
export interface IssuerRules {
  /** Where `iss` points to; null: anywhere. */
  readonly form: { readonly host: RegExp; readonly path: RegExp } | null;
  /** Claims that hold groups and roles unless configured; null: the kind's own, which cannot be configured. */
  readonly claims: { readonly groups: string; readonly roles: string } | null;
  readonly plan: PlanName;
  /** Whether `clients` must be listed: the kind's tokens need no audience, or anybody in the world can have one. */
  readonly needsClients: boolean;
}

const ANY_HOST = /^[\w.-]+(:\d+)?$/;
const TENANT = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const LISTS = { groups: 'groups', roles: 'roles' } as const;

/** Tokens of these kinds are got by people and programs from a server of the organization. */
const LOGIN = { claims: null, plan: 'standard', needsClients: false } as const;

/** Tokens of these kinds are given to a running job or service account, whosever it is. */
const WORKLOAD = { form: null, claims: null, plan: 'automation', needsClients: true } as const;

/** The kinds of issuers by the name that JOBGATE_ISSUERS gives them. Sources: docs/identity.md. */
export const ISSUER_KINDS = {
  rfc9068: { ...LOGIN, form: null, claims: LISTS },
  // The org authorization server has no path; its tokens are for Okta itself.
  okta: { ...LOGIN, form: { host: ANY_HOST, path: /^\/oauth2\/[\w.-]+$/ }, claims: LISTS },
  'entra-v1': {
    ...LOGIN,
    form: {
      host: /^sts\.(windows\.net|chinacloudapi\.cn)$/,
      path: new RegExp(`^/${TENANT}/$`),
    },
  },
  'entra-v2': {
    ...LOGIN,
    form: {
      host: /^login\.(microsoftonline\.(com|us)|partner\.microsoftonline\.cn)$/,
      path: new RegExp(`^/${TENANT}/v2\\.0$`),
    },
  },
  cognito: {
    form: {
      host: /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/,
      path: /^\/[a-z0-9-]+_[A-Za-z0-9]+$/,
    },
    claims: { groups: 'cognito:groups', roles: 'roles' },
    plan: 'standard',
    needsClients: true,
  },
  google: { ...WORKLOAD, form: { host: /^accounts\.google\.com$/, path: /^$/ } },
  // GitHub.com, an enterprise's own issuer there, and GitHub Enterprise Server.
  'github-actions': {
    ...WORKLOAD,
    form: { host: ANY_HOST, path: /^(\/_services\/token|(\/[\w-]+)?)$/ },
  },
  gitlab: { ...WORKLOAD, form: { host: ANY_HOST, path: /^(\/[\w.-]+)*$/ } },
  // An account has an issuer of its own, so nobody else's principals have its tokens.
  'aws-sts': {
    ...WORKLOAD,
    needsClients: false,
    form: { host: /^[0-9a-z-]+\.tokens\.sts\.global\.api\.aws$/, path: /^$/ },
  },
} as const satisfies Record<string, IssuerRules>;

/** One of {@link ISSUER_KINDS}. */
export type IssuerKind = keyof typeof ISSUER_KINDS;

/** Tells whether a value names a kind. */
export function isIssuerKind(value: unknown): value is IssuerKind {
  return typeof value === 'string' && Object.hasOwn(ISSUER_KINDS, value);
}

/** Tells whether `iss` has the form that issuers of the kind have; on the local stage loopback may play any host. */
export function hasIssuerForm(kind: IssuerKind, issuer: string, stage: string): boolean {
  const { form }: IssuerRules = ISSUER_KINDS[kind];
  if (form === null) return true;
  const [, scheme = '', host = '', path = ''] = /^(https?):\/\/([^/]*)(.*)$/.exec(issuer) ?? [];
  const isLoopback = stage === LOCAL_STAGE && /^127\.0\.0\.1:\d{1,5}$/.test(host);
  const isPlace = isLoopback || (scheme === 'https' && form.host.test(host));
  return isPlace && form.path.test(path);
}
