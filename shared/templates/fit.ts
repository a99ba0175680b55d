import type { TargetKind } from '../config/targets.ts';
import type { ProgramKind } from './program.ts';
import type { Template } from './template.ts';

/** What each kind of target runs. Source: Dataproc REST reference, Batch, Job and OrderedJob. */
const RUNS = {
  batch: ['pyspark', 'spark', 'sparkSql', 'sparkR'],
  cluster: ['pyspark', 'spark', 'sparkSql', 'sparkR', 'hive'],
  workflow: ['pyspark', 'spark', 'sparkSql', 'sparkR', 'hive'],
} as const satisfies Record<TargetKind, readonly ProgramKind[]>;

/** Kinds of target where each run has an account of its own. Source: docs/decisions/0011. */
const HAS_RUNTIME_ACCOUNT = {
  batch: true,
  cluster: false,
  workflow: true,
} as const satisfies Record<TargetKind, boolean>;

/** Says why a template cannot run on a kind of target, which only the deployment knows; undefined when it can. */
export function findMisfit(
  template: Pick<Template, 'program' | 'runtimeAccount'>,
  kind: TargetKind,
): string | undefined {
  const kinds: readonly ProgramKind[] = RUNS[kind];
  const program = template.program.kind;
  if (!kinds.includes(program)) return `a target of kind ${kind} does not run ${program}`;
  if (HAS_RUNTIME_ACCOUNT[kind] && template.runtimeAccount === null) {
    return `a target of kind ${kind} needs the template’s runtimeAccount`;
  }
  if (!HAS_RUNTIME_ACCOUNT[kind] && template.runtimeAccount !== null) {
    return `on a target of kind ${kind} every job runs as the cluster’s account, so the template must name no runtimeAccount`;
  }
  return undefined;
}
