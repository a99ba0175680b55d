import { describe, expect, it } from 'vitest';
import { TransportError } from '../../../shared/transport.ts';
import { json, type Scripted } from '../../support/fake-send.ts';
import { makeJobId } from '../../support/job-records.ts';
import {
  createListingBench,
  job,
  LABELS as labels,
  query,
  queryOf,
  refusal,
  type ListingBench,
} from '../../support/listing-bench.ts';

const ID = 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i';
const OTHER = 'jg-aaaaaaaaaaaaaaaaaaaaaaaaaa';
const REGION = 'projects/acme/regions/us-central1';

function answering(...answers: readonly Scripted[]): ListingBench {
  return createListingBench((_, index) => answers[index]);
}

function batch(id: string, changes: object = {}): object {
  const name = `projects/acme/locations/us-central1/batches/${id}`;
  return { name, state: 'RUNNING', labels, ...changes };
}

describe('a list of batches', () => {
  it('is asked for by state, as the account of the query, without what callers have sent', async () => {
    const bench = answering(json(200, { batches: [batch(ID)] }));
    const listing = await bench.gateway.listActive(query('analytics'));
    expect(listing).toMatchObject({ jobs: [{ jobId: ID, state: 'running' }], complete: true });
    const [request] = bench.requests;
    expect(request).toMatchObject({
      method: 'GET',
      headers: { authorization: 'Bearer token-of-jg-read@acme.iam.gserviceaccount.com' },
      maxBytes: 16_777_216,
    });
    expect(request?.url.replace(/\?.*/, '')).toBe(
      'https://us-central1-dataproc.googleapis.com/v1/projects/acme/locations/us-central1/batches',
    );
    expect(queryOf(request?.url)).toEqual({
      filter: 'state = PENDING OR state = RUNNING OR state = CANCELLING',
      fields:
        'batches(name,state,stateMessage,stateTime,stateHistory,labels,runtimeInfo,operation),nextPageToken',
      pageSize: '1000',
    });
  });

  it.each([
    ['of another deployment', batch(OTHER, { labels: { ...labels, 'jg-deployment': 'x' } })],
    ['without labels', batch(OTHER, { labels: undefined })],
    ['whose id is no job’s', batch('nightly-report')],
    ['without a name', { state: 'RUNNING', labels }],
    ['in a state that is unknown', batch(OTHER, { state: 'PAUSED' })],
    ['that has ended', batch(OTHER, { state: 'SUCCEEDED' })],
    ['that is no object', 'batch'],
    ['that is null', null],
  ])('leaves out a batch %s, and loses no other one', async (_, entry) => {
    const bench = answering(json(200, { batches: [entry, batch(ID)] }));
    const { jobs } = await bench.gateway.listActive(query('analytics'));
    expect(jobs.map(({ jobId }) => jobId)).toEqual([ID]);
  });

  it('names a batch once that two pages have, as the first one shows it', async () => {
    const bench = answering(
      json(200, { batches: [batch(ID, { state: 'CANCELLING' })], nextPageToken: 'two' }),
      json(200, { batches: [batch(ID), batch(OTHER)] }),
    );
    const { jobs } = await bench.gateway.listActive(query('analytics'));
    expect(jobs.map(({ jobId, state }) => [jobId, state])).toEqual([
      [ID, 'cancelling'],
      [OTHER, 'running'],
    ]);
  });

  it('may be empty', async () => {
    expect(await answering(json(200, {})).gateway.listActive(query('analytics'))).toEqual({
      jobs: [],
      complete: true,
    });
  });
});

describe('the pages of a list', () => {
  it('hold ten thousand jobs', async () => {
    const ids = Array.from({ length: 10_000 }, makeJobId);
    const bench = createListingBench((request) => {
      const at = Number(queryOf(request.url)['pageToken'] ?? 0);
      const batches = ids.slice(at, at + 1000).map((id) => batch(id));
      const next = at + 1000 < ids.length ? { nextPageToken: String(at + 1000) } : {};
      return json(200, { batches, ...next });
    });
    const { jobs, complete } = await bench.gateway.listActive(query('analytics'));
    expect(complete).toBe(true);
    expect(jobs.map(({ jobId }) => jobId)).toEqual(ids);
    expect(bench.requests).toHaveLength(10);
  });

  it('are bounded: what is on them is the answer, and it is not complete', async () => {
    const bench = createListingBench((_, index) =>
      json(200, { batches: [batch(makeJobId())], nextPageToken: `after-${index}` }),
    );
    const { jobs, complete } = await bench.gateway.listActive(query('analytics'));
    expect(complete).toBe(false);
    expect(jobs).toHaveLength(20);
    expect(bench.requests).toHaveLength(20);
  });

  it.each([
    ['again', 'again'],
    ['one', 'two', 'one'],
    ['one', 'two', 'two'],
  ])('do not go round in a ring (%s)', async (...tokens) => {
    const bench = createListingBench((_, index) =>
      json(200, { batches: [batch(makeJobId())], nextPageToken: tokens[index] }),
    );
    const { jobs, complete } = await bench.gateway.listActive(query('analytics'));
    expect(complete).toBe(false);
    expect(jobs).toHaveLength(tokens.length);
  });

  it('are not asked for after the deadline', async () => {
    const deadline = new Date('2026-01-15T12:00:10.000Z');
    const bench = createListingBench((_, index) => {
      bench.clock.advance(6_000);
      return json(200, { batches: [batch(makeJobId())], nextPageToken: `after-${index}` });
    });
    const listing = await bench.gateway.listActive(query('analytics', { deadline }));
    expect(listing).toMatchObject({ complete: false });
    expect(listing.jobs).toHaveLength(2);
    expect(bench.requests.map((request) => request.deadline.toISOString())).toEqual([
      '2026-01-15T12:00:08.000Z',
      '2026-01-15T12:00:10.000Z',
    ]);
  });

  it('are asked for again once after 503', async () => {
    const bench = answering(json(503, {}), json(200, { batches: [batch(ID)] }));
    expect((await bench.gateway.listActive(query('analytics'))).jobs).toHaveLength(1);
  });

  it.each([
    [json(403, { error: { status: 'PERMISSION_DENIED' } }), 'upstream_refused'],
    [json(404, {}), 'upstream_refused'],
    [json(500, {}), 'upstream_error'],
    [new TransportError('timeout', 'no answer'), 'upstream_timeout'],
    [new TransportError('too_large', 'more than 16777216 bytes'), 'upstream_error'],
    [{ status: 200, headers: {}, body: Buffer.from('<html>') }, 'upstream_error'],
    [{ status: 200, headers: {}, body: Buffer.alloc(0) }, 'upstream_error'],
    [json(200, []), 'upstream_error'],
  ])('are no list at all when one of them fails (%#)', async (answer, code) => {
    const first = json(200, { batches: [batch(ID)], nextPageToken: 'two' });
    const problem = await refusal(answering(first, answer).gateway.listActive(query('analytics')));
    expect(problem).toMatchObject({ code, extras: { upstream: 'Dataproc' } });
  });
});

describe('a list of a cluster’s jobs', () => {
  it('is asked for by cluster, state and labels', async () => {
    const bench = answering(json(200, { jobs: [job(ID)] }));
    expect((await bench.gateway.listActive(query('shared'))).jobs).toMatchObject([
      { jobId: ID, state: 'running', handle: `${REGION}/jobs/${ID}` },
    ]);
    expect(queryOf(bench.requests[0]?.url)).toEqual({
      clusterName: 'nightly',
      filter:
        'status.state = ACTIVE AND labels.jobgate = v1 AND labels.jg-deployment = jobgate-dev',
      fields: 'jobs(reference,status,statusHistory,labels,driverOutputResourceUri),nextPageToken',
      pageSize: '1000',
    });
  });

  it.each([
    ['of others', job(OTHER, { labels: { jobgate: 'v1' } })],
    ['whose id is no job’s', job('report')],
    ['without an id', { status: { state: 'RUNNING' }, labels }],
    ['in a state that is unknown', job(OTHER, { status: { state: 'PAUSED' } })],
    ['that has ended', job(OTHER, { status: { state: 'DONE' } })],
  ])('leaves out a job %s', async (_, entry) => {
    const bench = answering(json(200, { jobs: [entry, job(ID)] }));
    const { jobs } = await bench.gateway.listActive(query('shared'));
    expect(jobs.map(({ jobId }) => jobId)).toEqual([ID]);
  });

  it.each([
    { team: 'a AND status.state = NON_ACTIVE' },
    { 'team = a AND labels.x': 'y' },
    { team: '' },
    { team: 'A' },
  ])('is asked for by no label that is more than a word, like %j', async (wanted) => {
    const bench = answering();
    const work = bench.gateway.listActive(query('shared', { labels: wanted }));
    expect((await refusal(work)).code).toBe('internal');
    expect(bench.requests).toEqual([]);
  });
});
