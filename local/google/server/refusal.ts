import { ApiError } from '../api/api-error.ts';
import { ShapeError } from '../shape.ts';

/** Turns whatever went wrong into what the caller sees; what is a bug goes to standard error. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ShapeError) return new ApiError('INVALID_ARGUMENT', `${error.message}.`);
  process.stderr.write(`google: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  return new ApiError('INTERNAL', 'Internal error encountered.');
}
