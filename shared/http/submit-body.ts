import { Problem } from '../problem.ts';
import { checkValue, type Validator } from '../templates/parameters.ts';

/** The body of submit-job after its schema; parameters are still unchecked. */
export interface SubmitBody {
  readonly template: string;
  readonly templateVersion: string | undefined;
  readonly rawParameters: unknown;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxRuntimeSeconds: number | undefined;
}

/** Checks a body against shared/http/schemas/submit-job.schema.json. @throws Problem `validation_failed`. */
export function parseSubmitBody(
  rawBody: Readonly<Record<string, unknown>>,
  validator: Validator,
): SubmitBody {
  const body = structuredClone(rawBody);
  const errors = checkValue(validator, body, '');
  if (errors.length > 0) {
    throw new Problem('validation_failed', 'The body does not match the schema of submit-job.', {
      errors,
    });
  }
  const checked = body as {
    template: string;
    templateVersion?: string;
    parameters: unknown;
    labels: Record<string, string>;
    maxRuntimeSeconds?: number;
  };
  return {
    template: checked.template,
    templateVersion: checked.templateVersion,
    rawParameters: checked.parameters,
    labels: checked.labels,
    maxRuntimeSeconds: checked.maxRuntimeSeconds,
  };
}
