import type { Caller } from '../identity/caller.ts';

/** Whether something goes on; `reason` is shown to callers and null when none is given. */
export interface Switch {
  readonly open: boolean;
  readonly reason: string | null;
}

/** One name that is kept out; `issuer` is its `iss` or the name that the configuration gives to it. */
export interface DeniedName {
  readonly issuer: string;
  readonly name: string;
  readonly reason: string | null;
}

/** What can be kept out, and how an entry of it names it. */
export const DENIED_MEMBERS = {
  subjects: 'subject',
  clients: 'client',
  actors: 'actor',
  tokenIds: 'tokenId',
} as const satisfies Record<string, keyof Caller>;

/** A list of names that are kept out. */
export type DeniedList = keyof typeof DENIED_MEMBERS;

/** What operators change without a deployment. */
export interface Switches {
  readonly admission: Switch;
  readonly templates: ReadonlyMap<string, Switch>;
  readonly denied: Readonly<Record<DeniedList, readonly DeniedName[]>>;
}

/** Whether a caller is let in; a denial says by which list. */
export type Entrance =
  | { readonly kind: 'allow' }
  | {
      readonly kind: 'deny';
      readonly list: DeniedList;
      readonly rule: string;
      readonly reason: string | null;
    };

/** A token's own denial comes last: a new token would not help who is kept out by name. */
const LISTS = ['subjects', 'clients', 'actors', 'tokenIds'] as const satisfies DeniedList[];

/** Decides whether a caller is let in. */
export function decideEntrance(switches: Switches, caller: Caller): Entrance {
  for (const list of LISTS) {
    const name = caller[DENIED_MEMBERS[list]];
    const entry = switches.denied[list].find(
      (denied) => denied.name === name && isIssuer(denied.issuer, caller),
    );
    if (entry !== undefined) {
      return { kind: 'deny', list, rule: `switches.denied.${list}`, reason: entry.reason };
    }
  }
  return { kind: 'allow' };
}

/** Either spelling counts: an entry that an operator writes in a hurry must not miss. */
function isIssuer(issuer: string, caller: Caller): boolean {
  return issuer === caller.issuer || issuer === caller.issuerName;
}

/** Whether jobs of a template may start; a pause says by which switch. */
export type Admission =
  | { readonly kind: 'open' }
  | { readonly kind: 'paused'; readonly rule: string; readonly reason: string | null };

/** Decides whether jobs of a template may start: the switch for all of them counts first. */
export function decideAdmission(switches: Switches, template: string): Admission {
  const { admission, templates } = switches;
  if (!admission.open) {
    return { kind: 'paused', rule: 'switches.admission', reason: admission.reason };
  }
  const own = templates.get(template);
  if (own === undefined || own.open) return { kind: 'open' };
  return { kind: 'paused', rule: `switches.templates.${template}`, reason: own.reason };
}
