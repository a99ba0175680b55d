/** A refusal of Cloud Storage, which has one form in its JSON API and one in its XML API. */
export class StorageError extends Error {
  readonly status: number;
  /** The `reason` of the JSON API. */
  readonly reason: string;
  /** The `Code` of the XML API. */
  readonly code: string;
  readonly details: string | undefined;

  constructor(kind: StorageErrorKind, message: string, details?: string) {
    super(message);
    this.status = kinds[kind].status;
    this.reason = kinds[kind].reason;
    this.code = kind;
    this.details = details;
  }
}

/** Source: https://cloud.google.com/storage/docs/xml-api/reference-status and /json_api/v1/status-codes */
const kinds = {
  InvalidArgument: { status: 400, reason: 'invalid' },
  InvalidBucketName: { status: 400, reason: 'invalid' },
  AuthorizationQueryParametersError: { status: 400, reason: 'invalid' },
  MalformedSecurityHeader: { status: 400, reason: 'invalid' },
  EntityTooLarge: { status: 400, reason: 'invalid' },
  EntityTooSmall: { status: 400, reason: 'invalid' },
  InvalidDigest: { status: 400, reason: 'invalid' },
  BadDigest: { status: 400, reason: 'invalid' },
  AuthenticationRequired: { status: 401, reason: 'required' },
  InvalidCredentials: { status: 401, reason: 'authError' },
  AccessDenied: { status: 403, reason: 'forbidden' },
  SignatureDoesNotMatch: { status: 403, reason: 'forbidden' },
  // Google's page lists 400. Here every signed URL that does not hold gets the same status.
  ExpiredToken: { status: 403, reason: 'forbidden' },
  NoSuchKey: { status: 404, reason: 'notFound' },
  NoSuchBucket: { status: 404, reason: 'notFound' },
  NoSuchUpload: { status: 404, reason: 'notFound' },
  OperationAborted: { status: 409, reason: 'conflict' },
  PreconditionFailed: { status: 412, reason: 'conditionNotMet' },
  // The JSON API's answer to what is EntityTooLarge in the XML API.
  UploadTooLarge: { status: 413, reason: 'uploadTooLarge' },
  InvalidRange: { status: 416, reason: 'requestedRangeNotSatisfiable' },
  SlowDown: { status: 429, reason: 'rateLimitExceeded' },
  NotImplemented: { status: 501, reason: 'notImplemented' },
  InternalError: { status: 500, reason: 'backendError' },
  ServiceUnavailable: { status: 503, reason: 'backendError' },
} as const;

/** The `Code` of a Cloud Storage error. */
export type StorageErrorKind = keyof typeof kinds;

/** Makes the 403 of a missing permission, in Google's words. */
export function storageDenied(who: string, permission: string): StorageError {
  const place = permission.startsWith('storage.buckets.') ? 'bucket' : 'object';
  return new StorageError(
    'AccessDenied',
    `${who} does not have ${permission} access to the Google Cloud Storage ${place}. ` +
      `Permission '${permission}' denied on resource (or it may not exist).`,
  );
}

/** Makes the body of an error in the JSON API. */
export function toJsonBody({ status, message, reason }: StorageError): string {
  const errors = [{ message, domain: 'global', reason }];
  return JSON.stringify({ error: { code: status, message, errors } });
}

/** Makes the body of an error in the XML API. */
export function toXmlBody({ code, message, details }: StorageError): string {
  const more = details === undefined ? '' : `<Details>${escapeXml(details)}</Details>`;
  return (
    `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code>` +
    `<Message>${escapeXml(message)}</Message>${more}</Error>`
  );
}

function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
  return text.replaceAll(/[&<>]/g, (character) => entities[character] ?? '');
}
