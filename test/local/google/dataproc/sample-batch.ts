import { Batch } from '../../../../local/google/dataproc/batch.ts';
import { parseBatchRequest } from '../../../../local/google/dataproc/batch-request.ts';
import type { PlainMessage } from '../../../../local/google/api/transcoding.ts';

/** What the sample batches live in. */
export const parent = 'projects/local/locations/us-central1';

/** Makes a CreateBatchRequest that is right, with the given differences. */
export function sampleRequest(batch: PlainMessage = {}, rest: PlainMessage = {}): PlainMessage {
  return {
    parent,
    batchId: 'sample-1',
    batch: { pysparkBatch: { mainPythonFileUri: 'gs://code/main.py' }, ...batch },
    ...rest,
  };
}

/** Makes a batch that was just created. */
export function sampleBatch(
  batchId: string,
  createTime = '2026-11-21T14:00:00Z',
  labels: Readonly<Record<string, string>> = {},
): Batch {
  return new Batch(parseBatchRequest(sampleRequest({ labels }, { batchId })), {
    creator: 'submitter@local.iam.gserviceaccount.com',
    operation: `projects/local/regions/us-central1/operations/${batchId}`,
    stagingBucket: 'staging',
    createTime: new Date(createTime),
    sequence: 1,
  });
}
