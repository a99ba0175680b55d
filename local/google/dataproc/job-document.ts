import { randomUUID } from 'node:crypto';
import type { Cluster } from './cluster.ts';
import { type JobStatus, parseStatuses } from './job-status.ts';
import type { JobRequest } from './job-request.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { Place } from './place.ts';
import { textsByName } from './request-fields.ts';
import { parseDate } from '../api/timestamp.ts';
import {
  orNull,
  parseBoolean,
  parseList,
  parseObject,
  parseText,
  parseWholeNumber,
  type Table,
} from '../shape.ts';
import { parseKey } from '../state/shelf.ts';

/** What of its cluster a job remembers; the cluster may go. */
type JobCluster = Pick<Cluster, 'name' | 'uuid' | 'stagingBucket' | 'properties'>;

/** What a job gets when it is made. */
export interface JobIdentity {
  readonly place: Place;
  readonly cluster: JobCluster;
  /** Who submitted it; null for a workflow. */
  readonly creator: string | null;
  readonly sequence: number;
  readonly submittedAt: Date;
  /** Labels of the request and of Dataproc itself. */
  readonly labels: Readonly<Record<string, string>>;
  /** Name of the long-running operation, for a job that was submitted as one. */
  readonly operation: string | null;
}

/** What happens to a job between its submission and its end. */
export interface JobProgress {
  readonly uuid: string;
  readonly statuses: readonly JobStatus[];
  readonly failures: readonly Date[];
  readonly attempt: { readonly number: number; readonly uuid: string; readonly started: boolean };
  readonly cancelled: boolean;
  readonly operationForgotten: boolean;
}

/** Makes the progress of a job that was just submitted. */
export function makeProgress(submittedAt: Date): JobProgress {
  return {
    uuid: randomUUID(),
    statuses: [{ state: 'PENDING', details: '', since: submittedAt, queued: false }],
    failures: [],
    attempt: { number: 1, uuid: randomUUID(), started: false },
    cancelled: false,
    operationForgotten: false,
  };
}

/** Makes the SubmitJobRequest that a request was parsed from, its id included. */
export function toRequestMessage(request: JobRequest): PlainMessage {
  const { jobId, requestId, placement, labels, asked } = request;
  const { clusterName, labels: clusterLabels } = placement;
  const where = { clusterName, clusterLabels };
  return { requestId, job: { ...asked, reference: { jobId }, placement: where, labels } };
}

/** Parses what `toDocument` has made. @throws ShapeError */
export function parseJobDocument(
  document: Table,
  place: Place,
): { request: Table; identity: JobIdentity; progress: JobProgress } {
  const identity = parseObject(document['identity'], 'identity');
  return {
    request: parseObject(document['request'], 'request'),
    identity: {
      place,
      cluster: parseCluster(parseObject(identity['cluster'], 'cluster')),
      creator: orNull(identity['creator'], 'creator', parseText),
      sequence: parseWholeNumber(identity['sequence'], 'sequence', positive),
      submittedAt: parseDate(identity['submittedAt'], 'submittedAt'),
      labels: textsByName(identity, 'labels'),
      operation: orNull(identity['operation'], 'operation', parseText),
    },
    progress: parseProgress(parseObject(document['progress'], 'progress')),
  };
}

const positive = { min: 1, max: Number.MAX_SAFE_INTEGER };

function parseCluster(cluster: Table): JobCluster {
  return {
    name: parseText(cluster['name'], 'cluster.name'),
    uuid: parseText(cluster['uuid'], 'cluster.uuid'),
    stagingBucket: parseText(cluster['stagingBucket'], 'cluster.stagingBucket'),
    properties: textsByName(cluster, 'properties'),
  };
}

function parseProgress(progress: Table): JobProgress {
  const attempt = parseObject(progress['attempt'], 'attempt');
  return {
    uuid: parseText(progress['uuid'], 'uuid'),
    statuses: parseStatuses(progress['statuses'], 'statuses'),
    failures: parseList(progress['failures'], 'failures', parseDate),
    attempt: {
      number: parseWholeNumber(attempt['number'], 'attempt.number', positive),
      uuid: parseKey(attempt['uuid'], 'attempt.uuid'),
      started: parseBoolean(attempt['started'], 'attempt.started'),
    },
    cancelled: parseBoolean(progress['cancelled'], 'cancelled'),
    operationForgotten: parseBoolean(progress['operationForgotten'], 'operationForgotten'),
  };
}
