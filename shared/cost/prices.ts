/** What Dataproc serverless batches cost in a group of regions, in millionths of USD, standard tier. */
interface PriceGroup {
  /** Of one data compute unit (DCU) for an hour. */
  readonly dcuHourMicros: number;
  /** Of one GB of shuffle storage for a month. */
  readonly shuffleGbMonthMicros: number;
  readonly regions: readonly string[];
}

/** When the table was read; it is of use as long as Google has not changed its list prices since. */
export const PRICES_AS_OF = '2026-11-21';

/**
 * Google's own list. The figure of us-central1 is on the page as text; those of the other regions, which the page shows
 * only on choice, are as GoogleCloudPlatform/PerfKitBenchmarker generates them from it
 * (perfkitbenchmarker/providers/gcp/gcp_dpb_dataproc_serverless_prices.py). The premium tier and accelerators are not
 * in the table: templates may not ask for them.
 */
export const PRICES_SOURCE = 'https://cloud.google.com/dataproc-serverless/pricing';

/** Hours that the price of a month is spread over: those of the shortest month, which is never too little. */
export const HOURS_PER_MONTH = 672;

const GROUPS: readonly PriceGroup[] = [
  group(60_000, 40_000, ['us-central1', 'us-east1', 'us-east5', 'us-west1']),
  group(66_007, 40_000, ['europe-west1']),
  group(66_057, 44_000, ['europe-west4', 'northamerica-northeast1', 'northamerica-northeast2']),
  group(66_062, 44_000, ['europe-north1']),
  group(67_572, 44_000, ['us-east4', 'us-west4']),
  group(69_477, 40_000, ['asia-east1']),
  group(69_600, 46_400, ['europe-west8', 'europe-west9']),
  group(70_800, 47_200, ['us-south1', 'europe-southwest1']),
  group(72_071, 48_000, ['us-west2', 'us-west3', 'asia-south1', 'asia-south2']),
  group(72_600, 48_000, ['europe-central2']),
  group(74_015, 44_000, ['asia-southeast1']),
  group(76_976, 52_000, ['asia-northeast1', 'asia-northeast2', 'asia-northeast3']),
  group(77_307, 48_000, ['europe-west2', 'europe-west3']),
  group(78_600, 52_000, ['europe-west6']),
  group(80_674, 52_000, ['asia-southeast2']),
  group(83_955, 50_000, ['asia-east2']),
  group(85_135, 54_000, ['australia-southeast1', 'australia-southeast2']),
  group(85_810, 57_000, ['southamerica-west1']),
  group(95_246, 60_000, ['southamerica-east1']),
];

/** What is charged where the table has no price: a third more than in its dearest region, so that a cap still holds. */
const UNLISTED = { dcuHourMicros: 127_000, shuffleGbMonthMicros: 80_000 } as const;

/** The prices of a region; `listed` is false where they are assumed and not read. */
export interface RegionPrices {
  readonly region: string;
  readonly listed: boolean;
  readonly dcuHourMicros: number;
  readonly shuffleGbMonthMicros: number;
}

/** Finds the prices of a region. */
export function toRegionPrices(region: string): RegionPrices {
  const found = GROUPS.find(({ regions }) => regions.includes(region));
  const { dcuHourMicros, shuffleGbMonthMicros } = found ?? UNLISTED;
  return { region, listed: found !== undefined, dcuHourMicros, shuffleGbMonthMicros };
}

function group(
  dcuHourMicros: number,
  shuffleGbMonthMicros: number,
  regions: readonly string[],
): PriceGroup {
  return { dcuHourMicros, shuffleGbMonthMicros, regions };
}
