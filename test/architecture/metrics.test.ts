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
  const none = { active: 0, submitting: 0, orphans: 0, corrected: 0 };
  metrics.swept({ ...none, upstreamReads: 0, unfinished: 0 }, 0);
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
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
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
  const alarms = Object.values(readResources('alarms.yml'))
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Properties as unknown as Alarm)
    .filter(({ Namespace }) => !Namespace.startsWith('AWS/'));

  it('are those that the alarms listen to', () => {
    const heard = alarms.map(({ Namespace, MetricName, Dimensions }) =>
      toName(
        Namespace,
        Dimensions.map(({ Name }) => Name),
        MetricName,
      ),
    );
    expect(heard).toHaveLength(3);
    expect(heard.filter((name) => !written.includes(name))).toEqual([]);
    expect(new Set(alarms.map(({ Dimensions }) => Dimensions[0]?.Value))).toEqual(
      new Set(['${param:deployment}']),
    );
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
