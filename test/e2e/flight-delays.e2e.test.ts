import { parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { callApi, waitForEnd } from '../support/api.ts';

describe('flight-delays from its own example to its result', () => {
  let example: unknown;
  let job: string;
  let ended: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    const template = await callApi('/templates/flight-delays', { as: 'analyst' });
    [example] = template.body['examples'] as readonly unknown[];
    const json = { template: 'flight-delays', parameters: example };
    job = String((await callApi('/jobs', { as: 'analyst', json })).body['id']);
    ended = await waitForEnd(job);
  });

  it('succeeds under its own account with the parameters of the example', () => {
    expect(ended).toMatchObject({
      state: 'succeeded',
      error: null,
      parameters: example,
      runtimeAccount: 'jg-run-flight-delays@local.iam.gserviceaccount.com',
    });
  });

  it('accounts for three million flights in its report', async () => {
    const report: unknown = JSON.parse((await download('report.json')).toString());
    expect(report).toMatchObject({
      flightsIn: 3_000_000,
      flightsKept: 2_715_113,
      flightsLeftOut: {
        incomplete: 0,
        outsideDates: 6,
        outsideHours: 156_418,
        otherAirports: 0,
        withoutDelay: 0,
        smallGroups: 128_463,
      },
      rowsOut: 19_817,
      groupsLeftOut: 15_715,
      firstDay: '2001-01-01',
      lastDay: '2001-06-30',
    });
  });

  /** The figures are those that test/templates/count-flights.ts finds without Spark. */
  it('has one Parquet file with a row for each route and hour', async () => {
    const result = await callApi(`/jobs/${job}/result`, { as: 'analyst' });
    const paths = (result.body['files'] as readonly { path: string }[]).map((file) => file.path);
    const [path = '', ...others] = paths.filter((each) => each.endsWith('.parquet'));
    expect(others).toEqual([]);
    const content = await download(path);
    const file = Uint8Array.from(content).buffer;
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(19_817);
    expect(rows[0]).toMatchObject({ origin: 'ABE', destination: 'ATL', hour: 8 });
    expect(rows).toContainEqual({
      origin: 'LAS',
      destination: 'LAX',
      hour: 16,
      flights: 750n,
      p50: 0,
      p75: 10,
      p90: 29.1,
      p99: 103,
      mean: 4004 / 750,
    });
  });

  async function download(path: string): Promise<Buffer> {
    const link = await callApi(`/jobs/${job}/files/${path}`, { as: 'analyst' });
    expect(link.status).toBe(303);
    const response = await fetch(link.headers.get('location') ?? '');
    return Buffer.from(await response.arrayBuffer());
  }
});

describe('parameters that flight-delays does not take', () => {
  const input = 'gs://jobgate-data/samples/flights-3m.parquet';

  it.each([
    ['/parameters/airport', { airport: 'lax' }],
    ['/parameters/airport', { airport: 'LAX\n' }],
    ['/parameters/fromHour', { fromHour: 24 }],
    ['/parameters/minFlights', { minFlights: 0 }],
    ['/parameters/minFlights', { minFlights: 1.5 }],
    ['/parameters/endDate', { endDate: '2001-02-29' }],
    ['/parameters/input', { input: 'gs://jobgate-data/samples/birdstrikes.csv' }],
    ['/parameters/input', { input: 'gs://elsewhere/flights-3m.parquet' }],
    ['/parameters/delay', { delay: 5 }],
  ])('are refused with the pointer %s for %j', async (pointer, changes) => {
    const json = { template: 'flight-delays', parameters: { input, ...changes } };
    const { status, body } = await callApi('/jobs', { as: 'analyst', json });
    expect([status, body['code']]).toEqual([422, 'validation_failed']);
    expect(body['errors']).toMatchObject([{ pointer }]);
  });
});
