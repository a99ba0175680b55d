import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RECORDING, renderFilters } from '../../resources/unrecorded.js';
import { buildRecord } from '../../shared/app/guard.ts';
import { makeAuditRecord } from '../support/audit-records.ts';
import { createClock, FAR } from '../support/clock.ts';
import { createLogRecorder } from '../support/log-lines.ts';
import { ROOT } from './source-files.ts';

const FILTERS = Object.values(renderFilters('jobgate-prod').Resources);

function readYaml(path: string): unknown {
  return parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true });
}

/** The line that a function writes of a record that the audit did not take. */
async function writeLine(): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { log, entries } = createLogRecorder();
  const { now, sleep } = createClock();
  const record = buildRecord({ environment: {}, now, sleep, log });
  await expect(record(makeAuditRecord(), FAR)).rejects.toThrow();
  return entries()[0];
}

describe('the metric of records that the audit did not take', () => {
  it('counts the log lines of every function that writes to the audit', () => {
    const { functions } = readYaml('serverless.yml') as {
      readonly functions: Readonly<Record<string, { readonly environment?: object }>>;
    };
    const recording = Object.entries(functions)
      .filter(([, { environment = {} }]) => 'JOBGATE_AUDIT_LOG_GROUP' in environment)
      .map(([key]) => key);
    expect([...RECORDING].sort()).toEqual(recording.sort());
    const groups = FILTERS.map(({ Properties }) => Properties.LogGroupName.Ref);
    expect(groups).toHaveLength(RECORDING.length);
    expect(groups).toContain('SweepJobsLogGroup');
  });

  it('finds the line by the words that are written', async () => {
    const line = await writeLine();
    const words = `($.level = "${String(line?.['level'])}") && ($.message = "${String(line?.['message'])}")`;
    for (const { Properties } of FILTERS) expect(Properties.FilterPattern).toBe(`{ ${words} }`);
  });

  it('is the one that the alarm listens to, which one such line raises', () => {
    const { Resources } = readYaml('resources/alarms.yml') as {
      readonly Resources: Readonly<Record<string, { readonly Properties: object }>>;
    };
    const made = FILTERS.flatMap(({ Properties }) => Properties.MetricTransformations);
    const names = new Set(made.map((each) => `${each.MetricNamespace} ${each.MetricName}`));
    expect([...names]).toEqual(['Jobgate/jobgate-prod Unrecorded']);
    expect(Resources['UnrecordedAlarm']?.Properties).toMatchObject({
      Namespace: 'Jobgate/${param:deployment}',
      MetricName: 'Unrecorded',
      Statistic: 'Sum',
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });
});
