import { describe, expect, it } from 'vitest';
import { boundExecutors, findSizeFaults, toSizeBand } from '../../../shared/cost/size.ts';

type Properties = Readonly<Record<string, string>>;

describe('the size of a batch', () => {
  it.each<readonly [string, Properties, readonly number[], readonly number[]]>([
    ['is 12 to 44 DCU by default', {}, [12_000, 1_200], [44_000, 4_400]],
    [
      'follows the cores of the driver and of the executors',
      { 'spark.driver.cores': '8', 'spark.executor.cores': '16' },
      [8_000 + 2 * 16_000, 800 + 2 * 1_600],
      [8_000 + 10 * 16_000, 800 + 10 * 1_600],
    ],
    [
      'follows the bounds of the executors',
      {
        'spark.dynamicAllocation.minExecutors': '3',
        'spark.dynamicAllocation.maxExecutors': '5',
      },
      [16_000, 1_600],
      [24_000, 2_400],
    ],
    [
      'is at most what it starts with, though that is above the bound',
      { 'spark.executor.instances': '20' },
      [12_000, 1_200],
      [84_000, 8_400],
    ],
    [
      'is fixed without dynamic allocation',
      { 'spark.dynamicAllocation.enabled': 'false', 'spark.executor.instances': '3' },
      [16_000, 1_600],
      [16_000, 1_600],
    ],
    [
      'counts the most memory of the tier where a memory is named',
      { 'spark.executor.memory': '9600m', 'spark.dynamicAllocation.maxExecutors': '2' },
      [4_000 + 2 * 5_300, 1_200],
      [4_000 + 2 * 5_300, 1_200],
    ],
    [
      'counts the disks that are named',
      {
        'spark.dataproc.driver.disk.size': '250g',
        'spark.dataproc.executor.disk.size': '1t',
        'spark.dynamicAllocation.maxExecutors': '2',
      },
      [12_000, 250 + 2 * 1_024],
      [12_000, 250 + 2 * 1_024],
    ],
  ])('%s', (_name, properties, least, most) => {
    const band = toSizeBand(properties);
    expect([band.least.milliDcu, band.least.shuffleGb]).toEqual(least);
    expect([band.most.milliDcu, band.most.shuffleGb]).toEqual(most);
  });

  it.each<readonly [string, Properties]>([
    ['spark.dataproc.driver.compute.tier', { 'spark.dataproc.driver.compute.tier': 'premium' }],
    ['spark.dataproc.executor.disk.tier', { 'spark.dataproc.executor.disk.tier': 'premium' }],
    ['spark.dataproc.driver.disk.size', { 'spark.dataproc.driver.disk.size': 'large' }],
    ['spark.driver.cores', { 'spark.driver.cores': '5' }],
    ['spark.executor.instances', { 'spark.executor.instances': '1' }],
    [
      'spark.dynamicAllocation.maxExecutors',
      { 'spark.dynamicAllocation.maxExecutors': '2147483647' },
    ],
  ])('is not known with %s as it is here', (property, properties) => {
    expect(findSizeFaults(properties)).toMatchObject([{ property }]);
    expect(() => toSizeBand(properties)).toThrow(property);
  });

  it.each([
    'spark.executor.pyspark.memory',
    'spark.executor.minMemoryOverhead',
    'spark.driver.minMemoryOverhead',
    'spark.memory.offHeap.size',
    'spark.memory.offHeap.enabled',
    'spark.executor.resource.gpu.amount',
    'spark.executor.resource.gpu.vendor',
    'spark.driver.resource.gpu.amount',
    'spark.cores.max',
    'spark.driver.coresX',
    'spark.deploy.defaultCores',
    'spark.kubernetes.executor.request.cores',
    'spark.kubernetes.memoryOverheadFactor',
    'spark.kubernetes.executor.volumes.emptyDir.spark-local-dir-1.options.sizeLimit',
    'spark.yarn.executor.memoryOverhead',
    'spark.dynamicAllocation.firstExecutors',
    'spark.dataproc.executor.resource.accelerator.type',
    'spark.dataproc.executor.disk.count',
    'spark.dataproc.driver.memory',
    'spark.dataproc.executor.maxInstances',
    'spark.dataproc.engine',
    'spark.dataproc.lightningEngine.runtime',
  ])('is not known with %s, which sizes it and has no price', (property) => {
    const properties = { 'spark.executor.memory': '9600m', [property]: '4' };
    expect(findSizeFaults(properties)).toEqual([
      {
        property,
        message:
          'sizes a batch and has no price: use cores, memory, memoryOverhead and disk.size of driver and executor, executor.instances, or the bounds of dynamicAllocation',
      },
    ]);
    expect(() => toSizeBand(properties)).toThrow(property);
  });

  it.each([
    'spark.driver.maxResultSize',
    'spark.driver.extraJavaOptions',
    'spark.executor.extraJavaOptions',
    'spark.executor.heartbeatInterval',
    'spark.executorEnv.MEMORY_CORES',
    'spark.dataproc.driverEnv.MEMORY_CORES',
    'spark.dataproc.scaling.version',
    'spark.dataproc.sql.joinConditionReorder.enabled',
    'spark.dynamicAllocation.executorAllocationRatio',
    'spark.dynamicAllocation.executorIdleTimeout',
    'spark.memory.fraction',
    'spark.sql.adaptive.enabled',
    'spark.task.cpus',
  ])('has nothing to do with %s', (property) => {
    expect(findSizeFaults({ [property]: '4' })).toEqual([]);
    expect(toSizeBand({ [property]: '4' })).toEqual(toSizeBand({}));
  });

  it.each([
    'spark.driver.memory',
    'spark.driver.memoryOverhead',
    'spark.driver.memoryOverheadFactor',
    'spark.executor.memory',
    'spark.executor.memoryOverhead',
    'spark.executor.memoryOverheadFactor',
  ])('costs more with %s', (property) => {
    const { milliDcu } = toSizeBand({ [property]: '1g' }).most;
    expect(milliDcu).toBeGreaterThan(toSizeBand({}).most.milliDcu);
  });

  it('is known with the standard tier said explicitly, and with properties of other kinds', () => {
    const properties = {
      'spark.dataproc.driver.compute.tier': 'standard',
      'spark.sql.shuffle.partitions': '7',
    };
    expect(findSizeFaults(properties)).toEqual([]);
  });
});

describe('the executors of a batch', () => {
  it('are bounded where the template does not, because Dataproc’s bound is 1,000', () => {
    expect(boundExecutors({ a: 'b' })).toEqual({
      a: 'b',
      'spark.dynamicAllocation.maxExecutors': '10',
    });
  });

  it.each<Properties>([
    { 'spark.dynamicAllocation.maxExecutors': '500' },
    { 'spark.dynamicAllocation.enabled': 'false' },
  ])('stay as the template says: %j', (properties) => {
    expect(boundExecutors(properties)).toEqual(properties);
  });
});
