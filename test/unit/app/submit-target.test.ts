import { describe, expect, it } from 'vitest';
import type { TargetConfig } from '../../../shared/config/targets.ts';
import type { Template } from '../../../shared/templates/template.ts';
import { CONTEXT, makeProxyEvent } from '../../support/proxy-events.ts';
import { createSubmitBench, type SubmitBench } from '../../support/submit-bench.ts';
import { ANALYTICS, EPHEMERAL, SHARED } from '../../support/targets.ts';
import { ANALYST } from '../../support/callers.ts';
import { TIDY } from '../../support/templates.ts';

const BODY = { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } };
const ON_CLUSTER: Template = { ...TIDY, runtimeAccount: null };
const LONG: Template = {
  ...TIDY,
  limits: {
    ...TIDY.limits,
    maxRuntimeSeconds: 200_000,
    maxCost: { amount: '10000.00', currency: 'USD' },
  },
};

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(bench: SubmitBench, changes: object = {}): Promise<Answer> {
  const event = makeProxyEvent({
    caller: ANALYST,
    headers: { 'content-type': 'application/json', 'idempotency-key': 'key-1' },
    body: JSON.stringify({ ...BODY, ...changes }),
  });
  const { statusCode, body } = await bench.handler(event, CONTEXT);
  return { status: statusCode, body: JSON.parse(body) as Answer['body'] };
}

function createBench(template: Template, target: TargetConfig): SubmitBench {
  return createSubmitBench([template], undefined, target);
}

describe('submit-job', () => {
  it.each([
    [TIDY, ANALYTICS, 'jg-run-tidy@acme.iam.gserviceaccount.com'],
    [ON_CLUSTER, SHARED, null],
    [TIDY, EPHEMERAL, 'jg-run-tidy@acme.iam.gserviceaccount.com'],
  ])('shows where a job runs and as whom', async (template, target, runtimeAccount) => {
    const bench = createBench(template, target);
    const { status, body } = await post(bench);
    expect(status).toBe(202);
    const { name, kind, region } = target;
    expect(body).toMatchObject({ target: { name, kind, region }, runtimeAccount });
    expect(bench.gateway.submissions).toMatchObject([
      { target: name, runtimeAccount: template.runtimeAccount },
    ]);
  });

  it.each([
    [TIDY, SHARED, /names? no runtimeAccount/],
    [ON_CLUSTER, ANALYTICS, /needs the template’s runtimeAccount/],
    [ON_CLUSTER, EPHEMERAL, /needs the template’s runtimeAccount/],
  ])(
    'refuses a template that its target cannot run, and records nothing',
    async (template, target, detail) => {
      const bench = createBench(template, target);
      const { status, body } = await post(bench);
      expect([status, body['code']]).toEqual([500, 'target_unsuitable']);
      expect(body).toMatchObject({
        retryable: false,
        detail: expect.stringMatching(detail) as string,
      });
      expect(bench.records.all()).toEqual([]);
      expect(bench.gateway.submissions).toEqual([]);
    },
  );

  it('bounds a workflow to the day that Dataproc lets it last, and no other job', async () => {
    const short = await post(createBench(LONG, EPHEMERAL));
    expect(short.body).toMatchObject({ maxRuntimeSeconds: 86_400 });
    const refused = await post(createBench(LONG, EPHEMERAL), { maxRuntimeSeconds: 86_401 });
    expect([refused.status, refused.body['code']]).toEqual([422, 'validation_failed']);
    expect(refused.body['errors']).toEqual([
      { pointer: '/maxRuntimeSeconds', message: 'must be <= 86400' },
    ]);
    const long = await post(createBench(LONG, ANALYTICS));
    expect(long.body).toMatchObject({ maxRuntimeSeconds: 200_000 });
  });
});
