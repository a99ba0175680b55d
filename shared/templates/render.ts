import type { Parameters } from './parameters.ts';
import type { Argument, Template } from './template.ts';

/** Where a job's own files lie: the template's published files and the job's results. */
export interface RenderPlace {
  /** Bucket that holds `templates/<name>/<digest>/`. */
  readonly stagingBucket: string;
  readonly jobId: string;
  readonly correlationId: string;
}

/** A program with every placeholder replaced: what is sent to Dataproc, and nothing of the caller beyond it. */
export interface RenderedProgram {
  readonly kind: 'pyspark';
  readonly mainUri: string;
  readonly pyFileUris: readonly string[];
  readonly args: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly outputUri: string;
}

/**
 * Renders a template: one parameter becomes one whole argument, nothing is spliced into a longer string. The program
 * finds its job's id and correlation id in its Spark configuration, and so does whoever looks at the application in
 * Spark's UI or history. YARN's application tags are no place for them, since serverless batches take no property of
 * YARN's. Source: https://cloud.google.com/dataproc-serverless/docs/concepts/properties
 */
export function renderProgram(
  template: Template,
  parameters: Parameters,
  place: RenderPlace,
): RenderedProgram {
  const digest = template.digest.replace('sha256:', '');
  const folder = `gs://${place.stagingBucket}/templates/${template.name}/${digest}/`;
  const outputUri = toOutputUri(template, place.jobId);
  return {
    kind: 'pyspark',
    mainUri: folder + template.program.main,
    pyFileUris: template.program.pyFiles.map((path) => folder + path),
    args: template.program.args.map((argument) => renderArgument(argument, parameters, outputUri)),
    properties: {
      ...template.program.properties,
      'spark.jobgate.job': place.jobId,
      'spark.jobgate.correlation': place.correlationId,
    },
    outputUri,
  };
}

/** The URI, ending in a slash, under which a job's results lie. */
export function toOutputUri(template: Pick<Template, 'output'>, jobId: string): string {
  return `${template.output}${jobId}/`;
}

function renderArgument(argument: Argument, parameters: Parameters, outputUri: string): string {
  switch (argument.kind) {
    case 'literal':
      return argument.value;
    case 'outputUri':
      return outputUri;
    case 'parameter':
      return renderValue(parameters[argument.name]);
    default:
      return argument satisfies never;
  }
}

function renderValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
