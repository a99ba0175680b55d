import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireCaps } from '../../shared/app/submit-caps.ts';
import { toBatchProgram } from '../../shared/dataproc/program.ts';
import { toPlannedRequest, type PlannedRequest, type PlannedRun } from '../../shared/jobs/plan.ts';
import { planTrial, type TrialPlan } from '../../tools/trial.ts';
import { ANALYST } from '../support/callers.ts';
import { compileValidator, TIDY, TIDY_PARAMETERS } from '../support/templates.ts';

const ROOT = join(import.meta.dirname, '../..');
const PLACE = {
  stagingBucket: 'stage',
  runtimeVersion: '2.3',
  project: 'acme',
  region: 'europe-west1',
  uploadsBucket: 'drop',
  templateFolder: join(ROOT, 'templates/run-script'),
  folder: ROOT,
};
const validator = compileValidator(TIDY_PARAMETERS);

/** What every trial's batch says of its caller, who is nobody's. */
const CALLER = 'c-51b1218723b1c7c24b4efacec4abf8c5';
const COST = { low: '0.0143', high: '1.5832', currency: 'USD' };

function plan(words: readonly string[] = [], example = 1): TrialPlan {
  return planTrial(TIDY, validator, { example, words, ...PLACE });
}

describe('a trial', () => {
  it('is the batch that Jobgate would send for the example', () => {
    const planned = plan();
    const batchId = planned.kind === 'ready' ? planned.batchId : '';
    const correlation = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
    expect(batchId).toMatch(/^jg-[a-z2-7]{26}$/);
    const correlated = expect.stringMatching(/^c-[0-9a-f-]{36}$/) as unknown;
    const folder = `gs://stage/templates/tidy/${'0123456789abcdef'.repeat(4)}/`;
    const input = 'gs://inputs/open/a.csv';
    expect(planned).toEqual({
      kind: 'ready',
      version: '1.2.0',
      parameters: { input, mode: 'fast', limit: 10, note: '' },
      batchId,
      outputUri: `gs://results/tidy/${batchId}/`,
      buckets: ['inputs', 'results'],
      filesUri: folder,
      uploads: [],
      cost: COST,
      maxRuntimeSeconds: 1800,
      batch: {
        labels: {
          jobgate: 'v1',
          'jg-deployment': 'trial',
          'jg-caller': CALLER,
          'jg-template': 'tidy',
          'jg-version': 'v1-2-0',
          'jg-correlation': correlated,
          'jg-request': expect.stringMatching(/^r-[0-9a-f]{40}$/) as unknown,
        },
        pysparkBatch: {
          mainPythonFileUri: `${folder}tidy.py`,
          pythonFileUris: [`${folder}rules.py`],
          args: [
            ...['--input', input, '--note', '', '--limit', '10'],
            ...['--output', `gs://results/tidy/${batchId}/`],
          ],
        },
        runtimeConfig: {
          version: '2.3',
          properties: {
            'spark.executor.instances': '2',
            'spark.dynamicAllocation.maxExecutors': '10',
            'spark.jobgate.job': batchId,
            'spark.jobgate.correlation': correlation,
          },
        },
        environmentConfig: {
          executionConfig: {
            serviceAccount: 'jg-run-tidy@acme.iam.gserviceaccount.com',
            ttl: '1800s',
            stagingBucket: 'stage',
            authenticationConfig: { userWorkloadAuthenticationType: 'SERVICE_ACCOUNT' },
          },
        },
      },
    });
  });

  it('sends the planned request; only what names the run, the deployment and the caller is another', () => {
    const trial = plan();
    if (trial.kind !== 'ready') throw new Error('it was refused');
    const run: PlannedRun = {
      caller: ANALYST,
      template: TIDY,
      parameters: trial.parameters,
      labels: {},
      capped: requireCaps(
        {
          body: { maxCost: undefined, maxRuntimeSeconds: undefined },
          template: TIDY,
          limits: TIDY.limits,
        },
        { kind: 'batch', region: PLACE.region },
      ),
      retryOf: null,
    };
    const target = { name: 'analytics', kind: 'batch', ...PLACE } as const;
    const planned = toPlannedRequest(run, target, 'jobgate-prod');
    const { batchId, batch } = trial;
    const correlation = batch.runtimeConfig?.properties?.['spark.jobgate.correlation'] ?? '';
    const named = JSON.stringify(planned)
      .replaceAll('{job}', batchId)
      .replaceAll('{correlation}', correlation);
    const { program, maxRuntimeSeconds, labels } = JSON.parse(named) as PlannedRequest;
    const { 'jg-request': request = '', ...rest } = batch.labels ?? {};
    expect(request).toMatch(/^r-/);
    expect({ ...batch, labels: { ...rest, 'jg-request': 'r-{request}' } }).toEqual({
      ...toBatchProgram(program),
      labels: { ...labels, 'jg-deployment': 'trial', 'jg-caller': CALLER },
      runtimeConfig: { version: '2.3', properties: program.properties },
      environmentConfig: {
        executionConfig: {
          serviceAccount: 'jg-run-tidy@acme.iam.gserviceaccount.com',
          ttl: `${maxRuntimeSeconds}s`,
          stagingBucket: 'stage',
          authenticationConfig: { userWorkloadAuthenticationType: 'SERVICE_ACCOUNT' },
        },
      },
    });
  });

  it('lasts as long as the template’s maxCost leaves', () => {
    const limits = { ...TIDY.limits, maxCost: { amount: '1.00', currency: 'USD' } };
    const request = { example: 1, words: [], ...PLACE };
    expect(planTrial({ ...TIDY, limits }, validator, request)).toMatchObject({
      kind: 'ready',
      maxRuntimeSeconds: 1137,
      batch: { environmentConfig: { executionConfig: { ttl: '1137s' } } },
    });
  });

  it('is refused where maxCost leaves less than Dataproc’s shortest time', () => {
    const limits = { ...TIDY.limits, maxCost: { amount: '0.10', currency: 'USD' } };
    const request = { example: 1, words: [], ...PLACE };
    expect(planTrial({ ...TIDY, limits }, validator, request)).toEqual({
      kind: 'refused',
      sentences: [
        'Dataproc ends no batch before 10 minutes, in which tidy may cost up to 0.53 USD: a lower cap could not be kept.',
      ],
    });
  });

  it('has another id each time', () => {
    const ids = [plan(), plan()].map((each) => (each.kind === 'ready' ? each.batchId : ''));
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('takes parameters in place of the example’s, typed by the schema', () => {
    expect(plan(['limit=7', 'note=7'])).toMatchObject({
      kind: 'ready',
      parameters: { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 7, note: '7' },
    });
  });

  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['a value of another type', ['limit=many'], ['/parameters/limit must be integer']],
    ['a value out of bounds', ['limit=1001'], ['/parameters/limit must be <= 1000']],
    ['another enum’s', ['mode=slow'], ['/parameters/mode must be one of "fast", "full"']],
    ['an unknown one', ['colour=red'], ['/parameters/colour is not known here']],
    [
      'an object that it may not read',
      ['input=gs://secret/a.csv'],
      [
        '/parameters/input must lie under gs://inputs/open/ or gs://inputs/shared/ or gs://drop/uploads/pshmzqr5p5zengplo4madsle7q/',
      ],
    ],
    [
      'a file that is not there',
      ['input=nowhere.csv'],
      [`input: there is no file ${ROOT}/nowhere.csv`],
    ],
    [
      'a name that no upload may have',
      ['input=.gitignore'],
      ['input: the name .gitignore must match ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$'],
    ],
    ['a word', ['fast'], ['"fast" is not of the form name=value.']],
  ])('is refused in the API’s own words for %s', (_name, words, sentences) => {
    expect(plan(words)).toEqual({ kind: 'refused', sentences });
  });

  it.each([2, 0, -1, 1.5, Number.NaN])(
    'of example %d, which is not there, is refused',
    (example) => {
      const sentences = ['tidy has one example; --example takes a number from 1 to 1.'];
      expect(plan([], example)).toEqual({ kind: 'refused', sentences });
    },
  );

  it('takes a path in place of a URI, and puts the file where a caller’s own would lie', () => {
    const planned = plan(['input=package.json']);
    const file = join(ROOT, 'package.json');
    const content = readFileSync(file);
    const size = content.length;
    const sha256 = createHash('sha256').update(content).digest('hex');
    const uri = planned.kind === 'ready' ? planned.uploads[0]?.uri : undefined;
    expect(uri).toMatch(
      new RegExp(`^gs://drop/uploads/[a-z2-7]{26}/[a-z2-7]{26}/${size}/${sha256}/package\\.json$`),
    );
    expect(planned).toMatchObject({ parameters: { input: uri }, uploads: [{ uri, file }] });
  });

  it('puts the file that the example of a script names', () => {
    const parameters = {
      ...TIDY_PARAMETERS,
      properties: {
        ...TIDY_PARAMETERS.properties,
        input: { type: 'string', format: 'upload-uri' },
      },
    } as const;
    const examples = [{ input: 'gs://drop/uploads/a/b/c/example.sql' }];
    const script = { ...TIDY, parameters, examples };
    const request = { example: 1, words: [], ...PLACE };
    const planned = planTrial(script, compileValidator(parameters), request);
    const file = join(PLACE.templateFolder, 'example.sql');
    expect(planned).toMatchObject({ kind: 'ready', uploads: [{ file }] });
  });
});
