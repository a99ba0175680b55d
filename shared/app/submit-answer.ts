import { toLimitHeaders } from '../http/rate-limit.ts';
import type { ApiResponse } from '../http/response.ts';
import type { Caller } from '../identity/caller.ts';
import { isTerminal } from '../jobs/job.ts';
import type { SubmitResult } from '../jobs/submit.ts';
import { toJobView } from '../jobs/view.ts';
import { decideReadData } from '../policy/decision.ts';
import { findTemplate, type Catalog } from '../templates/catalog.ts';

/** Whom a submission is answered to. */
export interface SubmitAudience {
  readonly caller: Caller;
  readonly catalog: Catalog;
  readonly publicUrl: string;
  readonly now: Date;
}

/**
 * Answers a submission: 202 for a new job, 200 with `Idempotency-Replayed: true` for one that was there. `Retry-After`
 * paces polls while the job is active.
 */
export function toSubmitAnswer(
  { record, replayed, usage }: SubmitResult,
  { caller, catalog, publicUrl, now }: SubmitAudience,
): ApiResponse {
  const template = findTemplate(catalog, record.template);
  const mayReadData = decideReadData(caller, record, template).kind === 'allow';
  const body = toJobView(record, { publicUrl, mayReadData });
  const headers = {
    location: body.links.self,
    ...(isTerminal(record.state) ? {} : { 'retry-after': '2' }),
    ...(replayed ? { 'idempotency-replayed': 'true' } : {}),
    ...toLimitHeaders({ holds: record.holds, usage, now }),
  };
  return { status: replayed ? 200 : 202, body, headers };
}
