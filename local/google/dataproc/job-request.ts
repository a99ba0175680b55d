import { randomUUID } from 'node:crypto';
import { refuseOtherFields, whole } from './known-fields.ts';
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
interface Placement {
  /** Undefined when the labels alone say where. */
  readonly clusterName: string | undefined;
  /** Labels that the cluster must have; with no name there is at least one. */
  readonly labels: Readonly<Record<string, string>>;
}

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

const outputOnly = [
  ...['status', 'statusHistory', 'yarnApplications', 'driverOutputResourceUri'],
  ...['driverControlFilesUri', 'jobUuid', 'done'],
];
const known = {
  ...whole(...outputOnly, ...workFields, 'labels', 'scheduling'),
  reference: whole('projectId', 'jobId'),
  placement: whole('clusterName', 'clusterUuid', 'clusterLabels'),
};
const knownScheduling = whole('maxFailuresPerHour', 'maxFailuresTotal');

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
    refuseOtherFields(job, known);
    const placement = parsePlacement(objectOr(job, 'placement'));
    return {
      jobId: parseJobId(objectOr(job, 'reference'), project),
      requestId: parseRequestId(request),
      placement,
      ...parseJobBody(job, 'job'),
    };
  });
}

/** Parses what jobs and steps of workflows have in common. @throws ApiError or ShapeError */
export function parseJobBody(
  job: Table,
  kind: 'job' | 'step',
): Pick<JobRequest, 'work' | 'properties' | 'limits' | 'labels' | 'asked'> {
  const field = findWorkField(job);
  const work = parseObject(job[field], field);
  const properties = textsByName(work, 'properties');
  checkSparkProperties(properties, kind);
  const labels = textsByName(job, 'labels');
  checkLabels(labels, kind);
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
  const labels = textsByName(placement, 'clusterLabels');
  if (clusterName === undefined && Object.keys(labels).length === 0)
    throw invalid('The placement needs a clusterName or clusterLabels.');
  return { clusterName, labels };
}

function parseLimits(scheduling: Table): RestartLimits {
  refuseOtherFields(scheduling, knownScheduling, 'scheduling');
  const perHour = numberOf(scheduling, 'maxFailuresPerHour');
  const total = numberOf(scheduling, 'maxFailuresTotal');
  if (perHour < 0 || perHour > maxRestarts.perHour)
    throw invalid(`maxFailuresPerHour must be from 0 to ${maxRestarts.perHour}.`);
  if (total < 0 || total > maxRestarts.total)
    throw invalid(`maxFailuresTotal must be from 0 to ${maxRestarts.total}.`);
  return { perHour, total };
}
