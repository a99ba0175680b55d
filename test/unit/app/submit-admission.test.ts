import { describe, expect, it } from 'vitest';
import { createEntry } from '../../../shared/app/switches.ts';
import { parseSwitches } from '../../../shared/policy/switches-document.ts';
import type { Guard } from '../../../shared/policy/guard.ts';
import { ANALYST } from '../../support/callers.ts';
import { CONTEXT, makeProxyEvent } from '../../support/proxy-events.ts';
import { createSubmitBench, type SubmitBench } from '../../support/submit-bench.ts';
import { TIDY } from '../../support/templates.ts';

const BODY = { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(bench: SubmitBench, body: object, key = 'key-1'): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  const event = makeProxyEvent({ caller: ANALYST, headers, body: JSON.stringify(body) });
  const result = await bench.handler(event, CONTEXT);
  return {
    status: result.statusCode,
    headers: result.headers ?? {},
    body: JSON.parse(result.body) as Readonly<Record<string, unknown>>,
  };
}

/** The switches as they are at the moment, which a test may change. */
function createSwitches(document: { value: object }): Guard['admitJob'] {
  const read = (): string => JSON.stringify(document.value);
  return createEntry(() => Promise.resolve(parseSwitches(read()))).admitJob;
}

const PAUSED = { templates: { tidy: { open: false, reason: 'Wrong sums.' } } };

describe('submit-job with switches', () => {
  it('starts nothing while its template is paused, and says why and for how long not to ask', async () => {
    const bench = createSubmitBench([TIDY], createSwitches({ value: PAUSED }));
    const { status, headers, body } = await post(bench, BODY);
    expect([status, headers['retry-after']]).toEqual([503, '60']);
    expect(body).toMatchObject({
      code: 'submissions_paused',
      retryable: true,
      detail:
        'Jobs of tidy cannot be started at present: Wrong sums. What runs goes on and can be watched.',
    });
    expect([bench.records.all(), bench.gateway.submissions]).toEqual([[], []]);
  });

  it('answers a repeated request with its job while new ones are paused', async () => {
    const switches = { value: {} };
    const bench = createSubmitBench([TIDY], createSwitches(switches));
    const first = await post(bench, BODY);
    switches.value = PAUSED;
    const again = await post(bench, BODY);
    expect([again.status, again.body['id']]).toEqual([200, first.body['id']]);
    expect((await post(bench, BODY, 'key-2')).status).toBe(503);
  });

  it('names the faults of a request before it says that jobs are paused', async () => {
    const bench = createSubmitBench([TIDY], createSwitches({ value: PAUSED }));
    const { status } = await post(bench, { template: 'tidy', parameters: {} });
    expect(status).toBe(422);
  });
});

describe('submit-job under a rule with limits', () => {
  const limited = {
    ...TIDY,
    allow: [{ groups: ['analysts'], limits: { maxRuntimeSeconds: 900 } }],
  };

  it('lets a job run for as long as the rule allows when nothing is asked for', async () => {
    const { body } = await post(createSubmitBench([limited]), BODY);
    expect(body['maxRuntimeSeconds']).toBe(900);
  });

  it('refuses a longer run, though the template would allow it to others', async () => {
    const bench = createSubmitBench([limited]);
    const { status, body } = await post(bench, { ...BODY, maxRuntimeSeconds: 901 });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: '/maxRuntimeSeconds', message: 'must be <= 900' }],
    });
    expect(bench.records.all()).toEqual([]);
    expect((await post(bench, { ...BODY, maxRuntimeSeconds: 900 })).status).toBe(202);
  });
});
