import { ApiError } from './api-error.ts';

/**
 * Makes the refusal of one field, which is named as the protos name it; an empty name is the whole
 * request's. Source: https://cloud.google.com/apis/design/errors, google.rpc.BadRequest.
 */
export function badField(field: string, message: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', message, [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ ...(field === '' ? {} : { field }), description: message }],
    },
  ]);
}
