import { ApiError, type CanonicalCode } from '../api/api-error.ts';
import { findRetrySeconds } from '../api/error-details.ts';
import { PayloadTooLong } from '../api/http-exchange.ts';
import { ShapeError } from '../shape.ts';
import { StorageError, type StorageErrorKind } from './storage-error.ts';

/** What Cloud Storage calls the canonical codes; the others are internal errors to it. */
const kinds: Readonly<Partial<Record<CanonicalCode, StorageErrorKind>>> = {
  INVALID_ARGUMENT: 'InvalidArgument',
  FAILED_PRECONDITION: 'InvalidArgument',
  UNAUTHENTICATED: 'InvalidCredentials',
  PERMISSION_DENIED: 'AccessDenied',
  NOT_FOUND: 'NoSuchKey',
  ALREADY_EXISTS: 'OperationAborted',
  ABORTED: 'OperationAborted',
  RESOURCE_EXHAUSTED: 'SlowDown',
  UNIMPLEMENTED: 'NotImplemented',
  UNAVAILABLE: 'ServiceUnavailable',
};

/** A refusal that has a canonical code, as every fault has; its status is that of the code. */
export class FaultError extends StorageError {
  override readonly status: number;
  readonly retrySeconds: string | undefined;

  constructor(error: ApiError) {
    super(kinds[error.status] ?? 'InternalError', error.message);
    this.status = error.httpStatus;
    this.retrySeconds = findRetrySeconds(error);
  }
}

/** Turns whatever went wrong into what the caller sees; what is a bug goes to standard error. */
export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if (error instanceof ShapeError) return new StorageError('InvalidArgument', error.message);
  if (error instanceof PayloadTooLong) return new StorageError('UploadTooLarge', error.message);
  if (error instanceof ApiError) return new FaultError(error);
  process.stderr.write(
    `storage: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
  );
  return new StorageError('InternalError', 'We encountered an internal error. Please try again.');
}
