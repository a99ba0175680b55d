import { Problem } from '../problem.ts';
import { checkValue, type Validator } from '../templates/parameters.ts';
import type { Money } from '../templates/template.ts';

/** The body of submit-job after its schema; what is undefined was left out, and parameters are still unchecked. */
export interface SubmitBody {
  readonly template: string;
  readonly templateVersion: string | undefined;
  readonly planDigest: string | undefined;
  /** The id of the ended job that is to be run again. */
  readonly retryOf: string | undefined;
  readonly rawParameters: unknown;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly maxRuntimeSeconds: number | undefined;
  readonly maxCost: Money | undefined;
}

/** Checks a body against shared/http/schemas/submit-job.schema.json. @throws Problem `validation_failed`. */
export function parseSubmitBody(
  rawBody: Readonly<Record<string, unknown>>,
  validator: Validator,
): SubmitBody {
  const errors = checkValue(validator, rawBody, '');
  if (errors.length > 0) {
    throw new Problem('validation_failed', 'The body does not match the schema of submit-job.', {
      errors,
    });
  }
  const checked = rawBody as {
    template: string;
    templateVersion?: string;
    planDigest?: string;
    retryOf?: string;
    parameters?: unknown;
    labels?: Record<string, string>;
    maxRuntimeSeconds?: number;
    maxCost?: Money;
  };
  return {
    template: checked.template,
    templateVersion: checked.templateVersion,
    planDigest: checked.planDigest,
    retryOf: checked.retryOf,
    rawParameters: checked.parameters,
    labels: checked.labels,
    maxRuntimeSeconds: checked.maxRuntimeSeconds,
    maxCost: checked.maxCost,
  };
}
