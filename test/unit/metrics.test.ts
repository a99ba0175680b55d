import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMetrics, type EndedJob, type Metrics } from '../../shared/metrics.ts';
import { START } from '../support/clock.ts';

/** What the embedded metric format asks of the directive. Source: CloudWatch user guide, its specification. */
const DIRECTIVE = {
  type: 'object',
  required: ['Timestamp', 'CloudWatchMetrics'],
  additionalProperties: false,
  properties: {
    Timestamp: { type: 'integer', minimum: 0 },
    CloudWatchMetrics: {
      type: 'array',
      items: {
        type: 'object',
        required: ['Namespace', 'Dimensions', 'Metrics'],
        additionalProperties: false,
        properties: {
          Namespace: { type: 'string', minLength: 1, maxLength: 1024 },
          Dimensions: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'array',
              maxItems: 30,
              uniqueItems: true,
              items: { type: 'string', minLength: 1, maxLength: 250 },
            },
          },
          Metrics: {
            type: 'array',
            minItems: 1,
            maxItems: 100,
            items: {
              type: 'object',
              required: ['Name'],
              additionalProperties: false,
              properties: {
                Name: { type: 'string', minLength: 1, maxLength: 1024 },
                Unit: { enum: ['Count', 'Seconds', 'Milliseconds', 'None'] },
                StorageResolution: { enum: [1, 60] },
              },
            },
          },
        },
      },
    },
  },
} as const;
const isDirective = new Ajv2020({ allErrors: true }).compile(DIRECTIVE);

interface Directive {
  readonly CloudWatchMetrics: readonly {
    readonly Namespace: string;
    readonly Dimensions: readonly (readonly string[])[];
    readonly Metrics: readonly { readonly Name: string }[];
  }[];
}

type Line = Readonly<Record<string, unknown>> & { readonly _aws: Directive };

/** Gives the one line that was written, after checking it against the format. */
function write(work: (metrics: Metrics) => void): Line {
  const lines: string[] = [];
  const sink = { writeLine: (line: string) => lines.push(line), now: () => new Date(START) };
  work(createMetrics(sink, 'jobgate-prod'));
  expect(lines).toHaveLength(1);
  const [text = ''] = lines;
  expect(text).not.toContain('\n');
  const line = JSON.parse(text) as Line;
  expect(isDirective(line._aws) ? [] : isDirective.errors).toEqual([]);
  for (const { Dimensions, Metrics: named } of line._aws.CloudWatchMetrics) {
    const names = named.map(({ Name }) => Name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(Number.isFinite(line[name])).toBe(true);
    for (const dimension of Dimensions.flat()) {
      expect(line[dimension]).toEqual(expect.stringMatching(/^[\x21-\x7e]{1,1024}$/));
    }
  }
  return line;
}

const ENDED: EndedJob = {
  jobId: 'jg-aaaaaaaaaaaaaaaaaaaaaaaaaa',
  template: 'preprocess',
  state: 'succeeded',
  runSeconds: 42.5,
  cost: { amount: 0.0312, currency: 'USD' },
};
const SWEPT = {
  active: 3,
  submitting: 1,
  orphans: 2,
  strangers: 1,
  corrected: 2,
  uncorrected: 3,
  upstreamCalls: 4,
  failed: 5,
  unlisted: 1,
  unfinished: 0,
};

describe('a metric line', () => {
  it('counts an ended job by deployment, template and state', () => {
    const line = write((metrics) => {
      metrics.jobEnded(ENDED);
    });
    expect(line).toMatchObject({
      _aws: {
        Timestamp: Date.parse(START),
        CloudWatchMetrics: [
          {
            Namespace: 'Jobgate',
            Dimensions: [['deployment', 'template', 'state']],
            Metrics: [
              { Name: 'JobsEnded', Unit: 'Count' },
              { Name: 'RunSeconds', Unit: 'Seconds' },
              { Name: 'CostAccrued', Unit: 'None' },
            ],
          },
        ],
      },
      timestamp: START,
      level: 'info',
      message: 'job ended',
      service: 'jobgate',
      deployment: 'jobgate-prod',
      template: 'preprocess',
      state: 'succeeded',
      jobId: ENDED.jobId,
      currency: 'USD',
      JobsEnded: 1,
      RunSeconds: 42.5,
      CostAccrued: 0.0312,
    });
  });

  it('has no figure for what is not known', () => {
    const line = write((metrics) => {
      metrics.jobEnded({ ...ENDED, runSeconds: null, cost: null });
    });
    const [{ Metrics: named } = { Metrics: [] }] = line._aws.CloudWatchMetrics;
    expect(named).toEqual([{ Name: 'JobsEnded', Unit: 'Count' }]);
    expect(line).not.toHaveProperty('RunSeconds');
    expect(line).not.toHaveProperty('CostAccrued');
    expect(line).not.toHaveProperty('currency');
  });

  it('says what a sweep saw, did and took', () => {
    const line = write((metrics) => {
      metrics.swept(SWEPT, 1234);
    });
    expect(line).toMatchObject({
      deployment: 'jobgate-prod',
      Sweeps: 1,
      Active: 3,
      Submitting: 1,
      Orphans: 2,
      Strangers: 1,
      Corrected: 2,
      Uncorrected: 3,
      UpstreamCalls: 4,
      Failed: 5,
      Unlisted: 1,
      Unfinished: 0,
      DurationMs: 1234,
    });
    expect(line._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([['deployment']]);
  });

  it('says nothing of counters that the sweep did not compare', () => {
    const line = write((metrics) => {
      metrics.swept({ ...SWEPT, uncorrected: null }, 1234);
    });
    expect(line).not.toHaveProperty('Uncorrected');
  });

  it('makes no metric of its own for a job, however many end', () => {
    const jobId = fc.stringMatching(/^jg-[a-z2-7]{26}$/);
    const ended = fc.record({ runSeconds: fc.option(fc.nat()), jobId });
    fc.assert(
      fc.property(ended, (changes) => {
        const line = write((metrics) => {
          metrics.jobEnded({ ...ENDED, ...changes });
        });
        const sets = line._aws.CloudWatchMetrics.flatMap(({ Dimensions }) => Dimensions);
        const values = sets.flat().map((name) => line[name]);
        expect(values).toEqual(['jobgate-prod', 'preprocess', 'succeeded']);
      }),
    );
  });
});
