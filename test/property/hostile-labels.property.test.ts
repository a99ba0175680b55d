import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBatch } from '../../shared/dataproc/batch.ts';
import { toJob } from '../../shared/dataproc/job.ts';
import { toWorkflow } from '../../shared/dataproc/workflow.ts';
import { parseJobId } from '../../shared/jobs/job.ts';
import { checkHostileLines } from '../support/hostile-answers.ts';
import { hostileHeaders, hostileNames, hostileTexts } from '../support/hostile-values.ts';
import { postTo, type Posted } from '../support/posting.ts';
import { createSubmitBench, type SubmitBench } from '../support/submit-bench.ts';
import { ANALYTICS, EPHEMERAL, SHARED } from '../support/targets.ts';
import { TIDY } from '../support/templates.ts';

const BODY = { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } };
const OURS = /^(jobgate|jg-(deployment|caller|template|version|correlation|request|job))$/;

async function post(body: object, key?: string): Promise<Posted & { readonly bench: SubmitBench }> {
  const bench = createSubmitBench();
  const posted = await postTo(
    bench.handler,
    { ...BODY, ...body },
    key === undefined ? {} : { key },
  );
  expect(posted.status).toBeLessThan(500);
  checkHostileLines(bench.recorder.lines, bench.audited);
  return { ...posted, bench };
}

describe('the labels of a job', () => {
  const good = fc.constantFrom('team', 'cost-center', 'a', `a${'b'.repeat(62)}`, 'constructor');
  const word = fc.oneof(
    good,
    fc.string({ unit: fc.constantFrom('a', 'j', 'g', 'o', '-', '_', '0'), maxLength: 70 }),
  );
  const labels = fc.oneof(
    fc.dictionary(word, word, { maxKeys: 14 }),
    fc.dictionary(fc.oneof(word, hostileNames), fc.oneof(word, hostileTexts), { maxKeys: 3 }),
  );

  it('are what Dataproc takes, none of ours is among the caller’s, and ours are all there', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(labels, async (sent) => {
        const { status, bench, body } = await post({ labels: sent });
        const [submission] = bench.gateway.submissions;
        if (submission === undefined) {
          expect(status).toBeGreaterThanOrEqual(400);
          return;
        }
        accepted += 1;
        expect(body['labels']).toEqual(sent);
        const runtimeAccountEmail = 'a@b';
        for (const request of [
          toBatch(submission, { ...ANALYTICS, runtimeAccountEmail }),
          toJob(submission, SHARED),
          toWorkflow(submission, { ...EPHEMERAL, runtimeAccountEmail }),
        ]) {
          const all = Object.entries(request.labels ?? {});
          expect(all.flat().filter((text) => !/^[a-z][a-z0-9_-]{0,62}$/.test(text))).toEqual([]);
          const own = all.filter(([name]) => !OURS.test(name));
          expect(Object.fromEntries(own)).toEqual(sent);
          expect(own.filter(([name]) => /^(jg-|goog-|jobgate$)/.test(name))).toEqual([]);
          expect(all.length - own.length).toBeGreaterThanOrEqual(7);
          expect(all.length).toBeLessThanOrEqual(32);
        }
      }),
      { numRuns: 300, examples: [[{ team: 'blue' }]] },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});

describe('an idempotency key', () => {
  const keys = fc.oneof(
    hostileHeaders,
    fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
    fc.string({ unit: fc.constantFrom('"', '\\', 'a', ' '), maxLength: 12 }),
  );

  it('of any text names one job, which it finds again, or is refused', async () => {
    const codes = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(keys, async (key) => {
        const { status, body, bench } = await post({}, key);
        codes.add(body['code'] ?? status);
        if (status !== 202) {
          expect([status, body['code']]).toEqual([400, 'invalid_request']);
          return;
        }
        expect(parseJobId(body['id'])).toBeDefined();
        const again = await postTo(bench.handler, BODY, { key });
        expect([again.status, again.body['id']]).toEqual([200, body['id']]);
        expect(bench.gateway.submissions).toHaveLength(1);
      }),
      { numRuns: 300, examples: [['key-1'], [' ']] },
    );
    expect(codes).toEqual(new Set([202, 'invalid_request']));
  });

  it('is one key raw and quoted, and no two keys are one', async () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((unit) => String.fromCharCode(unit)),
      minLength: 1,
      maxLength: 255,
    });
    const quote = (key: string) => `"${key.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
    const idOf = async (key: string) => (await post({}, key)).body['id'];
    await fc.assert(
      fc.asyncProperty(visible, visible, async (one, other) => {
        const id = await idOf(quote(one));
        expect(id).toBeDefined();
        if (!one.startsWith('"')) expect(await idOf(one)).toBe(id);
        if (one !== other) expect(await idOf(quote(other))).not.toBe(id);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the bounds of a run', () => {
  const amounts = fc.oneof(
    hostileTexts,
    fc.string({
      unit: fc.constantFrom('0', '1', '5', '9', '.', ',', 'e', '+', '-', ' '),
      maxLength: 14,
    }),
    fc.constantFrom('5.00', '0005', '5', '000000000', '999999999.99', '0.55', '5,00', '1e5', '٥'),
  );
  const currencies = fc.oneof({ arbitrary: fc.constant('USD'), weight: 9 }, hostileTexts);
  const bounds = fc.record(
    {
      maxCost: fc.record({ amount: amounts, currency: currencies }),
      maxRuntimeSeconds: fc.oneof(fc.integer(), fc.double(), fc.constantFrom(600, 1800, 1801)),
    },
    { requiredKeys: [] },
  );

  it('hold: a job that starts ends in the time and the money that its template gives', async () => {
    let accepted = 0;
    const most = TIDY.limits;
    await fc.assert(
      fc.asyncProperty(bounds, async (asked) => {
        const { bench, body } = await post(asked);
        const [submission] = bench.gateway.submissions;
        if (submission === undefined) return;
        accepted += 1;
        const { maxRuntimeSeconds } = submission;
        expect(Number.isSafeInteger(maxRuntimeSeconds)).toBe(true);
        expect(maxRuntimeSeconds).toBeGreaterThanOrEqual(600);
        expect(maxRuntimeSeconds).toBeLessThanOrEqual(
          Math.min(most.maxRuntimeSeconds, asked.maxRuntimeSeconds ?? Infinity),
        );
        const { estimate } = body['cost'] as { readonly estimate: { readonly high: string } };
        const cap = Number(asked.maxCost?.amount ?? most.maxCost.amount);
        expect(cap).toBeLessThanOrEqual(Number(most.maxCost.amount));
        expect(Number(estimate.high)).toBeLessThanOrEqual(cap);
      }),
      { numRuns: 400, examples: [[{ maxCost: { amount: '0005', currency: 'USD' } }]] },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});
