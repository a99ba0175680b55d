import { describe, expect, it } from 'vitest';
import { json } from '../../support/fake-send.ts';
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
const STEP = `${ID}-x7`;

function operation(id: string, changes: object = {}): object {
  const metadata = { state: 'RUNNING', graph: { nodes: [{ stepId: id, ...changes }] } };
  return { name: `${REGION}/operations/op-${id}`, metadata };
}

/** Answers the list of operations and the list of jobs. */
function createWorkflowBench(
  operations: readonly unknown[],
  jobs: readonly unknown[],
): ListingBench {
  return createListingBench(({ url }) =>
    json(200, url.includes('/operations?') ? { operations } : { jobs }),
  );
}

function stepJob(id: string, changes: object = {}): object {
  return job(`${id}-x7`, { labels: { ...labels, 'jg-job': id }, ...changes });
}

describe('a list of workflows', () => {
  it('is asked for as operations and as jobs, by state and labels', async () => {
    const bench = createWorkflowBench([], []);
    expect(await bench.gateway.listActive(query('ephemeral'))).toEqual({
      jobs: [],
      complete: true,
    });
    const filter =
      'status.state = ACTIVE AND labels.jobgate = v1 AND labels.jg-deployment = jobgate-dev AND labels.jg-job = *';
    const asked = bench.requests.map(({ url }) => [new URL(url).pathname, queryOf(url)]);
    expect(Object.fromEntries(asked)).toMatchObject({
      [`/v1/${REGION}/operations`]: {
        filter,
        fields: 'operations(name,done,error,metadata),nextPageToken',
      },
      [`/v1/${REGION}/jobs`]: { filter },
    });
  });

  it.each([
    ['its job is active', [operation(ID, { jobId: STEP })], 'running', `${REGION}/operations/op-`],
    ['its job is new to its operation', [operation(ID)], 'running', `${REGION}/operations/op-`],
    ['its operation is not listed', [], 'running', `${REGION}/jobs/`],
  ])('shows the state of the job when %s', async (_, operations, state, handle) => {
    const bench = createWorkflowBench(operations, [stepJob(ID)]);
    const { jobs } = await bench.gateway.listActive(query('ephemeral'));
    expect(jobs).toMatchObject([{ jobId: ID, state, labels: { 'jg-job': ID } }]);
    expect(jobs[0]?.handle).toContain(handle);
  });

  it('shows one without a job as queued, with the labels that were asked for', async () => {
    const bench = createWorkflowBench([operation(ID)], []);
    const { jobs } = await bench.gateway.listActive(query('ephemeral'));
    expect(jobs).toMatchObject([
      { jobId: ID, state: 'queued', waitReason: 'provisioning', labels },
    ]);
  });

  it('leaves out one whose job has ended', async () => {
    const bench = createWorkflowBench([operation(ID, { jobId: STEP })], []);
    expect((await bench.gateway.listActive(query('ephemeral'))).jobs).toEqual([]);
  });

  it.each([
    ['an operation of a cluster', [{ name: 'x', metadata: { operationType: 'CREATE' } }], []],
    ['another’s workflow', [operation('nightly-report')], []],
    ['an operation that is null', [null], []],
    ['a workflow in a state that is unknown', [{ ...operation(OTHER), metadata: {} }], []],
    ['a job without a name', [], [stepJob(OTHER, { reference: {} })]],
    ['a job whose name is a path', [], [stepJob(OTHER, { reference: { jobId: '../x' } })]],
    ['a job with a label that is no id', [], [stepJob('jg-1')]],
    ['a job of others', [], [stepJob(OTHER, { labels: { jobgate: 'v1', 'jg-job': OTHER } })]],
  ])('leaves out %s, and loses no other one', async (_, operations, jobs) => {
    const bench = createWorkflowBench([...operations, operation(ID)], [...jobs, stepJob(ID)]);
    const listing = await bench.gateway.listActive(query('ephemeral'));
    expect(listing.jobs.map(({ jobId }) => jobId)).toEqual([ID]);
  });

  it('is as complete as both lists', async () => {
    const bench = createListingBench(({ url }) =>
      json(200, url.includes('/operations?') ? {} : { jobs: [], nextPageToken: 'same' }),
    );
    expect(await bench.gateway.listActive(query('ephemeral'))).toMatchObject({ complete: false });
  });

  it('fails when one of the lists does', async () => {
    const bench = createListingBench(({ url }) =>
      json(url.includes('/operations?') ? 500 : 200, {}),
    );
    const problem = await refusal(bench.gateway.listActive(query('ephemeral')));
    expect(problem.code).toBe('upstream_error');
  });
});
