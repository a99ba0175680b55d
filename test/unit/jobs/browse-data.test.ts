import { describe, expect, it } from 'vitest';
import { findReadableJob, getReadableJob } from '../../../shared/jobs/browse.ts';
import { ADMIN, ANALYST, OUTSIDER } from '../../support/callers.ts';
import { createBrowsing, refusal } from '../../support/browsing.ts';
import { FAR, START } from '../../support/clock.ts';
import { makeRecord } from '../../support/job-records.ts';
import { TIDY } from '../../support/templates.ts';

describe('a job’s data', () => {
  const record = makeRecord();
  const reader = { ...ADMIN, scopes: ['jobs:admin', 'data:read'] };

  it('is for its submitter', async () => {
    const { ports } = createBrowsing(record, {});
    const request = { caller: ANALYST, rawJobId: record.id, deadline: FAR };
    expect(await findReadableJob(request, ports.records, [TIDY])).toEqual({
      record,
      decision: { kind: 'allow', rule: 'own-job' },
    });
  });

  it('is not found by somebody else', async () => {
    const { ports } = createBrowsing(record, {});
    const request = { caller: OUTSIDER, rawJobId: record.id, deadline: FAR };
    const problem = await refusal(findReadableJob(request, ports.records, [TIDY]));
    expect(problem.code).toBe('job_not_found');
  });

  it('is refused to one who only sees the job, with what is missing', async () => {
    const { ports } = createBrowsing(record, {});
    const request = { caller: ADMIN, rawJobId: record.id, deadline: FAR };
    const problem = await refusal(getReadableJob(request, ports, [TIDY]));
    expect(problem).toMatchObject({
      code: 'insufficient_scope',
      extras: { job: record.id, missing: ['scope data:read'] },
    });
  });

  it('is for data:read with the template’s own rule, and is brought up to date', async () => {
    const { ports, clock } = createBrowsing(record, { state: 'succeeded', endedAt: START });
    clock.advance(2_000);
    const request = { caller: reader, rawJobId: record.id, deadline: FAR };
    const readable = await getReadableJob(request, ports, [TIDY]);
    expect(readable.record.state).toBe('succeeded');
    expect(readable.decision.rule).toBe('data:read+tidy.allow[1]');
  });

  it('is refused to data:read once the template is gone', async () => {
    const { ports } = createBrowsing(record, {});
    const request = { caller: reader, rawJobId: record.id, deadline: FAR };
    const problem = await refusal(findReadableJob(request, ports.records, []));
    expect(problem.extras.missing).toEqual(['a rule of a template that no longer exists']);
  });
});
