import type { TargetConfig } from '../config/targets.ts';
import { isTerminal } from '../jobs/job.ts';
import type { ActiveQuery, UpstreamJob } from '../jobs/ports.ts';
import { Problem } from '../problem.ts';
import { parseJsonObject, type HttpResponse } from '../transport.ts';
import { upstreamProblem } from '../upstream.ts';
import { readText, toMembers, type Members } from './answer.ts';
import { toRefusal, type DataprocCall } from './calls.ts';

/** A list of Dataproc's: where it is, how it is asked, and which member of its answer holds the entries. */
export interface PagedList {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly member: string;
}

/** The entries of a list's pages in their order; not `complete` when pages were left. */
export interface Pages {
  readonly entries: readonly Members[];
  readonly complete: boolean;
}

/** Reads a list page by page. Throws as JobGateway does. */
export type ListPages = (
  target: TargetConfig,
  list: PagedList,
  query: ActiveQuery,
) => Promise<Pages>;

/** Entries of a page: the most that ListBatches gives. Source: ListBatchesRequest.page_size. */
const PAGE_SIZE = '1000';

/** Pages of one listing: 10,000 jobs fit even where pages are half as large as asked for. */
const MAX_PAGES = 20;

/** Bytes of a page, of which the fields that are asked for take about 1.5 kB an entry. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/**
 * Makes the reader of lists. It begins no page after the deadline, nor one that it has read before: what it has read by
 * then is its answer. A page that fails fails the list.
 */
export function createListPages(call: DataprocCall, now: () => Date): ListPages {
  return async (target, list, query) => {
    const entries: Members[] = [];
    const seen = new Set<string>();
    let pageToken = '';
    do {
      seen.add(pageToken);
      const page = readPage(await askForPage(call, target, { list, query, pageToken }));
      entries.push(...listMembers(page, list.member));
      pageToken = readText(page.get('nextPageToken')) ?? '';
      if (pageToken === '') return { entries, complete: true };
    } while (seen.size < MAX_PAGES && !seen.has(pageToken) && now() < query.deadline);
    return { entries, complete: false };
  };
}

function askForPage(
  call: DataprocCall,
  target: TargetConfig,
  page: { readonly list: PagedList; readonly query: ActiveQuery; readonly pageToken: string },
): Promise<HttpResponse> {
  const { list, pageToken } = page;
  const { account, deadline } = page.query;
  const token = pageToken === '' ? {} : { pageToken };
  return call(target, () => ({
    method: 'GET',
    path: list.path,
    query: { ...list.query, pageSize: PAGE_SIZE, ...token },
    account,
    deadline,
    maxBytes: MAX_PAGE_BYTES,
  }));
}

/** An empty list is `{}`; anything else without a member is no list, and must not pass for an empty one. */
function readPage(response: HttpResponse): Members {
  if (response.status !== 200) throw toRefusal(response);
  const page = parseJsonObject(response.body);
  if (page.size > 0 || /^\s*\{\s*\}\s*$/.test(response.body.toString('utf8'))) return page;
  throw upstreamProblem('upstream_error', 'Dataproc', { detail: 'gave a list that is none' });
}

/** The entries under a member of an answer; none when there is no list. */
export function listMembers(answer: Members | undefined, name: string): readonly Members[] {
  const list = answer?.get(name);
  return Array.isArray(list) ? list.map(toMembers) : [];
}

/**
 * Those of the jobs that were read which have not ended and carry every label, each id once: the first one, since lists
 * begin with the newest.
 */
export function pickActive(
  jobs: readonly (UpstreamJob | undefined)[],
  labels: Readonly<Record<string, string>>,
): readonly UpstreamJob[] {
  const wanted = Object.entries(labels);
  const picked = new Map<string, UpstreamJob>();
  for (const job of jobs) {
    if (job === undefined || isTerminal(job.state) || picked.has(job.jobId)) continue;
    if (wanted.every(([name, value]) => job.labels[name] === value)) picked.set(job.jobId, job);
  }
  return [...picked.values()];
}

const LABEL = /^[a-z][a-z0-9_-]{0,62}$/;

/**
 * Writes a filter of ListJobs or ListOperations: conditions that are ours, and labels, of which `*` is any value.
 * Source: Dataproc REST reference, ListJobsRequest.filter.
 * @throws Problem `internal` for a label that would be more than a word of the filter
 */
export function toFilter(
  conditions: readonly string[],
  labels: Readonly<Record<string, string>>,
): string {
  const named = Object.entries(labels).map(([name, value]) => {
    const isWord = LABEL.test(name) && (value === '*' || LABEL.test(value));
    if (!isWord) throw new Problem('internal', 'A label of the job cannot be searched for.');
    return `labels.${name} = ${value}`;
  });
  return [...conditions, ...named].join(' AND ');
}
