import { describe, expect, it } from 'vitest';
import { approximateUsage, currentUsage } from '../../../../local/google/dataproc/batch-usage.ts';

describe('the usage of a batch', () => {
  it.each([
    ['12 DCU by default', {}, '120000', '12000'],
    [
      'what its cores come to',
      {
        'spark.driver.cores': '8',
        'spark.executor.cores': '16',
        'spark.executor.instances': '10',
      },
      '1680000',
      '168000',
    ],
    ['12 DCU when its cores make no sense', { 'spark.driver.cores': '-1' }, '120000', '12000'],
  ])('is %s for as long as it runs', (_, properties, milliDcuSeconds, shuffleStorageGbSeconds) => {
    expect(approximateUsage(properties, 10)).toEqual({ milliDcuSeconds, shuffleStorageGbSeconds });
    expect(currentUsage(properties)).toEqual({
      milliDcu: String(Number(milliDcuSeconds) / 10),
      shuffleStorageGb: String(Number(shuffleStorageGbSeconds) / 10),
    });
  });
});
