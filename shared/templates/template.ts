import type { Program } from './program.ts';

/** A template's name, checked by {@link parseTemplateName}. */
export type TemplateName = string & { readonly __brand: 'TemplateName' };

/**
 * Admits a caller who matches every list that is present; in each list one match is enough. A rule without `actors`
 * admits only callers who act for themselves.
 */
export interface AllowRule {
  /** Names that the configuration gives to issuers. */
  readonly issuers?: readonly string[];
  readonly groups?: readonly string[];
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly clients?: readonly string[];
  /** Who may act for the subject; `*` stands for any actor. */
  readonly actors?: readonly string[];
  readonly limits?: RuleLimits;
}

/** Lower bounds for the callers of one rule; what is absent is as the template says. */
export interface RuleLimits extends Partial<Omit<TemplateLimits, 'maxConcurrent'>> {
  readonly maxConcurrent?: Partial<TemplateLimits['maxConcurrent']>;
}

/** An amount of money as a decimal string. */
export interface Money {
  readonly amount: string;
  readonly currency: string;
}

/** Bounds of a template's runs. */
export interface TemplateLimits {
  readonly maxRuntimeSeconds: number;
  readonly maxConcurrent: { readonly perCaller: number; readonly perTemplate: number };
  readonly maxRunsPerDay: number;
  readonly maxCost: Money;
}

/** What may be run: the checked content of `templates/<name>/template.yaml` and the digest of its folder. */
export interface Template {
  readonly name: TemplateName;
  /** Semantic version. */
  readonly version: string;
  /** `sha256:` and 64 hexadecimal digits over the folder's files. */
  readonly digest: string;
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  readonly deprecated: boolean;
  /** How to ask for permission to run it: a URL or a sentence. */
  readonly access: string;
  /** JSON Schema 2020-12, closed. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly examples: readonly Readonly<Record<string, unknown>>[];
  readonly program: Program;
  readonly target: string;
  readonly submitter: string;
  /** Null for a template whose jobs run as their cluster's account. */
  readonly runtimeAccount: string | null;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Results of a job lie under `<output><jobId>/`. */
  readonly output: string;
  readonly allow: readonly AllowRule[];
  readonly limits: TemplateLimits;
}

const NAME = /^[a-z][a-z0-9-]{1,40}$/;

/** Checks a template name; undefined when it cannot be one. */
export function parseTemplateName(value: unknown): TemplateName | undefined {
  if (typeof value !== 'string' || !NAME.test(value)) return undefined;
  return value as TemplateName;
}
