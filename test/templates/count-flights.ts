import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';

/** The first moment after the range. The reader takes a time without a zone for UTC. */
const END = new Date('2001-07-01T00:00:00Z');

/** Finds without Spark every row that flight-delays must make of the sample for one airport and range of hours. */
async function count(args: readonly string[]): Promise<unknown> {
  const [path = '', airport, from, to, minFlights] = args;
  const content = readFileSync(path);
  const rows = await parquetReadObjects({
    file: content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength),
    columns: ['date', 'delay', 'origin', 'destination'],
    compressors: { ZSTD: (bytes) => new Uint8Array(zstdDecompressSync(bytes)) },
  });
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const { date, origin, destination } = row;
    if (!(date instanceof Date) || date >= END) continue;
    const hour = date.getUTCHours();
    if (hour < Number(from) || hour > Number(to)) continue;
    if (origin !== airport && destination !== airport) continue;
    const key = JSON.stringify([origin, destination, hour]);
    const delays = groups.get(key) ?? [];
    delays.push(Number(row['delay']));
    groups.set(key, delays);
  }
  const large = [...groups].filter(([, delays]) => delays.length >= Number(minFlights));
  return large.map(([key, delays]) => [...(JSON.parse(key) as unknown[]), ...describe(delays)]);
}

/** In hundredths, so that all but the mean is in whole numbers. */
function describe(delays: readonly number[]): readonly number[] {
  const sorted = delays.toSorted((a, b) => a - b);
  const percentiles = [50, 75, 90, 99].map((percent) => {
    const hundredths = percent * (sorted.length - 1);
    const below = sorted[Math.floor(hundredths / 100)] ?? 0;
    const above = sorted[Math.ceil(hundredths / 100)] ?? 0;
    return (100 * below + (hundredths % 100) * (above - below)) / 100;
  });
  const sum = delays.reduce((total, delay) => total + delay, 0);
  return [delays.length, ...percentiles, sum / delays.length];
}

process.stdout.write(JSON.stringify(await count(process.argv.slice(2))));
