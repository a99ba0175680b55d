import { createAuditReader } from '../audit/reader.ts';
import { readAuditConfig } from '../config/guard.ts';
import { parseAuditQuery } from '../http/audit-query.ts';
import type { AuthorizedInvocation } from '../http/endpoint.ts';
import type { ApiResponse } from '../http/response.ts';
import { findAuditedJob, readJobAudit, type AuditRange, type JobAuditPage } from '../jobs/audit.ts';
import { toAudited } from '../jobs/browse.ts';
import type { JobRecord } from '../jobs/job.ts';
import type { AuditReader } from '../jobs/ports.ts';
import type { AuditRecord } from '../policy/audit-record.ts';
import { readAwsCredentials } from './aws-credentials.ts';
import type { JobsApp } from './jobs.ts';
import { once, type Runtime } from './runtime.ts';

/** What get-job-audit needs beside the invocation. */
export interface AuditApp {
  readonly jobs: () => Pick<JobsApp, 'config' | 'records'>;
  readonly audit: () => AuditReader;
  readonly now: () => Date;
}

/** Builds the reader of the audit from the environment on first use. The returned function throws ConfigError. */
export function buildAuditReader(runtime: Runtime): () => AuditReader {
  return once(() => {
    const { auditLogGroup, region, awsEndpoint } = readAuditConfig(runtime.environment);
    return createAuditReader({
      logGroup: auditLogGroup,
      region,
      endpoint: awsEndpoint,
      credentials: () => readAwsCredentials(runtime),
      now: runtime.now,
    });
  });
}

/**
 * Serves one get-job-audit request, which is recorded itself before anything is read.
 * @throws Problem as {@link findAuditedJob} and {@link readJobAudit} do; `invalid_request`.
 */
export async function serveJobAudit(
  invocation: AuthorizedInvocation,
  app: AuditApp,
): Promise<ApiResponse> {
  const { caller, request, deadline, audit } = invocation;
  const range = parseAuditQuery(request.query);
  const { config, records } = app.jobs();
  const wanted = { caller, rawJobId: request.pathParameters.get('job'), deadline };
  const { record, decision } = await findAuditedJob(wanted, records);
  await audit.record({ decision: 'allow', rule: decision.rule, ...toAudited(record) });
  const ports = { audit: app.audit(), now: app.now, deadline };
  const page = await readJobAudit(record, range, ports);
  return toResponse(record, page, { range, publicUrl: config.publicUrl });
}

function toResponse(
  record: JobRecord,
  { records, next }: JobAuditPage,
  { range, publicUrl }: { readonly range: AuditRange; readonly publicUrl: string },
): ApiResponse {
  const items = records.map(toItem);
  const body = { job: record.id, items, history: record.history };
  if (next === undefined) return { status: 200, body };
  const query = new URLSearchParams({ limit: String(range.limit), next }).toString();
  const link = `<${publicUrl}/v1/jobs/${record.id}/audit?${query}>; rel="next"`;
  return { status: 200, body: { ...body, next }, headers: { link } };
}

/** A record as the API shows it: where the request came from and the token's id are for the operators alone. */
function toItem(record: AuditRecord): Readonly<Record<string, unknown>> {
  const { id, timestamp, action, decision, rule, missing, code } = record;
  const { caller, issuer, client, actor, requestId, correlationId } = record;
  const { path, uploads, replayed } = record;
  return {
    at: timestamp,
    id,
    action,
    decision,
    rule,
    missing,
    code,
    caller: caller === null ? null : { issuer, subject: caller, client, actor },
    requestId,
    correlationId,
    path,
    uploads,
    replayed,
  };
}
