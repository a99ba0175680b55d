import { randomUUID } from 'node:crypto';
import { checkLabels } from './labels.ts';
import {
  invalid,
  numberOf,
  objectOr,
  parseRequestId,
  refuseMisshapen,
  textOr,
  textsByName,
  unimplemented,
} from './request-fields.ts';
import { isWorkField, parseWork, type WorkField } from './work-request.ts';
import { parseObject, type Table } from '../shape.ts';
import { checkSparkProperties } from '../spark/spark-properties.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { SparkWork } from '../spark/work.ts';

/** How often a job whose driver fails is started again; 0 is never. */
export interface RestartLimits {
  readonly perHour: number;
  readonly total: number;
}

/** Where a job is to run. */
export type Placement =
  | { readonly kind: 'name'; readonly clusterName: string }
  | { readonly kind: 'labels'; readonly labels: Readonly<Record<string, string>> };

/** A request to submit a job that has passed every check but those on its cluster. */
export interface JobRequest {
  readonly jobId: string;
  readonly requestId: string | undefined;
  readonly placement: Placement;
  readonly work: SparkWork;
  readonly properties: Readonly<Record<string, string>>;
  readonly limits: RestartLimits;
  readonly labels: Readonly<Record<string, string>>;
  /** What of the job as it was asked for is shown again as it is. */
  readonly asked: PlainMessage;
}

/** The fields of a Job and of a step that say what it does. */
export const workFields = [
  'hadoopJob',
  'sparkJob',
  'pysparkJob',
  'hiveJob',
  'pigJob',
  'sparkRJob',
  'sparkSqlJob',
  'prestoJob',
  'trinoJob',
  'flinkJob',
] as const;

/** Source: JobScheduling in the shipped jobs.proto. */
const maxRestarts = { perHour: 10, total: 240 };

/**
 * Checks a SubmitJobRequest as Dataproc does before it looks for the cluster. What the local
 * Dataproc cannot do is refused by name, so that no job runs otherwise than it was asked to.
 * @throws ApiError INVALID_ARGUMENT or UNIMPLEMENTED
 */
export function parseJobRequest(request: PlainMessage, project: string): JobRequest {
  return refuseMisshapen(() => {
    if (request['job'] === undefined) throw invalid('Job is required.');
    const job = parseObject(request['job'], 'job');
    const placement = parsePlacement(objectOr(job, 'placement'));
    return {
      jobId: parseJobId(objectOr(job, 'reference'), project),
      requestId: parseRequestId(request),
      placement,
      ...parseJobBody(job),
    };
  });
}

/** Parses what jobs and steps of workflows have in common. @throws ApiError or ShapeError */
export function parseJobBody(
  job: Table,
): Pick<JobRequest, 'work' | 'properties' | 'limits' | 'labels' | 'asked'> {
  if (job['driverSchedulingConfig'] !== undefined) throw unimplemented('driverSchedulingConfig');
  const field = findWorkField(job);
  const work = parseObject(job[field], field);
  if (Object.keys(objectOr(objectOr(work, 'loggingConfig'), 'driverLogLevels')).length > 0)
    throw unimplemented(`${field}.loggingConfig.driverLogLevels`);
  const properties = textsByName(work, 'properties');
  checkSparkProperties(properties);
  const labels = textsByName(job, 'labels');
  checkLabels(labels, 'job');
  const { scheduling } = job;
  return {
    work: parseWork(field, work),
    properties,
    limits: parseLimits(objectOr(job, 'scheduling')),
    labels,
    asked: { [field]: work, ...(scheduling === undefined ? {} : { scheduling }) },
  };
}

function findWorkField(job: Table): WorkField {
  const [field, second] = workFields.filter((name) => job[name] !== undefined);
  if (field === undefined || second !== undefined)
    throw invalid(`Exactly one of ${workFields.join(', ')} is required.`);
  if (!isWorkField(field)) throw unimplemented(field);
  return field;
}

function parseJobId(reference: Table, project: string): string {
  if (textOr(reference, 'projectId', project) !== project)
    throw invalid('The project id in the reference does not match the one of the request.');
  const jobId = textOr(reference, 'jobId', undefined) ?? randomUUID();
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(jobId))
    throw invalid(
      `Job id ${JSON.stringify(jobId.slice(0, 120))} must be 1-100 letters, digits, underscores and hyphens.`,
    );
  return jobId;
}

function parsePlacement(placement: Table): Placement {
  const clusterName = textOr(placement, 'clusterName', undefined);
  if (clusterName !== undefined) return { kind: 'name', clusterName };
  const labels = textsByName(placement, 'clusterLabels');
  if (Object.keys(labels).length === 0)
    throw invalid('The placement needs a clusterName or clusterLabels.');
  return { kind: 'labels', labels };
}

function parseLimits(scheduling: Table): RestartLimits {
  const perHour = numberOf(scheduling, 'maxFailuresPerHour');
  const total = numberOf(scheduling, 'maxFailuresTotal');
  if (perHour < 0 || perHour > maxRestarts.perHour)
    throw invalid(`max_failures_per_hour must be from 0 to ${maxRestarts.perHour}.`);
  if (total < 0 || total > maxRestarts.total)
    throw invalid(`max_failures_total must be from 0 to ${maxRestarts.total}.`);
  return { perHour, total };
}
