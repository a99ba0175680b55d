import type { TargetConfig } from '../../shared/config/targets.ts';
import { toBatch } from '../../shared/dataproc/batch.ts';
import { toJob } from '../../shared/dataproc/job.ts';
import { toWorkflow } from '../../shared/dataproc/workflow.ts';
import type { Submission } from '../../shared/jobs/ports.ts';
import type { Argument } from '../../shared/templates/program.ts';
import type { Template } from '../../shared/templates/template.ts';

/** A parameter in the text that stood where the template puts it; a variable's is put into statements as it is. */
export interface PlacedValue {
  readonly name: string;
  readonly text: unknown;
  readonly isVariable: boolean;
}

/** What is sent to Dataproc, without what each job has of its own, and with the caller's values taken out of it. */
export interface UpstreamShape {
  readonly request: unknown;
  readonly values: readonly PlacedValue[];
}

/** Writes a submission as the adapter does, and takes out what may differ between two jobs of one template. */
export function toTemplateShape(
  submission: Submission,
  template: Template,
  target: TargetConfig,
): UpstreamShape {
  const values: PlacedValue[] = [];
  const sent: unknown = JSON.parse(JSON.stringify(toRequest(submission, target)));
  const own = new Map<string, string>([
    [submission.jobId, '{job}'],
    [submission.labels['jg-request'] ?? '', '{request}'],
    [submission.labels['jg-correlation'] ?? '', '{correlation}'],
    [submission.labels['jg-correlation']?.slice('c-'.length) ?? '', '{correlation}'],
    [submission.program.outputUri, '{output}'],
  ]);
  const take = (argument: Argument | undefined, text: unknown): unknown => {
    if (argument?.kind !== 'parameter') return mask(text);
    values.push({ name: argument.name, text, isVariable: 'variables' in template.program });
    return '{value}';
  };
  const mask = (text: unknown): unknown => own.get(String(text)) ?? text;
  const { program } = template;
  const walk = (value: unknown, member: string): unknown => {
    if (Array.isArray(value)) {
      return value.map((item: unknown, index) => {
        if (member === 'args' && 'args' in program) return take(program.args[index], item);
        return walk(item, '');
      });
    }
    if (typeof value !== 'object' || value === null) return mask(value);
    const isVariables = /^(script|query)Variables$/.test(member) && 'variables' in program;
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [
        name,
        isVariables ? take(program.variables[name], part) : walk(part, name),
      ]),
    );
  };
  return { request: walk(sent, ''), values };
}

function toRequest(submission: Submission, target: TargetConfig): object {
  const { project } = target;
  const runtimeAccountEmail = `${submission.runtimeAccount ?? ''}@${project}`;
  switch (target.kind) {
    case 'batch': {
      const { stagingBucket, runtimeVersion } = target;
      return toBatch(submission, { stagingBucket, runtimeVersion, runtimeAccountEmail });
    }
    case 'cluster':
      return toJob(submission, { project, clusterName: target.clusterName });
    case 'workflow': {
      const { stagingBucket, managedCluster } = target;
      return toWorkflow(submission, { stagingBucket, managedCluster, runtimeAccountEmail });
    }
    default:
      return target satisfies never;
  }
}
