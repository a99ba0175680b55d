import { workFields } from './job-request.ts';
import { invalid } from './request-fields.ts';
import type { Table } from '../shape.ts';

const key = String.raw`\['[^'\]]{1,200}'\]`;
/** The examples in the proto write `pySparkJob`, JSON writes `pysparkJob`: both are taken. */
const work = ['pySparkJob', ...workFields].join('|');

/**
 * The fields that a parameter may replace. Source: TemplateParameter in the shipped
 * workflow_templates.proto and https://cloud.google.com/dataproc/docs/concepts/workflows/workflow-parameters
 */
const parameterizable = [
  `labels${key}`,
  String.raw`placement\.clusterSelector\.zone`,
  String.raw`placement\.clusterSelector\.clusterLabels${key}`,
  String.raw`placement\.managedCluster\.clusterName`,
  String.raw`placement\.managedCluster\.labels${key}`,
  String.raw`jobs${key}\.labels${key}`,
  String.raw`jobs${key}\.(?:${work})\.main(?:JarFileUri|PythonFileUri|Class)`,
  String.raw`jobs${key}\.(?:${work})\.queryFileUri`,
  String.raw`jobs${key}\.(?:${work})\.queryList\.queries\[\d{1,4}\]`,
  String.raw`jobs${key}\.(?:${work})\.(?:args|jarFileUris|fileUris|archiveUris|pythonFileUris)\[\d{1,4}\]`,
  String.raw`jobs${key}\.(?:${work})\.(?:properties|scriptVariables)${key}`,
];
const pattern = new RegExp(`^(?:${parameterizable.join('|')})$`);

/** Splits a field path into the steps from the template to the field. @throws ApiError */
export function parseFieldPath(path: string): readonly (string | number)[] {
  if (!pattern.test(path))
    throw invalid(`The field ${JSON.stringify(path.slice(0, 120))} cannot be a parameter.`);
  const steps = path.matchAll(/\['([^']*)'\]|\[(\d+)\]|([A-Za-z]+)/g);
  return Array.from(steps, ([, name, index, field]) => {
    if (index !== undefined) return Number(index);
    return name ?? (field === 'pySparkJob' ? 'pysparkJob' : (field ?? ''));
  });
}

/**
 * Puts a value into a template, in its place. The field, or at least what holds it, must be there.
 * @throws ApiError INVALID_ARGUMENT
 */
export function applyFieldPath(template: Table, path: string, value: string): void {
  const steps = parseFieldPath(path);
  const last = steps.at(-1);
  let holder: unknown = template;
  for (const [at, step] of steps.slice(0, -1).entries())
    holder = at === 1 && steps[0] === 'jobs' ? findStep(holder, step) : readOwn(holder, step);
  const isText = typeof readOwn(holder, last) === 'string';
  if (!isText || typeof holder !== 'object' || holder === null)
    throw invalid(`The template has nothing at ${path}.`);
  Object.defineProperty(holder, last ?? '', { value });
}

function findStep(jobs: unknown, stepId: unknown): unknown {
  return Array.isArray(jobs) ? jobs.find((job) => readOwn(job, 'stepId') === stepId) : undefined;
}

function readOwn(holder: unknown, step: string | number | undefined): unknown {
  if (typeof holder !== 'object' || holder === null || step === undefined) return undefined;
  return Object.getOwnPropertyDescriptor(holder, step)?.value as unknown;
}
