import type { UploadsConfig } from '../config/uploads.ts';
import { readJsonBody } from '../http/body.ts';
import type { AuthorizedInvocation } from '../http/endpoint.ts';
import { parseUploadBody } from '../http/upload-body.ts';
import { issueTicket, toUploadPlace, toUploadUri, type UploadTicket } from '../jobs/uploads.ts';
import { decideUpload, refuseUpload } from '../policy/upload.ts';
import { Problem } from '../problem.ts';
import type { Catalog } from '../templates/catalog.ts';
import type { Validator } from '../templates/parameters.ts';
import type { JobsApp } from './jobs.ts';

/** What giving out links to put files needs beside the job adapters. */
export interface UploadApp {
  readonly jobs: () => JobsApp;
  readonly catalog: Catalog;
  readonly bodyValidator: Validator;
  readonly now: () => Date;
  /** Bytes that nobody can guess. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/**
 * Serves one create-upload request: permission, body, then the record of the link before there is one.
 * @throws Problem `uploads_unavailable`, `template_forbidden`, `validation_failed`, those of the body, and upstream problems.
 */
export async function serveUpload(
  invocation: AuthorizedInvocation,
  app: UploadApp,
): Promise<UploadTicket> {
  const { caller, request, deadline, audit } = invocation;
  const { config, storage, toAccess } = app.jobs();
  const { bucket, target, maxBytes } = requireUploads(config.uploads);
  const decision = decideUpload(caller, app.catalog);
  if (decision.kind === 'deny') throw refuseUpload(caller, decision.missing);
  const wanted = parseUploadBody(readJsonBody(request), app.bodyValidator, maxBytes);
  const place = toUploadPlace(caller, { deployment: config.deployment, bucket });
  const uri = toUploadUri(place, wanted, app.randomBytes(16));
  await audit.record({ decision: 'allow', rule: decision.rule, uploads: [uri] });
  const access = toAccess(target, 'signer', deadline);
  return issueTicket(uri, wanted, { storage, access, now: app.now });
}

function requireUploads(uploads: UploadsConfig | null): UploadsConfig {
  if (uploads !== null) return uploads;
  throw new Problem(
    'uploads_unavailable',
    'No bucket for files of callers is configured here. Name a file that the template reads, or ask the operators of this API.',
  );
}
