import { describe, expect, it } from 'vitest';
import { Reader } from '../../../shared/config/reader.ts';
import { readTargets, type TargetConfig } from '../../../shared/config/targets.ts';

const PLACE = {
  project: 'acme',
  region: 'us-central1',
  stagingBucket: 'stage',
  reader: 'jg-read',
  operator: 'jg-operate',
  signer: 'jg-sign',
};
const BATCH = { kind: 'batch', ...PLACE, runtimeVersion: '2.3' };
const CLUSTER = { kind: 'cluster', ...PLACE, clusterName: 'nightly' };
const MANAGED = {
  namePrefix: 'jobgate',
  imageVersion: '2.3-debian12',
  masterMachineType: 'n2-standard-4',
  workerMachineType: 'n2-highmem-8',
  workerCount: 2,
};
const WORKFLOW = { kind: 'workflow', ...PLACE, managedCluster: MANAGED };

interface Reading {
  readonly targets: ReadonlyMap<string, TargetConfig>;
  readonly faults: readonly string[];
}

function read(targets: unknown): Reading {
  const reader = new Reader({ JOBGATE_TARGETS: JSON.stringify(targets) });
  return { targets: readTargets(reader), faults: reader.faults };
}

describe('targets', () => {
  it('of every kind are read by their names', () => {
    const zoned = { ...WORKFLOW, managedCluster: { ...MANAGED, zone: 'us-central1-a' } };
    const { targets, faults } = read({ a: BATCH, b: CLUSTER, c: WORKFLOW, d: zoned });
    expect(faults).toEqual([]);
    expect([...targets.values()]).toEqual([
      { name: 'a', ...BATCH },
      { name: 'b', ...CLUSTER },
      { name: 'c', ...WORKFLOW },
      { name: 'd', ...zoned },
    ]);
  });

  it.each([[[]], ['x'], [null], [7]])('cannot be %j', (targets) => {
    expect(read(targets).faults).toEqual([
      'JOBGATE_TARGETS must be a JSON object of target name to target',
    ]);
  });

  it('have all of their faults named at once', () => {
    const managedCluster = { namePrefix: 'Jobgate', imageVersion: '2.3;', workerCount: 1, spot: 1 };
    const { faults } = read({
      a: { ...BATCH, runtimeVersion: '', colour: 'red' },
      b: { ...CLUSTER, clusterName: 'nightly/../other' },
      c: { ...WORKFLOW, managedCluster },
      d: { ...PLACE, kind: 'swarm' },
      e: { kind: 'workflow' },
      f: null,
    });
    expect(faults).toEqual([
      'JOBGATE_TARGETS.a.colour is not known',
      'JOBGATE_TARGETS.a.runtimeVersion is missing or malformed',
      'JOBGATE_TARGETS.b.clusterName is missing or malformed',
      'JOBGATE_TARGETS.c.managedCluster.spot is not known',
      'JOBGATE_TARGETS.c.managedCluster.workerCount must be a whole number from 2 to 500',
      'JOBGATE_TARGETS.c.managedCluster.namePrefix is missing or malformed',
      'JOBGATE_TARGETS.c.managedCluster.imageVersion is missing or malformed',
      'JOBGATE_TARGETS.c.managedCluster.masterMachineType is missing or malformed',
      'JOBGATE_TARGETS.c.managedCluster.workerMachineType is missing or malformed',
      'JOBGATE_TARGETS.d.kind must be batch, cluster or workflow',
      ...['project', 'region', 'stagingBucket', 'reader', 'operator', 'signer'].map(
        (name) => `JOBGATE_TARGETS.e.${name} is missing or malformed`,
      ),
      'JOBGATE_TARGETS.e.managedCluster.workerCount must be a whole number from 2 to 500',
      'JOBGATE_TARGETS.e.managedCluster.namePrefix is missing or malformed',
      'JOBGATE_TARGETS.e.managedCluster.imageVersion is missing or malformed',
      'JOBGATE_TARGETS.e.managedCluster.masterMachineType is missing or malformed',
      'JOBGATE_TARGETS.e.managedCluster.workerMachineType is missing or malformed',
      'JOBGATE_TARGETS.f.kind must be batch, cluster or workflow',
    ]);
  });

  it.each([
    ['stagingBucket', 'stage/../other'],
    ['region', 'attacker.example/'],
    ['reader', 'a@b'],
    ['project', ''],
    ['operator', 7],
  ])('are refused a %s of %j', (name, value) => {
    for (const target of [BATCH, CLUSTER, WORKFLOW]) {
      expect(read({ t: { ...target, [name]: value } }).faults).toEqual([
        `JOBGATE_TARGETS.t.${name} is missing or malformed`,
      ]);
    }
  });

  it.each([
    ['no number', '3'],
    ['a fraction', 2.5],
    ['fewer workers than a cluster has', 1],
    ['a slip of the pen', 5000],
  ])('are refused %s as the number of workers', (_name, workerCount) => {
    const managedCluster = { ...MANAGED, workerCount };
    expect(read({ t: { ...WORKFLOW, managedCluster } }).faults).toEqual([
      'JOBGATE_TARGETS.t.managedCluster.workerCount must be a whole number from 2 to 500',
    ]);
  });

  it('are refused a zone that is none', () => {
    const managedCluster = { ...MANAGED, zone: 'projects/other/zones/x' };
    expect(read({ t: { ...WORKFLOW, managedCluster } }).faults).toEqual([
      'JOBGATE_TARGETS.t.managedCluster.zone is missing or malformed',
    ]);
  });
});
