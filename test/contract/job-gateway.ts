import { describe, expect, it } from 'vitest';
import { isTerminal, JOB_STATES, type JobId } from '../../shared/jobs/job.ts';
import type {
  ActiveListing,
  ActiveQuery,
  JobGateway,
  JobReference,
  Submission,
  UpstreamJob,
} from '../../shared/jobs/ports.ts';
import { makeJobId } from '../support/job-records.ts';

/** An engine under the contract, and how to speak to it. */
export interface GatewayUnderContract {
  readonly gateway: JobGateway;
  /** A submission that the engine can start, with these labels. */
  readonly submission: (jobId: JobId, labels: Readonly<Record<string, string>>) => Submission;
  readonly reference: (jobId: JobId) => JobReference;
  /** Lists the active jobs that carry the labels, as whoever may list them. */
  readonly list: (labels: ActiveQuery['labels']) => Promise<ActiveListing>;
  /** Comes back when the job has ended. */
  readonly end: (jobId: JobId) => Promise<void>;
}

/** Holds every implementation of {@link JobGateway} to the same behaviour. */
export function describeJobGateway(name: string, open: () => GatewayUnderContract): void {
  describe(`the job gateway ${name}`, () => {
    it('knows nothing of a job that nobody submitted', async () => {
      const { gateway, reference } = open();
      expect(await gateway.find(reference(makeJobId()))).toBeUndefined();
    });

    it('accepts a job once, and then says that it exists', async () => {
      const { gateway, submission } = open();
      const jobId = makeJobId();
      expect(await gateway.submit(submission(jobId, {}))).toEqual({ kind: 'accepted' });
      expect(await gateway.submit(submission(jobId, {}))).toEqual({ kind: 'exists' });
    });

    it('accepts one of several submissions of a job that arrive at once', async () => {
      const { gateway, submission } = open();
      const jobId = makeJobId();
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, () => gateway.submit(submission(jobId, {}))),
      );
      expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual([
        'accepted',
        'exists',
        'exists',
        'exists',
        'exists',
      ]);
    });

    it('finds a submitted job under its id, in a known state, with its labels', async () => {
      const { gateway, submission, reference } = open();
      const jobId = makeJobId();
      await gateway.submit(submission(jobId, { jobgate: 'v1', 'jg-request': 'r-1' }));
      const found = await gateway.find(reference(jobId));
      expect(found).toMatchObject({ jobId, labels: { jobgate: 'v1', 'jg-request': 'r-1' } });
      expect(JOB_STATES).toContain(found?.state);
    });

    it('keeps the labels of the first submission', async () => {
      const { gateway, submission, reference } = open();
      const jobId = makeJobId();
      await gateway.submit(submission(jobId, { 'jg-request': 'r-first' }));
      await gateway.submit(submission(jobId, { 'jg-request': 'r-second' }));
      const found = await gateway.find(reference(jobId));
      expect(found?.labels['jg-request']).toBe('r-first');
    });

    it('keeps jobs apart', async () => {
      const { gateway, submission, reference } = open();
      const [one, other] = [makeJobId(), makeJobId()];
      await gateway.submit(submission(one, { 'jg-request': 'r-one' }));
      expect(await gateway.find(reference(other))).toBeUndefined();
    });

    it('lists a job that has not ended, with its labels', async () => {
      const labels = { jobgate: 'v1', 'jg-request': toValue() };
      const { jobId, listing } = await listWhileActive(open(), labels);
      expect(listing.complete).toBe(true);
      const listed = listing.jobs.find((job) => job.jobId === jobId);
      expect(listed?.labels).toMatchObject(labels);
      expect(JOB_STATES).toContain(listed?.state);
    });

    it('lists only jobs that carry every label', async () => {
      const contract = open();
      const ours = { 'jg-request': toValue() };
      const { jobId, listing } = await listWhileActive(contract, { ...ours, team: 'a' });
      expect(listing.jobs.map((job) => job.jobId)).toContain(jobId);
      const others = await contract.list({ ...ours, team: 'b' });
      expect(others).toEqual({ jobs: [], complete: true });
    });

    it('does not list a job that has ended', async () => {
      const contract = open();
      const labels = { 'jg-request': toValue() };
      const jobId = makeJobId();
      await contract.gateway.submit(contract.submission(jobId, labels));
      await contract.end(jobId);
      expect(await contract.list(labels)).toEqual({ jobs: [], complete: true });
    });
  });
}

/** A label's value that no other job has. */
function toValue(): string {
  return makeJobId();
}

const ATTEMPTS = 20;

/** A listing that a job was active before and after: where jobs end by themselves, one may end too soon to tell. */
async function listWhileActive(
  { gateway, submission, reference, list }: GatewayUnderContract,
  labels: ActiveQuery['labels'],
): Promise<{ readonly jobId: JobId; readonly listing: ActiveListing }> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const jobId = makeJobId();
    await gateway.submit(submission(jobId, labels));
    const listing = await list(labels);
    const after: UpstreamJob | undefined = await gateway.find(reference(jobId));
    if (after !== undefined && !isTerminal(after.state)) return { jobId, listing };
  }
  throw new Error(`each of ${ATTEMPTS} jobs ended before it could be listed`);
}
