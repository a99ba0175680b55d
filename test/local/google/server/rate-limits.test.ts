import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../local/google/api/api-error.ts';
import { loadProtos, type RpcMethod } from '../../../../local/google/api/protos.ts';
import type { Quotas } from '../../../../local/google/configuration.ts';
import { RateLimits } from '../../../../local/google/server/rate-limits.ts';

const { methods } = loadProtos();
const quotas = { jobOperation: 2, getJob: 3, workflowOperation: 1, other: 4 };

function makeLimits(of: Quotas | null, clock = { nowMs: 0 }): RateLimits {
  const options = { quotas: of, projectNumber: '123', region: 'r' };
  return new RateLimits(options, () => new Date(clock.nowMs));
}

function findMethod(name: string): RpcMethod {
  const method = methods.find((each) => each.name === name);
  if (method === undefined) throw new Error(`there is no ${name}`);
  return method;
}

/** Calls RPCs in turn and tells which of them were let in. */
function call(limits: RateLimits, names: readonly string[]): readonly string[] {
  return names.filter((name) => {
    try {
      limits.admit(findMethod(name));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 'RESOURCE_EXHAUSTED') return false;
      throw error;
    }
  });
}

describe('the quotas of requests', () => {
  it.each([
    ['jobOperation', ['SubmitJob', 'UpdateJob', 'CancelJob', 'DeleteJob', 'SubmitJobAsOperation']],
    ['getJob', ['GetJob', 'GetJob', 'GetJob', 'GetJob']],
    [
      'workflowOperation',
      [
        'InstantiateWorkflowTemplate',
        'InstantiateInlineWorkflowTemplate',
        'CreateWorkflowTemplate',
        'UpdateWorkflowTemplate',
        'DeleteWorkflowTemplate',
      ],
    ],
    ['other', ['ListJobs', 'GetBatch', 'CreateBatch', 'GetOperation', 'GetWorkflowTemplate']],
  ] as const)('share %s among its RPCs', (kind, names) => {
    expect(call(makeLimits(quotas), names)).toEqual(names.slice(0, quotas[kind]));
    for (const name of names)
      expect(call(makeLimits({ ...quotas, [kind]: 0 }), [name])).toEqual([]);
  });

  it('count each kind by itself', () => {
    const names = ['GetJob', 'SubmitJob', 'ListJobs', 'CreateWorkflowTemplate'];
    expect(call(makeLimits(quotas), names)).toEqual(names);
  });

  it('begin again with every minute of the clock', () => {
    const clock = { nowMs: 0 };
    const limits = makeLimits(quotas, clock);
    const submits = ['SubmitJob', 'SubmitJob', 'SubmitJob'];
    expect(call(limits, submits)).toHaveLength(2);
    clock.nowMs = 59_999;
    expect(call(limits, submits)).toHaveLength(0);
    clock.nowMs = 60_000;
    expect(call(limits, submits)).toHaveLength(2);
  });

  it('count nothing when there are none, nor requests to other services', () => {
    const submits = Array.from({ length: 1000 }, () => 'SubmitJob');
    expect(call(makeLimits(null), submits)).toHaveLength(1000);
    const foreign = { ...findMethod('GetJob'), service: 'google.cloud.secretmanager.v1.S' };
    const none = { jobOperation: 0, getJob: 0, workflowOperation: 0, other: 0 };
    expect(() => {
      makeLimits(none).admit(foreign);
    }).not.toThrow();
  });
});
