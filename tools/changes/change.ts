import type { AllowRule, TemplateLimits } from '../../shared/templates/template.ts';
import type { TemplateSource } from '../template-source.ts';

/** What a change is about. */
export type Topic = 'template' | 'access' | 'cost' | 'reach' | 'parameters' | 'program' | 'version';

/** What a change does: gives more, takes something away, breaks callers that were right before, or something else. */
export type Effect = 'wider' | 'narrower' | 'breaking' | 'changed';

/** One thing that a change to a template does, in one sentence. */
export interface Change {
  readonly topic: Topic;
  readonly effect: Effect;
  /** Whether it must be mended before it is merged. */
  readonly fault: boolean;
  readonly text: string;
}

/** The part of a definition that is compared, of a template without faults. */
export interface Definition {
  readonly name: string;
  readonly version: string;
  readonly deprecated: boolean;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly job: Readonly<Record<string, unknown>>;
  readonly target: string;
  readonly submitter: string;
  readonly runtimeAccount?: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly output: { readonly uri: string };
  readonly allow: readonly AllowRule[];
  readonly limits: TemplateLimits;
}

/** A template before and after. */
export interface Versions {
  readonly before: TemplateSource;
  readonly after: TemplateSource;
}

/** Two definitions of one template. */
export interface Definitions {
  readonly before: Definition;
  readonly after: Definition;
}

/** The definition of a template that has no faults: its schema has checked each member. */
export function toDefinition(source: TemplateSource): Definition {
  if (source.faults.length > 0) throw new Error(`${source.name} has faults`);
  return source.content as unknown as Definition;
}

/** Makes a change that is no fault. */
export function say(topic: Topic, effect: Effect, text: string): Change {
  return { topic, effect, fault: false, text };
}
