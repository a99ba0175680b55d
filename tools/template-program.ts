import { findVariableFault } from './template-variables.ts';

/** A fault in a template's program and the path of keys and indices to it. */
export interface ProgramFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** One argument as its author writes it. */
type Argument = string | { readonly parameter?: string };

/** The members of a job's kinds, as their authors write them; the schema has checked which of them a kind has. */
interface Work {
  readonly main?: string;
  readonly mainJar?: string;
  readonly mainClass?: string;
  readonly pyFiles?: readonly string[];
  readonly jars?: readonly string[];
  readonly args?: readonly Argument[];
  readonly variables?: Readonly<Record<string, Argument>>;
}

/** What the files of each kind are called. */
const ENDINGS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  pyspark: { main: /\.py$/, pyFiles: /\.(py|zip)$/ },
  spark: { mainJar: /\.jar$/, jars: /\.jar$/ },
  sparkSql: { main: /\.sql$/, jars: /\.jar$/ },
  sparkR: { main: /\.[rR]$/ },
  hive: { main: /\.(hql|sql)$/, jars: /\.jar$/ },
};

/** Turns the author's `job` into the program that Jobgate reads. */
export function toProgram(job: unknown): unknown {
  const [kind, work] = readJob(job);
  const { main, mainJar, mainClass, args, variables, ...rest } = work;
  if (kind === 'spark') {
    const start =
      mainJar === undefined ? { kind: 'class', name: mainClass } : { kind: 'jar', path: mainJar };
    return { kind, ...rest, main: start, args: args?.map(toArgument) };
  }
  const named = Object.entries(variables ?? {}).map(([name, value]) => [name, toArgument(value)]);
  return {
    kind,
    ...rest,
    main,
    ...(args === undefined ? {} : { args: args.map(toArgument) }),
    ...(variables === undefined ? {} : { variables: Object.fromEntries(named) as unknown }),
  };
}

function readJob(job: unknown): readonly [string, Work] {
  const [entry] = Object.entries(job as Readonly<Record<string, Work>>);
  if (entry === undefined) throw new Error('the schema lets no job be empty');
  return entry;
}

function toArgument(argument: Argument): unknown {
  if (typeof argument === 'string') return { kind: 'literal', value: argument };
  const name = argument.parameter;
  return name === undefined ? { kind: 'outputUri' } : { kind: 'parameter', name };
}

/** Finds files that are not there or of another type, and arguments and variables without a value in every run. */
export function findProgramFaults(
  template: ReadonlyMap<string, unknown>,
  paths: readonly string[],
): readonly ProgramFault[] {
  const [kind, work] = readJob(template.get('job'));
  const at = (...rest: readonly (string | number)[]) => ['job', kind, ...rest];
  const start =
    kind === 'spark' && (work.mainClass === undefined) === (work.mainJar === undefined)
      ? [{ path: at(), message: 'needs either mainClass or mainJar' }]
      : [];
  const files = Object.entries(ENDINGS[kind] ?? {}).flatMap(([member, ending]) =>
    listFiles(work, member).flatMap((file) => {
      const message = findFileFault(file, ending, paths);
      return message === undefined ? [] : [{ path: at(member), message }];
    }),
  );
  const args = (work.args ?? []).flatMap((argument, index) => {
    const message = findValueFault(argument, template);
    return message === undefined ? [] : [{ path: at('args', index), message }];
  });
  const variables = Object.entries(work.variables ?? {}).flatMap(([name, value]) => {
    const schema = typeof value === 'string' ? undefined : findParameter(value.parameter, template);
    const message = findValueFault(value, template) ?? findVariableFault(value, schema);
    return message === undefined ? [] : [{ path: at('variables', name), message }];
  });
  return [...start, ...files, ...args, ...variables];
}

function listFiles(work: Work, member: string): readonly string[] {
  const value: unknown = new Map<string, unknown>(Object.entries(work)).get(member);
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function findFileFault(file: string, ending: RegExp, paths: readonly string[]): string | undefined {
  if (!paths.includes(file)) return `names ${file}, which is not in the folder`;
  return ending.test(file) ? undefined : `names ${file}, whose type it does not take`;
}

/** An argument needs a value in every run: its parameter is required or has a default. */
function findValueFault(
  value: Argument,
  template: ReadonlyMap<string, unknown>,
): string | undefined {
  const name = typeof value === 'string' ? undefined : value.parameter;
  if (name === undefined) return undefined;
  const schema = findParameter(name, template);
  if (schema === undefined) return `uses the parameter ${name}, which is not declared`;
  const { required = [] } = template.get('parameters') as { readonly required?: readonly string[] };
  const hasDefault = typeof schema === 'object' && schema !== null && 'default' in schema;
  if (hasDefault || required.includes(name)) return undefined;
  return `uses the parameter ${name}, which may be absent: require it or give it a default`;
}

function findParameter(name: string | undefined, template: ReadonlyMap<string, unknown>): unknown {
  if (name === undefined) return undefined;
  const { properties } = template.get('parameters') as { readonly properties: object };
  return new Map<string, unknown>(Object.entries(properties)).get(name);
}
