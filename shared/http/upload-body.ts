import type { UploadRequest } from '../jobs/uploads.ts';
import { Problem } from '../problem.ts';
import { checkValue, type Validator } from '../templates/parameters.ts';

/**
 * Checks a body against shared/http/schemas/create-upload.schema.json and the deployment's bound, in bytes.
 * @throws Problem `validation_failed`.
 */
export function parseUploadBody(
  rawBody: Readonly<Record<string, unknown>>,
  validator: Validator,
  maxBytes: number,
): UploadRequest {
  const body = structuredClone(rawBody);
  const errors = checkValue(validator, body, '');
  if (errors.length > 0) {
    throw new Problem('validation_failed', 'The body does not match the schema of create-upload.', {
      errors,
    });
  }
  const checked = body as unknown as UploadRequest;
  if (checked.size <= maxBytes) return checked;
  throw new Problem('validation_failed', 'The file is larger than this deployment takes.', {
    errors: [{ pointer: '/size', message: `must be <= ${maxBytes}` }],
  });
}
