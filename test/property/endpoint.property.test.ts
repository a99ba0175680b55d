import type { APIGatewayProxyResult } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequest } from '../../shared/http/request.ts';
import { PROBLEMS } from '../../shared/problem.ts';
import { ANALYST } from '../support/callers.ts';
import { CONTEXT, makeProxyEvent } from '../support/proxy-events.ts';
import { createSubmitBench } from '../support/submit-bench.ts';

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJlLXZhbHVl';
const STATUSES = new Set<number>([202, 200, ...Object.values(PROBLEMS).map((row) => row.status)]);

/** Events that look like the gateway's, with any value in any member. */
const events = fc.record(
  {
    path: fc.anything(),
    headers: fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.anything())),
    queryStringParameters: fc.anything(),
    pathParameters: fc.anything(),
    body: fc.oneof(fc.json(), fc.string(), fc.anything()),
    isBase64Encoded: fc.anything(),
    requestContext: fc.oneof(
      fc.anything(),
      fc.record({ requestId: fc.anything(), authorizer: fc.anything() }),
    ),
  },
  { requiredKeys: [] },
);

/** Submissions of a good caller whose body is any JSON, often close to a good one. */
const submissions = fc
  .oneof(
    fc.json(),
    fc.string(),
    fc
      .record(
        {
          template: fc.oneof(fc.constant('tidy'), fc.jsonValue()),
          parameters: fc.oneof(
            fc.record({ input: fc.oneof(fc.constant('gs://inputs/open/a.csv'), fc.string()) }),
            fc.jsonValue(),
          ),
          labels: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
          maxRuntimeSeconds: fc.oneof(fc.integer(), fc.jsonValue()),
        },
        { requiredKeys: ['template'] },
      )
      .map((body) => JSON.stringify(body)),
  )
  .map((body) =>
    makeProxyEvent({ caller: ANALYST, body, headers: { 'content-type': 'application/json' } }),
  );

/** Adds the token where a real event carries it. */
function withToken(event: object): object {
  const headers: unknown = 'headers' in event ? event.headers : {};
  const own = typeof headers === 'object' && headers !== null ? headers : {};
  return { ...event, headers: { ...own, Authorization: `Bearer ${TOKEN}` } };
}

function checkAnswer(result: APIGatewayProxyResult): void {
  expect(STATUSES).toContain(result.statusCode);
  const body = JSON.parse(result.body) as Readonly<Record<string, unknown>>;
  if (result.statusCode >= 400) {
    expect(body).toMatchObject({ status: result.statusCode, code: expect.any(String) as string });
    expect(Object.keys(PROBLEMS)).toContain(body['code']);
  }
  const headers = Object.entries(result.headers ?? {});
  expect(headers.filter(([, value]) => typeof value !== 'string')).toEqual([]);
  expect(headers.filter(([, value]) => /[\r\n]/.test(String(value)))).toEqual([]);
  expect(result.headers?.['x-correlation-id']).toMatch(/^[a-z0-9][a-z0-9-]{7,59}$/);
}

describe('submit-job', () => {
  it.each([
    ['any event', events],
    ['any body of a good caller', submissions],
  ] as const)(
    'gives %s a well-formed answer, and the token is nowhere',
    async (_name, arbitrary) => {
      const bench = createSubmitBench();
      await fc.assert(
        fc.asyncProperty(arbitrary, async (event: object) => {
          const written = bench.recorder.lines.length;
          const result = await bench.handler(withToken(event), CONTEXT);
          checkAnswer(result);
          const lines = bench.recorder.lines.slice(written);
          expect(lines.length).toBeGreaterThan(0);
          expect([JSON.stringify(result), ...lines].join('\n')).not.toContain(TOKEN);
          expect(lines.filter((line) => line.includes('\n'))).toEqual([]);
        }),
        { numRuns: 300 },
      );
    },
  );

  it('never fails by itself, whatever a good caller sends', async () => {
    const bench = createSubmitBench();
    await fc.assert(
      fc.asyncProperty(submissions, async (event) => {
        const { statusCode } = await bench.handler(event, CONTEXT);
        expect(statusCode).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a request', () => {
  it('is read from any value', () => {
    fc.assert(
      fc.property(fc.anything(), (event) => {
        const request = parseRequest(event);
        expect(request.correlationId).toMatch(/^[a-z0-9][a-z0-9-]{7,59}$/);
        expect(typeof request.path).toBe('string');
      }),
    );
  });
});
