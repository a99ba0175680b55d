import { describe, expect, it } from 'vitest';
import { JOB_STATES, type JobId } from '../../shared/jobs/job.ts';
import type { JobGateway, JobReference, Submission } from '../../shared/jobs/ports.ts';
import { makeJobId } from '../support/job-records.ts';

/** An engine under the contract, and how to speak to it. */
export interface GatewayUnderContract {
  readonly gateway: JobGateway;
  /** A submission that the engine can start, with these labels. */
  readonly submission: (jobId: JobId, labels: Readonly<Record<string, string>>) => Submission;
  readonly reference: (jobId: JobId) => JobReference;
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
  });
}
