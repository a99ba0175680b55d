import { describe, expect, it } from 'vitest';
import { findMisfit } from '../../../shared/templates/fit.ts';
import type { Program } from '../../../shared/templates/program.ts';

const SQL = { main: 'a.sql', variables: {}, jars: [], properties: {} } as const;
const PYSPARK: Program = { kind: 'pyspark', main: 'a.py', pyFiles: [], args: [], properties: {} };
const PROGRAMS: readonly Program[] = [
  PYSPARK,
  {
    kind: 'spark',
    main: { kind: 'class', name: 'com.acme.Main' },
    jars: [],
    args: [],
    properties: {},
  },
  { kind: 'sparkR', main: 'a.R', args: [], properties: {} },
  { kind: 'sparkSql', ...SQL },
  { kind: 'hive', ...SQL },
];

describe('a template', () => {
  it.each([
    ['batch', 'jg-run', ['hive']],
    ['cluster', null, []],
    ['workflow', 'jg-run', []],
  ] as const)('runs on a target of kind %s as %j, but for %j', (kind, runtimeAccount, refused) => {
    const misfits = PROGRAMS.flatMap((program) => {
      const misfit = findMisfit({ program, runtimeAccount }, kind);
      return misfit === undefined ? [] : [[program.kind, misfit]];
    });
    expect(misfits).toEqual(
      refused.map((program) => [program, `a target of kind ${kind} does not run ${program}`]),
    );
  });

  it.each(['batch', 'workflow'] as const)(
    'without a runtime account does not run on a target of kind %s',
    (kind) => {
      expect(findMisfit({ program: PYSPARK, runtimeAccount: null }, kind)).toBe(
        `a target of kind ${kind} needs the template’s runtimeAccount`,
      );
    },
  );

  it('with a runtime account does not run on a cluster, where it would not be used', () => {
    expect(findMisfit({ program: PYSPARK, runtimeAccount: 'jg-run' }, 'cluster')).toBe(
      'on a target of kind cluster every job runs as the cluster’s account, so the template must name no runtimeAccount',
    );
  });
});
