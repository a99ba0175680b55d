import { describe, expect, it } from 'vitest';
import { makeSelection } from '../../../../local/google/api/partial-response.ts';
import { loadProtos } from '../../../../local/google/api/protos.ts';

const { root } = loadProtos();
const page = root.lookupType('google.cloud.dataproc.v1.ListBatchesResponse');
const operations = root.lookupType('google.longrunning.ListOperationsResponse');
const response = {
  batches: [
    { name: 'b-1', state: 'RUNNING', labels: { team: 'a' }, runtimeInfo: { outputUri: 'gs://o' } },
    { name: 'b-2', pysparkBatch: { args: ['x'] } },
  ],
  nextPageToken: 'two',
};

function select(fields: string, name = 'fields'): unknown {
  return makeSelection(page, new URLSearchParams({ [name]: fields }))(response);
}

describe('a part of a response', () => {
  it('is the whole without a selection', () => {
    expect(makeSelection(page, new URLSearchParams())(response)).toBe(response);
  });

  it.each([
    ['nextPageToken', { nextPageToken: 'two' }],
    ['next_page_token', { nextPageToken: 'two' }],
    ['batches.name', { batches: [{ name: 'b-1' }, { name: 'b-2' }] }],
    ['batches/name', { batches: [{ name: 'b-1' }, { name: 'b-2' }] }],
    ['batches(name)', { batches: [{ name: 'b-1' }, { name: 'b-2' }] }],
    [
      'batches(name,runtimeInfo.outputUri),nextPageToken',
      {
        batches: [{ name: 'b-1', runtimeInfo: { outputUri: 'gs://o' } }, { name: 'b-2' }],
        nextPageToken: 'two',
      },
    ],
    ['batches.labels.team', { batches: [{ labels: { team: 'a' } }, {}] }],
    ['batches.labels', { batches: [{ labels: { team: 'a' } }, {}] }],
    ['unreachable', { unreachable: undefined }],
    ['*', response],
  ])('is what %s asks for', (fields, expected) => {
    expect(select(fields)).toEqual(expected);
  });

  it('may be asked for by the other name of the parameter', () => {
    expect(select('nextPageToken', '$fields')).toEqual({ nextPageToken: 'two' });
  });

  it('goes into values of any type', () => {
    const any = { operations: [{ name: 'o', metadata: { '@type': 'x', state: 'DONE' } }] };
    const query = new URLSearchParams({ fields: 'operations(metadata.state)' });
    expect(makeSelection(operations, query)(any)).toEqual({
      operations: [{ metadata: { state: 'DONE' } }],
    });
  });

  it.each([
    ['batches(nme)', 'Batch has no field "nme"'],
    ['items', 'ListBatchesResponse has no field "items"'],
    ['batches(name', 'a parenthesis is not closed'],
    ['batches)', 'a parenthesis is not opened'],
    ['batches.', 'it ends too early'],
    [',batches', '"," is no field'],
    ['batches name', '" name" is no field'],
    ['constructor', 'ListBatchesResponse has no field "constructor"'],
    ['a'.repeat(2001), 'it is longer than 2000'],
  ])('is refused for %s', (fields, reason) => {
    expect(() => select(fields)).toThrow(`Invalid field selection: ${reason}.`);
  });
});
