/**
 * Google's canonical error codes with their gRPC number and HTTP status.
 * Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
 */
export const canonicalCodes = {
  CANCELLED: { code: 1, http: 499 },
  UNKNOWN: { code: 2, http: 500 },
  INVALID_ARGUMENT: { code: 3, http: 400 },
  DEADLINE_EXCEEDED: { code: 4, http: 504 },
  NOT_FOUND: { code: 5, http: 404 },
  ALREADY_EXISTS: { code: 6, http: 409 },
  PERMISSION_DENIED: { code: 7, http: 403 },
  RESOURCE_EXHAUSTED: { code: 8, http: 429 },
  FAILED_PRECONDITION: { code: 9, http: 400 },
  ABORTED: { code: 10, http: 409 },
  UNIMPLEMENTED: { code: 12, http: 501 },
  INTERNAL: { code: 13, http: 500 },
  UNAVAILABLE: { code: 14, http: 503 },
  UNAUTHENTICATED: { code: 16, http: 401 },
} as const satisfies Record<string, { readonly code: number; readonly http: number }>;

/** The name of a canonical error code. */
export type CanonicalCode = keyof typeof canonicalCodes;

/** One entry of an error's `details`, for example a google.rpc.ErrorInfo. */
export type ErrorDetail = Readonly<Record<string, unknown>>;

/**
 * Bounds of an error: over gRPC it travels in headers, and clients break the whole connection over
 * headers of more than 8 or 16 KiB. A message's letters may need three times their bytes there.
 */
const maxMessageBytes = 1024;
const maxDetailTextBytes = 512;
const maxDetailsBytes = 2048;
const ellipsisBytes = 3;

/** A refusal that the caller sees, in Google's words; what is too long of it is cut. */
export class ApiError extends Error {
  readonly status: CanonicalCode;
  readonly details: readonly ErrorDetail[];

  constructor(status: CanonicalCode, message: string, details: readonly ErrorDetail[] = []) {
    super(cutText(message, maxMessageBytes));
    this.status = status;
    this.details = cutDetails(details);
  }

  /** The HTTP status that goes with the code. */
  get httpStatus(): number {
    return canonicalCodes[this.status].http;
  }
}

function cutDetails(details: readonly ErrorDetail[]): readonly ErrorDetail[] {
  let bytes = 0;
  return details.map(cutTexts).filter((detail) => {
    bytes += Buffer.byteLength(JSON.stringify(detail));
    return bytes <= maxDetailsBytes;
  });
}

function cutTexts(detail: ErrorDetail): ErrorDetail {
  const entries = Object.entries(detail).map(([key, value]) => [key, cutValue(value)] as const);
  return Object.fromEntries(entries);
}

function cutValue(value: unknown): unknown {
  if (typeof value === 'string') return cutText(value, maxDetailTextBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? value.map(cutValue) : cutTexts({ ...value });
}

/** Cuts between characters. A character of UTF-16 has one byte at least. */
function cutText(text: string, maxBytes: number): string {
  const start = text.slice(0, maxBytes + 1).toWellFormed();
  if (text.length <= maxBytes && Buffer.byteLength(start) <= maxBytes) return start;
  const { read } = new TextEncoder().encodeInto(start, new Uint8Array(maxBytes - ellipsisBytes));
  return `${start.slice(0, read)}…`;
}

/** Makes Google's error body: `{"error": {"code", "message", "status", "details"?}}`. */
export function toErrorBody(error: ApiError): Readonly<Record<string, unknown>> {
  const { message, status, details, httpStatus } = error;
  const body = { code: httpStatus, message, status };
  return { error: details.length === 0 ? body : { ...body, details } };
}

const codesByHttpStatus: Readonly<Record<number, CanonicalCode>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Finds the canonical code that fits an HTTP status; UNKNOWN when none does. */
export function toCanonicalCode(httpStatus: number): CanonicalCode {
  return codesByHttpStatus[httpStatus] ?? 'UNKNOWN';
}

/** Makes the 403 that names a permission and the resource that it is missing on. */
export function permissionDenied(permission: string, resource: string): ApiError {
  const message = `Permission '${permission}' denied on ${resource} (or it may not exist).`;
  const name = /^resource '(.*)'$/.exec(resource)?.[1];
  return new ApiError('PERMISSION_DENIED', message, [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'IAM_PERMISSION_DENIED',
      domain: 'iam.googleapis.com',
      metadata: name === undefined ? { permission } : { permission, resource: name },
    },
  ]);
}
