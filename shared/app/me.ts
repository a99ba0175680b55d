import type { Caller } from '../identity/caller.ts';
import { decideStart } from '../policy/decision.ts';
import type { Catalog } from '../templates/catalog.ts';

/** A template that the caller may run, and the rule that lets them. */
export interface RunnableTemplate {
  readonly name: string;
  readonly version: string;
  readonly rule: string;
  readonly links: { readonly self: string };
}

/** The caller as Jobgate sees it. */
export interface MeView extends Pick<
  Caller,
  'issuer' | 'issuerName' | 'subject' | 'client' | 'actor' | 'scopes' | 'groups' | 'roles' | 'plan'
> {
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly templates: readonly RunnableTemplate[];
  readonly links: { readonly self: string; readonly templates: string };
}

/** Shows a caller who it is and what it may run. The token's id stays out: it is of no use but to switch the token off. */
export function toMeView(caller: Caller, catalog: Catalog, publicUrl: string): MeView {
  const { issuer, issuerName, subject, client, actor, scopes, groups, roles, plan } = caller;
  const templates = `${publicUrl}/v1/templates`;
  return {
    issuer,
    issuerName,
    subject,
    client,
    actor,
    scopes,
    groups,
    roles,
    plan,
    expiresAt: caller.expiresAt.toISOString(),
    templates: catalog.flatMap((template) => {
      const decision = decideStart(caller, template);
      if (decision.kind === 'deny') return [];
      const { name, version } = template;
      return [{ name, version, rule: decision.rule, links: { self: `${templates}/${name}` } }];
    }),
    links: { self: `${publicUrl}/v1/me`, templates },
  };
}
