import { type Condition, fieldsMeet, labelsMeet, parseAndFilter } from './and-filter.ts';
import type { Job } from './job.ts';
import { textOr } from './request-fields.ts';
import type { Table } from '../shape.ts';

const fields = { 'status.state': ['ACTIVE', 'NON_ACTIVE'], clusterName: null };

/**
 * Parses what a ListJobsRequest asks of its jobs: a cluster, and a filter or, without one, a state.
 * That a filter may name the cluster is not in the reference; gcloud and the console do it.
 * @throws ApiError INVALID_ARGUMENT
 */
export function parseJobFilter(request: Table): (job: Job) => boolean {
  const clusterName = textOr(request, 'clusterName', undefined);
  const filter = textOr(request, 'filter', '');
  const conditions =
    filter.trim() === ''
      ? toConditions(textOr(request, 'jobStateMatcher', 'ALL'))
      : parseAndFilter(filter, fields);
  return (job) =>
    (clusterName === undefined || job.clusterName === clusterName) &&
    labelsMeet(conditions, job.labels) &&
    fieldsMeet(conditions, {
      'status.state': [job.hasEnded ? 'NON_ACTIVE' : 'ACTIVE'],
      clusterName: [job.clusterName],
    });
}

function toConditions(matcher: string): readonly Condition[] {
  return matcher === 'ALL' ? [] : [{ field: 'status.state', value: matcher }];
}
