import { describe, expect, it } from 'vitest';
import { Problem } from '../../shared/problem.ts';
import { FAR } from '../support/clock.ts';
import { makeJobId } from '../support/job-records.ts';
import { createMemoryGateway, type MemoryGateway } from '../support/memory-gateway.ts';
import { describeJobGateway, type GatewayUnderContract } from './job-gateway.ts';

const PARTS: Pick<GatewayUnderContract, 'submission' | 'reference'> = {
  submission: (jobId, labels) => ({
    jobId,
    program: {
      kind: 'pyspark',
      mainUri: 'gs://stage/tidy.py',
      pyFileUris: [],
      args: [],
      properties: {},
      outputUri: `gs://results/tidy/${jobId}/`,
    },
    target: 'analytics',
    submitterAccount: 'jg-submit-tidy',
    runtimeAccount: 'jg-run-tidy',
    maxRuntimeSeconds: 900,
    labels,
    deadline: FAR,
  }),
  reference: (jobId) => ({ jobId, target: 'analytics', account: 'jg-read', deadline: FAR }),
};

describeJobGateway('in memory', () => {
  const gateway = createMemoryGateway();
  return {
    ...PARTS,
    gateway,
    list: (labels) =>
      gateway.listActive({ target: 'analytics', account: 'jg-read', labels, deadline: FAR }),
    end: (jobId) => {
      gateway.change(jobId, { state: 'failed' });
      return Promise.resolve();
    },
  };
});

describe('the lists of the engine in memory', () => {
  const [one, other] = [makeJobId(), makeJobId()];

  async function start(): Promise<MemoryGateway> {
    const gateway = createMemoryGateway();
    await gateway.submit(PARTS.submission(one, {}));
    await gateway.submit({ ...PARTS.submission(other, {}), target: 'shared' });
    return gateway;
  }

  async function list(gateway: MemoryGateway, target = 'analytics'): Promise<readonly string[]> {
    const query = { target, account: 'jg-read', labels: {}, deadline: FAR };
    return (await gateway.listActive(query)).jobs.map(({ jobId, state }) => `${jobId} ${state}`);
  }

  it('have the jobs of their target', async () => {
    const gateway = await start();
    expect(await list(gateway)).toEqual([`${one} queued`]);
    expect(await list(gateway, 'shared')).toEqual([`${other} queued`]);
  });

  it('lag behind until they catch up', async () => {
    const gateway = await start();
    gateway.lagLists();
    gateway.change(one, { state: 'running' });
    expect(await list(gateway)).toEqual([`${one} queued`]);
    gateway.catchUpLists();
    expect(await list(gateway)).toEqual([`${one} running`]);
    gateway.hideFromLists(one);
    expect(await list(gateway)).toEqual([]);
    gateway.catchUpLists();
    expect(await list(gateway)).toEqual([`${one} running`]);
  });

  it('are bounded', async () => {
    const gateway = await start();
    gateway.boundLists(0);
    const query = { target: 'analytics', account: 'jg-read', labels: {}, deadline: FAR };
    expect(await gateway.listActive(query)).toEqual({ jobs: [], complete: false });
  });

  it('fail once', async () => {
    const gateway = await start();
    gateway.failNextList(new Problem('upstream_unavailable', 'Dataproc is away.'));
    await expect(list(gateway)).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(await list(gateway)).toEqual([`${one} queued`]);
    expect(gateway.listings).toHaveLength(2);
  });
});
