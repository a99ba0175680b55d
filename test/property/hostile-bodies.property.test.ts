import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANALYST } from '../support/callers.ts';
import { checkHostileAnswer, checkHostileLines } from '../support/hostile-answers.ts';
import {
  hostileHeaders,
  hostileJson,
  hostileNames,
  hostileTexts,
  hostileUris,
  spoilers,
  toRawJson,
} from '../support/hostile-values.ts';
import { makeRecord } from '../support/job-records.ts';
import { CONTEXT, makeProxyEvent } from '../support/proxy-events.ts';
import { createSubmitBench, type SubmitBench } from '../support/submit-bench.ts';
import { TIDY } from '../support/templates.ts';

const ENDED = makeRecord({ state: 'failed' });
const INPUT = fc.constant('gs://inputs/open/a.csv');
const GOOD = { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } };

/** One of what is right, or anything. */
function or(...right: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: fc.constantFrom(...right), weight: 2 }, hostileJson);
}

const amounts = fc.oneof(
  fc.constantFrom('5.00', '0005', '000000000.55', '0', '5,00', '1e5', '-1', '+1', ' 1', '1 ', '١'),
  fc.constantFrom('0.001', '999999999.99', '9999999999', 'NaN', 'Infinity', '5.00\n', '.5', '5.'),
  hostileJson,
);

/** What a member of a body may be beside what is right. */
const members = fc.record({
  template: hostileJson,
  parameters: fc.oneof(
    hostileJson,
    fc.dictionary(hostileNames, hostileJson, { maxKeys: 6 }),
    fc.record({ input: hostileUris(TIDY.reads) }),
    fc.record({ input: INPUT, mode: or('fast'), limit: or(1), note: or('') }),
  ),
  templateVersion: or('1.2.0', '1.2.1'),
  planDigest: or('0'.repeat(64)),
  retryOf: or(ENDED.id, 'jg-aaaaaaaaaaaaaaaaaaaaaaaaaa'),
  labels: fc.oneof(fc.dictionary(hostileNames, hostileTexts, { maxKeys: 14 }), hostileJson),
  maxRuntimeSeconds: or('<<600.0>>', '<<6e2>>', '<<1e400>>', 599, '600', 1_209_601),
  maxCost: fc.oneof(
    fc.record({ amount: amounts, currency: or('USD', 'usd', 'EUR', 'ＵＳＤ') }),
    hostileJson,
  ),
});

/** Bodies of submit-job: a good one with a few members that are anything, or anything. */
const bodies = fc.oneof(
  {
    arbitrary: fc
      .tuple(fc.uniqueArray(fc.nat(7), { maxLength: 2 }), members)
      .map(([picks, hostile]) => {
        const chosen = Object.entries(hostile).filter((_member, index) => picks.includes(index));
        return { ...GOOD, ...Object.fromEntries(chosen) };
      }),
    weight: 6,
  },
  { arbitrary: members, weight: 1 },
  { arbitrary: fc.dictionary(hostileNames, hostileJson, { maxKeys: 6 }), weight: 1 },
  { arbitrary: hostileJson, weight: 1 },
);

const types = fc.oneof(
  { arbitrary: fc.constant('application/json'), weight: 20 },
  fc.constantFrom('application/json; charset=utf-16', 'text/plain', 'application/jsonx', ''),
  hostileHeaders,
);

/** Events of a good caller. Bytes, where there are any, are sent in base64 and need be no text. */
const events = fc
  .record({
    body: fc.tuple(bodies, spoilers).map(([body, spoil]) => spoil(toRawJson(body))),
    bytes: fc.oneof({ arbitrary: fc.constant(null), weight: 8 }, fc.uint8Array({ maxLength: 3 })),
    headers: fc.record(
      {
        'content-type': types,
        'idempotency-key': fc.oneof(fc.constant('key-1'), hostileHeaders),
        accept: fc.oneof({ arbitrary: fc.constant('*/*'), weight: 20 }, hostileHeaders),
        prefer: hostileHeaders,
        'x-correlation-id': hostileHeaders,
        traceparent: hostileHeaders,
        origin: hostileHeaders,
      },
      { requiredKeys: ['content-type'] },
    ),
  })
  .map(({ body, bytes, headers }) => {
    const event = makeProxyEvent({ caller: ANALYST, body, headers });
    if (bytes === null) return event;
    const spoilt = Buffer.concat([Buffer.from(body), bytes]).toString('base64');
    return { ...event, body: spoilt, isBase64Encoded: true };
  });

/** One event for each status, whatever the others come to. */
const EXAMPLES = [
  {},
  { body: '{"template":"none"}' },
  { body: '{"template":1}' },
  { body: '{' },
  { body: ' '.repeat(70_000) },
  { headers: { 'content-type': 'text/plain' } },
].map((changes): [Readonly<Record<string, unknown>>] => {
  const headers = { 'content-type': 'application/json' };
  return [makeProxyEvent({ caller: ANALYST, headers, body: JSON.stringify(GOOD), ...changes })];
});

function createBench(): SubmitBench {
  const bench = createSubmitBench();
  bench.records.seed(ENDED);
  return bench;
}

describe('submit-job and create-plan', () => {
  it('answer any body, type and header with no failure of theirs, and log it in lines', async () => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(events, async (event) => {
        const bench = createBench();
        for (const handler of [bench.planHandler, bench.handler]) {
          const result = await handler(event, CONTEXT);
          checkHostileAnswer(result);
          statuses.add(result.statusCode);
        }
        checkHostileLines(bench.recorder.lines, bench.audited);
      }),
      { numRuns: 400, examples: EXAMPLES },
    );
    expect([...statuses]).toEqual(expect.arrayContaining([200, 202, 400, 404, 413, 415, 422]));
  });

  it('start nothing for a body that they refuse', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (event) => {
        const bench = createBench();
        const { statusCode } = await bench.handler(event, CONTEXT);
        const started = statusCode === 202 ? 1 : 0;
        expect(bench.gateway.submissions).toHaveLength(started);
        expect(bench.records.all()).toHaveLength(1 + started);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a body that is too large or too deep', () => {
  const open = (levels: number) => `{"template":${'['.repeat(levels)}`;

  it.each([
    ['1 MB of text', `{"template":"${'x'.repeat(1_000_000)}"}`, 'payload_too_large'],
    ['10 MB of members', `{${'"a":1,'.repeat(1_700_000)}"b":1}`, 'payload_too_large'],
    ['100,000 levels', `${open(100_000)}${']'.repeat(100_000)}}`, 'payload_too_large'],
    ['32,000 levels', `${open(32_000)}${']'.repeat(32_000)}}`, 'invalid_json'],
    ['64,000 levels that do not end', open(64_000), 'invalid_json'],
    ['64 kB of characters of three bytes', `{"a":"${'字'.repeat(30_000)}"}`, 'payload_too_large'],
  ])('is refused for that alone: %s', async (_name, body, code) => {
    const headers = { 'content-type': 'application/json' };
    for (const inBase64 of [false, true]) {
      const bench = createBench();
      const sent = inBase64 ? Buffer.from(body).toString('base64') : body;
      const event = makeProxyEvent({ caller: ANALYST, body: sent, headers });
      const result = await bench.handler({ ...event, isBase64Encoded: inBase64 }, CONTEXT);
      checkHostileAnswer(result);
      expect(JSON.parse(result.body)).toMatchObject({ code });
    }
  });
});
