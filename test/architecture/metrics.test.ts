import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderDashboard } from '../../resources/dashboard.js';
import { createMetrics } from '../../shared/metrics.ts';
import type { CancelReason } from '../../shared/jobs/progress.ts';
import { START } from '../support/clock.ts';
import { ROOT } from './source-files.ts';

/** Every metric that the code writes, with the dimensions that it is written under. */
function listWritten(): readonly string[] {
  const lines: string[] = [];
  const sink = { writeLine: (line: string) => lines.push(line), now: () => new Date(START) };
  const metrics = createMetrics(sink, 'd');
  metrics.jobEnded({
    jobId: 'j',
    template: 't',
    state: 's',
    runSeconds: 1,
    cost: { amount: 1, currency: 'USD' },
  });
  const found = { active: 0, submitting: 0, orphans: 0, strangers: 0, corrected: 0 };
  const left = { failed: 0, unlisted: 0, unfinished: 0, uncorrected: 0 };
  metrics.swept({ ...found, ...left, upstreamCalls: 0 }, 0);
  return lines.flatMap((line) => toNames(JSON.parse(line) as Written));
}

interface Written {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
}

function toNames({ _aws }: Written): readonly string[] {
  return _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((set) => Metrics.map(({ Name }) => toName(Namespace, set, Name))),
  );
}

function toName(namespace: string, dimensions: readonly string[], name: string): string {
  return `${namespace} {${[...dimensions].sort().join()}} ${name}`;
}

interface Alarm {
  readonly AlarmName: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Statistic: string;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
}

interface Resources {
  readonly Resources: Readonly<
    Record<
      string,
      { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }
    >
  >;
}

function readResources(file: string): Resources['Resources'] {
  return (parse(readFileSync(join(ROOT, 'resources', file), 'utf8')) as Resources).Resources;
}

interface Dashboard {
  readonly widgets: readonly { readonly properties: { readonly metrics: readonly unknown[][] } }[];
}

/** The metrics that a graph shows: by name, or by a search for those of every template and state. */
function listShown(): readonly string[] {
  const { widgets } = JSON.parse(renderDashboard('jobgate-prod')) as Dashboard;
  return widgets.flatMap(({ properties }) => properties.metrics.map(toShown));
}

function toShown([first, name, ...pairs]: readonly unknown[]): string {
  if (typeof first === 'string') {
    expect(pairs).toEqual(['deployment', 'jobgate-prod']);
    return toName(first, ['deployment'], String(name));
  }
  const { expression } = first as { readonly expression: string };
  const search = /^SEARCH\('\{(\w+),([\w,]+)\} MetricName="(\w+)" deployment="jobgate-prod"'/;
  const [, namespace = '', dimensions = '', metric = ''] = search.exec(expression) ?? [];
  return toName(namespace, dimensions.split(','), metric);
}

describe('the metrics', () => {
  const written = listWritten();
  const all = Object.values(readResources('alarms.yml'))
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Properties as unknown as Alarm);
  const alarms = all.filter(({ Namespace }) => Namespace === 'Jobgate');

  it('are those that the alarms listen to', () => {
    const heard = alarms.map(({ Namespace, MetricName, Dimensions }) =>
      toName(
        Namespace,
        Dimensions.map(({ Name }) => Name),
        MetricName,
      ),
    );
    expect(heard).toHaveLength(6);
    expect(heard.filter((name) => !written.includes(name))).toEqual([]);
    expect(new Set(alarms.map(({ Dimensions }) => Dimensions[0]?.Value))).toEqual(
      new Set(['${param:deployment}']),
    );
  });

  it.each([
    ['Failed', 15, 5],
    ['Unlisted', 5, 5],
    ['Unfinished', 15, 5],
    // Two of ten sweeps write it.
    ['Uncorrected', 20, 10],
  ])('that tell of work not done alarm when %s is above 0 for %d minutes', (...row) => {
    const [metric, minutes, period] = row;
    const heard = alarms.filter(({ MetricName }) => MetricName === metric);
    expect(heard).toMatchObject([
      {
        Statistic: 'Minimum',
        Period: period * 60,
        EvaluationPeriods: minutes / period,
        Threshold: 0,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'notBreaching',
      },
    ]);
  });

  it('are explained in docs/operations.md, and so are the alarms, in a row each', () => {
    const text = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
    const rows = text.split('\n').flatMap((line) => /^\| (`[^|]*`) \|/.exec(line)?.[1] ?? []);
    const explained = rows.flatMap((row) =>
      [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );
    const names = written.map((name) => name.replace(/^.* /, ''));
    expect(names.filter((name) => !explained.includes(name))).toEqual([]);
    const titles = all.map(({ AlarmName }) =>
      AlarmName.replace('${self:service}', 'jobgate').replace('${sls:stage}', '<stage>'),
    );
    expect(titles).toHaveLength(8);
    expect(titles.filter((title) => !explained.includes(title))).toEqual([]);
  });

  it('are all shown on the dashboard, which shows no others', () => {
    const counted = written.filter((name) => !name.endsWith(' Sweeps'));
    expect([...listShown()].sort()).toEqual([...counted].sort());
  });
});

describe('the rule about jobs that ended badly', () => {
  it('leaves out those whose end somebody asked for, and no others that were cancelled', () => {
    const { EndedBadlyRule } = readResources('notifications.yml');
    expect(EndedBadlyRule?.Properties['EventPattern']).toEqual({
      source: ['jobgate'],
      $or: [
        { 'detail-type': ['job.failed'] },
        {
          'detail-type': ['job.cancelled'],
          detail: { reason: [{ 'anything-but': ['cancel_requested' satisfies CancelReason] }] },
        },
      ],
    });
  });
});
