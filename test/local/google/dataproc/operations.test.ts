import { describe, expect, it } from 'vitest';
import { loadProtos } from '../../../../local/google/api/protos.ts';
import type { PlainMessage } from '../../../../local/google/api/transcoding.ts';
import type { LongRunning } from '../../../../local/google/dataproc/long-running.ts';
import { Operations } from '../../../../local/google/dataproc/operations.ts';
import { Permissions } from '../../../../local/google/identity/permissions.ts';

const name = 'projects/local/regions/r/operations/op-1';
const there = 'projects/local/locations/r/operations/op-1';
const calls: string[] = [];
const operation: LongRunning = {
  name,
  sequence: 1,
  createTime: new Date(0),
  metadata: { type: 'google.cloud.dataproc.v1.BatchOperationMetadata', message: {} },
  end: undefined,
  type: 'BATCH',
  clusterName: '',
  labels: {},
  cancel: () => calls.push('cancel'),
  forget: () => calls.push('forget'),
};
const source = {
  operations: () => [operation],
  findOperation: (wanted: string) => (wanted === name ? operation : undefined),
};
const workloadIdentity = { audience: 'a', awsAccount: '000000000000', impersonation: {} };
const implementations = new Operations({
  root: loadProtos().root,
  place: { project: 'local', region: 'r' },
  sources: [source],
  permissions: new Permissions({ accounts: {}, workloadIdentity, checkCredentials: false }),
}).implementations();

async function call(rpc: string, request: PlainMessage): Promise<PlainMessage> {
  const implementation = implementations[`google.longrunning.Operations.${rpc}`];
  if (implementation === undefined) throw new Error(`there is no ${rpc}`);
  return implementation({ kind: 'anyone' }, request);
}

describe('an operation', () => {
  it.each([name, there])('is found, cancelled and forgotten as %s', async (asked) => {
    calls.length = 0;
    expect(await call('GetOperation', { name: asked })).toMatchObject({ name });
    await call('CancelOperation', { name: asked });
    await call('DeleteOperation', { name: asked });
    expect(calls).toEqual(['cancel', 'forget']);
  });

  it.each(['projects/local/regions/r', 'projects/local/locations/r'])(
    'is listed in %s',
    async (parent) => {
      const { operations } = await call('ListOperations', { name: parent });
      expect(operations).toMatchObject([{ name }]);
    },
  );

  it('that there is not is not found by the name that was asked for', async () => {
    await expect(call('GetOperation', { name: `${there}2` })).rejects.toMatchObject({
      status: 'NOT_FOUND',
      message: `Not found: Operation ${there}2`,
    });
  });
});
