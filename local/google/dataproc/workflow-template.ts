import { refuseOtherFields, whole } from './known-fields.ts';
import { checkLabels } from './labels.ts';
import { parseManagedCluster } from './managed-cluster.ts';
import { parseJobBody, workFields } from './job-request.ts';
import { invalid, objectOr, parseSeconds, textOr, textsByName } from './request-fields.ts';
import { parseList, parseObject, parseText, type Table } from '../shape.ts';
import { checkParameters } from './template-parameters.ts';

/** One step of a workflow: a job, and the steps that must have completed before it. */
export interface Step {
  readonly stepId: string;
  readonly prerequisiteStepIds: readonly string[];
  /** The job's work, labels and scheduling, as a Job has them. */
  readonly job: Table;
}

const idPattern = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{1,48})[A-Za-z0-9]$/;
const maxSteps = 200;
/** Source: WorkflowTemplate.dag_timeout in the shipped workflow_templates.proto. */
const dagTimeoutSeconds = { min: 600, max: 86_400 };

/** A key changes how Google keeps a template, and a zone is where Google has its machines. */
const known = {
  ...whole('id', 'name', 'version', 'createTime', 'updateTime', 'encryptionConfig'),
  ...whole('labels', 'jobs', 'parameters', 'dagTimeout'),
  placement: { managedCluster: true, clusterSelector: whole('zone', 'clusterLabels') },
} as const;
const ofJobs = [...workFields, 'labels', 'scheduling'];
const knownOfSteps = whole('stepId', 'prerequisiteStepIds', ...ofJobs);

/** Checks the id of a template. @throws ApiError INVALID_ARGUMENT */
export function checkTemplateId(id: string): void {
  checkId('Template', id);
}

function checkId(kind: 'Template' | 'Step', id: string): void {
  if (!idPattern.test(id))
    throw invalid(
      `${kind} id ${JSON.stringify(id.slice(0, 80))} must be 3-50 letters, digits, underscores ` +
        'and hyphens, the first and last of which is a letter or a digit.',
    );
}

/**
 * Checks a template. The jobs of one with parameters are checked when their values are there: what
 * stands in the place of a value need not be one.
 * @throws ApiError or ShapeError
 */
export function checkTemplate(template: Table): void {
  refuseOtherFields(template, known);
  checkLabels(textsByName(template, 'labels'), 'template');
  readDagTimeout(template);
  const steps = readSteps(template);
  checkGraph(steps);
  checkParameters(template);
  if (parseList(template['parameters'] ?? [], 'parameters', parseObject).length > 0) return;
  for (const { job } of steps) checkJob(job);
  checkPlacement(template);
}

/** Returns the steps of a template in their order. @throws ApiError or ShapeError */
export function readSteps(template: Table): readonly Step[] {
  const steps = parseList(template['jobs'] ?? [], 'jobs', parseStep);
  if (steps.length === 0 || steps.length > maxSteps)
    throw invalid(`A template has from 1 to ${maxSteps} jobs, and this one has ${steps.length}.`);
  return steps;
}

/** Returns the seconds that the jobs of a workflow may take together; undefined for no limit. */
export function readDagTimeout(template: Table): number | undefined {
  if (template['dagTimeout'] === undefined) return undefined;
  const seconds = parseSeconds(template['dagTimeout'], 'dagTimeout');
  if (!(seconds >= dagTimeoutSeconds.min && seconds <= dagTimeoutSeconds.max))
    throw invalid(`dagTimeout must be from 600s to 86400s, and is ${seconds}s.`);
  return seconds;
}

/** Where the jobs of a workflow run. */
type WorkflowPlacement =
  | { readonly kind: 'managed'; readonly cluster: Table }
  | { readonly kind: 'selector'; readonly labels: Readonly<Record<string, string>> };

/** Returns where the jobs of a template run. @throws ApiError or ShapeError */
export function readPlacement(template: Table): WorkflowPlacement {
  const placement = objectOr(template, 'placement');
  const { managedCluster, clusterSelector } = placement;
  if ((managedCluster === undefined) === (clusterSelector === undefined))
    throw invalid('The placement needs either a managedCluster or a clusterSelector.');
  if (managedCluster !== undefined)
    return { kind: 'managed', cluster: parseObject(managedCluster, 'managedCluster') };
  const labels = textsByName(objectOr(placement, 'clusterSelector'), 'clusterLabels');
  if (Object.keys(labels).length === 0) throw invalid('The clusterSelector needs clusterLabels.');
  return { kind: 'selector', labels };
}

function checkPlacement(template: Table): void {
  const placement = readPlacement(template);
  if (placement.kind === 'managed') parseManagedCluster(placement.cluster);
}

function parseStep(value: unknown, where: string): Step {
  const table = parseObject(value, where);
  const stepId = textOr(table, 'stepId', '');
  checkId('Step', stepId);
  refuseOtherFields(table, knownOfSteps, where);
  const entries = Object.entries(table).filter(([key]) => ofJobs.includes(key));
  return {
    stepId,
    prerequisiteStepIds: parseList(table['prerequisiteStepIds'] ?? [], where, parseText),
    job: Object.fromEntries(entries),
  };
}

/** Restartable jobs are not supported in templates (JobScheduling in the shipped jobs.proto). */
function checkJob(job: Table): void {
  const { limits } = parseJobBody(job, 'step');
  if (limits.perHour > 0 || limits.total > 0)
    throw invalid('Restartable jobs are not supported in workflow templates.');
}

/** Step ids are unique, and what a step waits for is there and does not wait for the step. */
function checkGraph(steps: readonly Step[]): void {
  const waiting = new Map(steps.map((step) => [step.stepId, step.prerequisiteStepIds]));
  if (waiting.size !== steps.length) throw invalid('A step id stands for more than one job.');
  for (const { stepId, prerequisiteStepIds } of steps)
    for (const id of prerequisiteStepIds)
      if (!waiting.has(id))
        throw invalid(`Step ${stepId} waits for ${JSON.stringify(id)}, which is not a step.`);
  for (;;) {
    const free = [...waiting].filter(([, ids]) => ids.every((id) => !waiting.has(id)));
    if (free.length === 0) break;
    for (const [id] of free) waiting.delete(id);
  }
  if (waiting.size > 0)
    throw invalid(`The steps ${[...waiting.keys()].join(', ')} wait for one another.`);
}
