import { describe, expect, it } from 'vitest';
import { loadProtos } from '../../../../local/google/api/protos.ts';
import { checkTimes } from '../../../../local/google/api/time-range.ts';

const { root } = loadProtos();
const type = root.lookupType('google.cloud.dataproc.v1.CreateWorkflowTemplateRequest');

function check(lifecycleConfig: object, dagTimeout: object = {}): () => void {
  const managedCluster = { clusterName: 'c', config: { lifecycleConfig } };
  const message = { parent: 'p', template: { placement: { managedCluster }, dagTimeout } };
  return () => {
    checkTimes(type, message);
  };
}

const lifecycle = 'template.placement.managedCluster.config.lifecycleConfig';

describe('the times of a request', () => {
  it.each([
    [{ seconds: '-62135596800', nanos: 0 }],
    [{ seconds: '253402300799', nanos: 999_999_999 }],
    [{}],
  ])('may be the Timestamp %o', (autoDeleteTime) => {
    expect(check({ autoDeleteTime })).not.toThrow();
  });

  it.each([
    [{ seconds: '9000000000000000' }],
    [{ seconds: '253402300800' }],
    [{ seconds: '-62135596801' }],
    [{ seconds: '0', nanos: -1 }],
    [{ seconds: '0', nanos: 1_000_000_000 }],
  ])('may not be the Timestamp %o', (autoDeleteTime) => {
    expect(check({ autoDeleteTime })).toThrow(
      `${lifecycle}.autoDeleteTime must be a Timestamp from 0001-01-01T00:00:00Z to ` +
        '9999-12-31T23:59:59.999999999Z.',
    );
  });

  it.each([
    [{ seconds: '315576000000' }, true],
    [{ seconds: '-1', nanos: -5 }, true],
    [{ seconds: '315576000001' }, false],
    [{ seconds: '-315576000001' }, false],
    [{ seconds: '1', nanos: -1 }, false],
    [{ seconds: '1', nanos: 1_000_000_000 }, false],
  ])('may be the Duration %o: %s', (dagTimeout, may) => {
    const expected = expect(check({}, dagTimeout));
    const message = 'template.dagTimeout must be a Duration from -315576000000s to 315576000000s.';
    if (may) expected.not.toThrow();
    else expected.toThrow(message);
  });

  it('are found in lists and maps', () => {
    const struct = root.lookupType('google.cloud.dataproc.v1.Job');
    const stamps = { statusHistory: [{}, { stateStartTime: { seconds: '253402300800' } }] };
    expect(() => {
      checkTimes(struct, stamps);
    }).toThrow('statusHistory[1].stateStartTime must be a Timestamp');
  });
});
