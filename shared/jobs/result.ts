import { Problem } from '../problem.ts';
import { isTerminal, type JobRecord } from './job.ts';
import type { JobStorage, StorageAccess, StoredObject } from './ports.ts';

/** One file of a result; `path` is relative to the job's output. */
export interface ResultFile {
  readonly path: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly md5: string | null;
  readonly href: string;
}

/** What a succeeded job left behind. */
export interface ResultManifest {
  readonly job: string;
  readonly state: 'succeeded';
  readonly files: readonly ResultFile[];
  /** True when the job wrote more files than are listed. */
  readonly truncated: boolean;
}

/** Seconds that a file link lives. Source: docs/architecture.md. */
export const FILE_LINK_SECONDS = 300;

interface Source {
  readonly storage: JobStorage;
  readonly access: StorageAccess;
}

/** Lists a succeeded job's files; empty objects that stand for folders are none. @throws Problem `job_not_finished`, `job_not_succeeded`. */
export async function readResult(
  record: JobRecord,
  publicUrl: string,
  source: Source,
): Promise<ResultManifest> {
  requireSucceeded(record);
  const { objects, truncated } = await source.storage.list(record.outputUri, source.access);
  const base = `${publicUrl}/v1/jobs/${record.id}/files/`;
  const files = objects
    .filter((object) => !object.uri.endsWith('/'))
    .map((object) => toFile(object, record.outputUri, base));
  return { job: record.id, state: 'succeeded', files, truncated };
}

/**
 * Makes a link that reads one file of the result for at most 5 minutes.
 * @throws Problem `job_not_finished`, `job_not_succeeded`, `file_not_found`.
 */
export async function linkFile(
  record: JobRecord,
  rawPath: string | undefined,
  source: Source,
): Promise<string> {
  requireSucceeded(record);
  const path = parseFilePath(rawPath);
  const uri = `${record.outputUri}${path ?? ''}`;
  const known = path === undefined ? undefined : await source.storage.find(uri, source.access);
  if (known === undefined) {
    throw new Problem('file_not_found', 'GET /v1/jobs/{job}/result lists the files there are.', {
      job: record.id,
    });
  }
  return source.storage.signReadUrl(uri, FILE_LINK_SECONDS, source.access);
}

const FILE_PATH = /^[^\p{C}/\\]+(\/[^\p{C}/\\]+)*$/u;

/** A relative path without empty, `.` or `..` segments, control characters and backslashes; undefined otherwise. */
function parseFilePath(rawPath: string | undefined): string | undefined {
  if (rawPath === undefined || rawPath.length > 1024 || !FILE_PATH.test(rawPath)) return undefined;
  return rawPath.split('/').some((segment) => segment === '.' || segment === '..')
    ? undefined
    : rawPath;
}

function requireSucceeded(record: JobRecord): void {
  if (record.state === 'succeeded') return;
  if (!isTerminal(record.state)) {
    throw new Problem(
      'job_not_finished',
      'Results exist once the job has succeeded; GET /v1/jobs/{job} tells when.',
      {
        job: record.id,
        retryAfter: 2,
      },
    );
  }
  throw new Problem(
    'job_not_succeeded',
    `The job ended as ${record.state}; GET /v1/jobs/{job} says why.`,
    { job: record.id },
  );
}

function toFile(object: StoredObject, outputUri: string, base: string): ResultFile {
  const path = object.uri.slice(outputUri.length);
  const { bytes, contentType, md5 } = object;
  const href = base + path.split('/').map(encodeURIComponent).join('/');
  return { path, bytes, contentType, md5, href };
}
