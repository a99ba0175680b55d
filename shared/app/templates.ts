import type { Caller } from '../identity/caller.ts';
import { decideStart } from '../policy/decision.ts';
import type { Catalog } from '../templates/catalog.ts';
import type { Template } from '../templates/template.ts';

/** A template in the list. */
export interface TemplateSummary {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly deprecated: boolean;
  readonly links: { readonly self: string };
}

/** A template in full: what a caller needs to fill in its parameters. Policy and accounts beyond its own stay inside. */
export interface TemplateView extends TemplateSummary {
  readonly digest: string;
  readonly owner: string;
  readonly target: string;
  readonly parameters: Template['parameters'];
  readonly examples: Template['examples'];
  readonly limits: Template['limits'];
  readonly permission: {
    readonly run: boolean;
    readonly missing: readonly string[];
    readonly access: string;
    /** Those that hold for this caller; null for one who may not run it. */
    readonly limits: Template['limits'] | null;
  };
}

/** Lists the templates that a caller may run. */
export function listRunnable(
  catalog: Catalog,
  caller: Caller,
  publicUrl: string,
): readonly TemplateSummary[] {
  return catalog
    .filter((template) => decideStart(caller, template).kind === 'allow')
    .map((template) => toSummary(template, publicUrl));
}

/** Shows a template, whether this caller may run it, and how to ask for it otherwise. */
export function toTemplateView(
  template: Template,
  caller: Caller,
  publicUrl: string,
): TemplateView {
  const decision = decideStart(caller, template);
  return {
    ...toSummary(template, publicUrl),
    digest: template.digest,
    owner: template.owner,
    target: template.target,
    parameters: template.parameters,
    examples: template.examples,
    limits: template.limits,
    permission: {
      run: decision.kind === 'allow',
      missing: decision.kind === 'deny' ? decision.missing : [],
      access: template.access,
      limits: decision.kind === 'allow' ? decision.limits : null,
    },
  };
}

function toSummary(template: Template, publicUrl: string): TemplateSummary {
  const { name, version, title, description, deprecated } = template;
  const self = `${publicUrl}/v1/templates/${name}`;
  return { name, version, title, description, deprecated, links: { self } };
}
