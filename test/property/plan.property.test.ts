import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEntry } from '../../shared/app/switches.ts';
import type { Caller } from '../../shared/identity/caller.ts';
import { parseSwitches } from '../../shared/policy/switches-document.ts';
import type { Template } from '../../shared/templates/template.ts';
import { ADMIN, ANALYST, OUTSIDER } from '../support/callers.ts';
import { makeJobId, makeRecord } from '../support/job-records.ts';
import { postTo } from '../support/posting.ts';
import { createSubmitBench, type SubmitBench } from '../support/submit-bench.ts';
import { TIDY } from '../support/templates.ts';

const [ENDED, RUNNING, OTHERS] = [makeJobId(), makeJobId(), makeJobId()];
const usd = (amount: string) => ({ amount, currency: 'USD' });

/** One template as it is, one whose rules have limits of their own, one that nobody may run. */
const CATALOG: readonly Template[] = [
  TIDY,
  {
    ...TIDY,
    name: 'tight' as Template['name'],
    allow: [
      { groups: ['analysts'], limits: { maxRunsPerDay: 1, maxCost: usd('0.55') } },
      { scopes: ['jobs:admin'], limits: { maxConcurrent: { perTemplate: 1 } } },
    ],
  },
  { ...TIDY, name: 'closed' as Template['name'], allow: [] },
];

const callers = fc.oneof(
  fc.constantFrom<Caller>(ANALYST, OUTSIDER, { ...ADMIN, scopes: ['jobs:submit', 'jobs:admin'] }),
  fc
    .record({
      groups: fc.subarray(['analysts', 'platform', 'others']),
      scopes: fc.subarray(['jobs:read', 'jobs:admin']),
      actor: fc.constantFrom(null, null, 'agent-7'),
    })
    .map((parts): Caller => ({ ...ANALYST, ...parts, scopes: ['jobs:submit', ...parts.scopes] })),
);

/** Mostly what is right, and now and then something that is not. */
function mostly<T>(right: readonly T[], wrong: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(...right), weight: 9 },
    { arbitrary: fc.constantFrom(...wrong), weight: 1 },
  );
}

const asked = fc.record(
  {
    parameters: fc.record(
      {
        input: mostly(['gs://inputs/open/a.csv'], ['gs://inputs/open/../b', 'gs://x/', '']),
        mode: mostly(['fast', 'full'], ['odd']),
        limit: mostly([1, 1000], [0, 1001, 0.5]),
        note: fc.string({ unit: 'binary', maxLength: 20 }),
      },
      { requiredKeys: ['input'] },
    ),
    templateVersion: mostly(['1.2.0'], ['9.9.9', '']),
    labels: mostly<object>([{}, { team: 'x' }], [{ 'jg-team': 'x' }, { team: 'X' }]),
    maxRuntimeSeconds: mostly([600, 900, 1800], [1801, 599]),
    maxCost: mostly([usd('0.49'), usd('0.55')], [usd('0.10'), usd('5.01'), usd('-1')]),
    retryOf: mostly<string>([ENDED], [RUNNING, OTHERS, 'jg-x']),
  },
  { requiredKeys: ['parameters'] },
);

const good = fc
  .tuple(mostly(['tidy', 'tidy', 'tight'], ['closed', 'none']), asked)
  .map(([template, body]) => ({ template, ...body }));

const ASKED = { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } };

/** Any JSON but numbers that cannot be kept, with which a body is none: see hostile-bodies.property.test.ts. */
const KEPT = fc.jsonValue().filter((value) => !/\d{16}|e[+]/.test(JSON.stringify(value)));

const bodies = fc.oneof(
  { arbitrary: good, weight: 12 },
  { arbitrary: fc.constant(ASKED), weight: 2 },
  { arbitrary: good.map((body) => ({ ...body, planDigest: '0'.repeat(64) })), weight: 1 },
  { arbitrary: good.map(({ template, retryOf = ENDED }) => ({ template, retryOf })), weight: 1 },
  { arbitrary: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), KEPT)), weight: 1 },
);

const PAUSED = '{"templates":{"tidy":{"open":false,"reason":"Wrong."}}}';

const USED = 'used';

const worlds = fc.record({
  body: bodies,
  caller: callers,
  before: mostly([0, 1], [2, 3]),
  paused: mostly(['{}'], [PAUSED]),
  /** None, one that the caller's first job of tidy has if there is one, and one that no job has. */
  key: fc.constantFrom(undefined, USED, 'new'),
});

type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

/** One world for each verdict, whatever the others come to. */
const EXAMPLES: [World][] = [
  [{ body: ASKED, caller: ANALYST, before: 0, paused: '{}', key: undefined }],
  [{ body: ASKED, caller: ANALYST, before: 2, paused: '{}', key: undefined }],
  [{ body: ASKED, caller: OUTSIDER, before: 0, paused: '{}', key: undefined }],
  [{ body: ASKED, caller: ANALYST, before: 0, paused: PAUSED, key: undefined }],
  [
    {
      body: { ...ASKED, retryOf: RUNNING },
      caller: ANALYST,
      before: 0,
      paused: '{}',
      key: undefined,
    },
  ],
  [
    {
      body: { ...ASKED, retryOf: OTHERS },
      caller: ANALYST,
      before: 0,
      paused: '{}',
      key: undefined,
    },
  ],
  [
    {
      body: { ...ASKED, templateVersion: '9' },
      caller: ANALYST,
      before: 0,
      paused: '{}',
      key: undefined,
    },
  ],
  [
    {
      body: { ...ASKED, template: 'none' },
      caller: ANALYST,
      before: 0,
      paused: '{}',
      key: undefined,
    },
  ],
  [{ body: {}, caller: ANALYST, before: 0, paused: '{}', key: undefined }],
  [{ body: ASKED, caller: ANALYST, before: 1, paused: '{}', key: USED }],
  [{ body: ASKED, caller: ANALYST, before: 2, paused: '{}', key: USED }],
  [{ body: ASKED, caller: ANALYST, before: 1, paused: PAUSED, key: USED }],
  [{ body: ASKED, caller: ANALYST, before: 1, paused: '{}', key: 'new' }],
  [{ body: { ...ASKED, labels: {} }, caller: ANALYST, before: 2, paused: '{}', key: USED }],
  [{ body: { ...ASKED, labels: {} }, caller: ANALYST, before: 1, paused: PAUSED, key: USED }],
];

/** A store with jobs in it, of which the caller has started `before` of each template. */
async function makeWorld(world: World): Promise<SubmitBench> {
  const { caller, before, paused } = world;
  const switches = parseSwitches(paused);
  let isPaused = false;
  const { admitJob } = createEntry(() =>
    Promise.resolve(isPaused ? switches : parseSwitches('{}')),
  );
  const bench = createSubmitBench(CATALOG, admitJob);
  const { issuer, subject, client, actor } = caller;
  const submittedBy = { issuer, subject, client, actor };
  bench.records.seed(makeRecord({ id: ENDED, state: 'failed', submittedBy }));
  bench.records.seed(makeRecord({ id: RUNNING, state: 'running', submittedBy }));
  const stranger = { ...submittedBy, subject: 'somebody' };
  bench.records.seed(makeRecord({ id: OTHERS, state: 'failed', submittedBy: stranger }));
  const parameters = { input: 'gs://inputs/open/a.csv' };
  for (let index = 0; index < before; index += 1) {
    const key = index === 0 ? USED : `${USED}-${index}`;
    await postTo(bench.handler, { template: 'tidy', parameters }, { caller, key });
    await postTo(bench.handler, { template: 'tight', parameters }, { caller });
  }
  isPaused = true;
  return bench;
}

describe('a plan', () => {
  it('has the verdict that submitting has, with the same words, for any body and caller', async () => {
    const verdicts = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const bench = await makeWorld(world);
        const { caller, body } = world;
        const options = { caller, ...(world.key === undefined ? {} : { key: world.key }) };
        const jobs = bench.records.all().length;
        const planned = await postTo(bench.planHandler, body, options);
        expect(planned.status).toBe(200);
        expect(bench.records.all()).toHaveLength(jobs);
        const submitted = await postTo(bench.handler, body, options);
        const { code = null, detail = null } = submitted.body;
        const { verdict } = planned.body;
        const starts = submitted.status === 202;
        const replays = submitted.status === 200 ? submitted.body['id'] : null;
        expect(verdict).toEqual({ starts, status: submitted.status, code, detail, replays });
        verdicts.add(replays === null ? code : 'replays');
      }),
      { numRuns: 500, examples: EXAMPLES },
    );
    expect(verdicts).toEqual(
      new Set([
        'idempotency_key_reused',
        'job_not_finished',
        'job_not_found',
        'limit_reached',
        'replays',
        'submissions_paused',
        'template_changed',
        'template_forbidden',
        'template_not_found',
        'validation_failed',
        null,
      ]),
    );
  });

  it('shows what is sent, word for word, and its digest starts it', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const { caller, body } = world;
        const bench = await makeWorld(world);
        const { verdict, request, ...plan } = (await postTo(bench.planHandler, body, { caller }))
          .body as { readonly verdict: { readonly starts: boolean }; readonly request: object };
        if (!verdict.starts) return;
        const { planDigest, templateVersion } = plan as Readonly<Record<string, unknown>>;
        const bound = { ...body, planDigest, templateVersion };
        const { status, body: job } = await postTo(bench.handler, bound, { caller });
        expect(status).toBe(202);
        const { jobId, program, labels, maxRuntimeSeconds, submitterAccount, runtimeAccount } =
          bench.gateway.submissions.at(-1) ?? fail();
        const sent = { program, labels, maxRuntimeSeconds, submitterAccount, runtimeAccount };
        const text = JSON.stringify(request)
          .replaceAll('{job}', jobId)
          .replaceAll('{correlation}', String(job['correlationId']))
          .replaceAll('r-{request}', labels['jg-request'] ?? '');
        expect(JSON.parse(text)).toMatchObject(sent);
      }),
      { numRuns: 300, examples: EXAMPLES },
    );
  });
});

function fail(): never {
  throw new Error('nothing was sent');
}
