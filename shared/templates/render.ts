import type { Parameters } from './parameters.ts';
import type { Argument, Program } from './program.ts';
import type { Template } from './template.ts';

/** Where a job's own files lie: the template's published files and the job's results. */
export interface RenderPlace {
  /** Bucket that holds `templates/<name>/<digest>/`. */
  readonly stagingBucket: string;
  readonly jobId: string;
  readonly correlationId: string;
}

/** A program with every placeholder replaced: what is sent to Dataproc, and nothing of the caller beyond it. */
export type RenderedProgram = RenderedWork & {
  readonly properties: Readonly<Record<string, string>>;
  readonly outputUri: string;
};

type RenderedWork =
  | {
      readonly kind: 'pyspark';
      readonly mainUri: string;
      readonly pyFileUris: readonly string[];
      readonly args: readonly string[];
    }
  | {
      readonly kind: 'spark';
      readonly main:
        | { readonly kind: 'jar'; readonly uri: string }
        | { readonly kind: 'class'; readonly name: string };
      readonly jarUris: readonly string[];
      readonly args: readonly string[];
    }
  | { readonly kind: 'sparkR'; readonly mainUri: string; readonly args: readonly string[] }
  | ({ readonly kind: 'sparkSql' } & RenderedStatements)
  | ({ readonly kind: 'hive' } & RenderedStatements);

/** A file of statements, and the values of its variables. */
export interface RenderedStatements {
  readonly mainUri: string;
  readonly jarUris: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Renders a template: one parameter becomes one whole argument or variable, nothing is spliced into a longer string.
 * The program finds its job's id and correlation id in its configuration, and so does whoever looks at the application
 * in Spark's UI or history. YARN's application tags are no place for them: Dataproc keeps its own there, by which it
 * finds a job's applications, and serverless batches know no YARN. Source: docs/decisions/0011.
 */
export function renderProgram(
  template: Template,
  parameters: Parameters,
  place: RenderPlace,
): RenderedProgram {
  const { program } = template;
  const folder = toFilesUri(template, place.stagingBucket);
  const outputUri = toOutputUri(template, place.jobId);
  const prefix = program.kind === 'hive' ? 'jobgate' : 'spark.jobgate';
  return {
    ...renderWork(program, {
      toUri: (path) => folder + path,
      toText: (argument) => renderArgument(argument, parameters, outputUri),
    }),
    properties: {
      ...program.properties,
      [`${prefix}.job`]: place.jobId,
      [`${prefix}.correlation`]: place.correlationId,
    },
    outputUri,
  };
}

/** Where the files of a template lie, by the digest of their content: a URI that ends in a slash. */
export function toFilesUri({ name, digest }: Template, stagingBucket: string): string {
  return `gs://${stagingBucket}/templates/${name}/${digest.replace('sha256:', '')}/`;
}

interface Rendering {
  readonly toUri: (path: string) => string;
  readonly toText: (argument: Argument) => string;
}

function renderWork(program: Program, { toUri, toText }: Rendering): RenderedWork {
  switch (program.kind) {
    case 'pyspark':
      return {
        kind: program.kind,
        mainUri: toUri(program.main),
        pyFileUris: program.pyFiles.map(toUri),
        args: program.args.map(toText),
      };
    case 'spark': {
      const { kind, main } = program;
      return {
        kind,
        main: main.kind === 'jar' ? { kind: 'jar', uri: toUri(main.path) } : main,
        jarUris: program.jars.map(toUri),
        args: program.args.map(toText),
      };
    }
    case 'sparkR':
      return {
        kind: program.kind,
        mainUri: toUri(program.main),
        args: program.args.map(toText),
      };
    case 'sparkSql':
    case 'hive': {
      const variables = Object.entries(program.variables).map(([name, argument]) => {
        return [name, toText(argument)] as const;
      });
      return {
        kind: program.kind,
        mainUri: toUri(program.main),
        jarUris: program.jars.map(toUri),
        variables: Object.fromEntries(variables),
      };
    }
    default:
      return program satisfies never;
  }
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
