/** One argument of the driver: a literal, one whole parameter, or the job's own output URI. */
export type Argument =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'outputUri' };

/** What every program has; all paths are of files inside the template's folder. */
interface Common {
  readonly properties: Readonly<Record<string, string>>;
}

/** What a driver with a command line is given. */
interface WithArguments extends Common {
  readonly args: readonly Argument[];
}

/** A PySpark program. */
export interface PysparkProgram extends WithArguments {
  readonly kind: 'pyspark';
  readonly main: string;
  readonly pyFiles: readonly string[];
}

/** A program of the JVM: the main class of a jar, or a class that one of the jars, or Spark, holds. */
export interface SparkProgram extends WithArguments {
  readonly kind: 'spark';
  readonly main:
    | { readonly kind: 'jar'; readonly path: string }
    | { readonly kind: 'class'; readonly name: string };
  readonly jars: readonly string[];
}

/** An R program. */
export interface SparkRProgram extends WithArguments {
  readonly kind: 'sparkR';
  readonly main: string;
}

/** A file of statements with the values of its variables, which are spliced in as text by Spark or Hive. */
interface Statements extends Common {
  readonly main: string;
  readonly variables: Readonly<Record<string, Argument>>;
  readonly jars: readonly string[];
}

/** Statements of Spark SQL. */
export interface SparkSqlProgram extends Statements {
  readonly kind: 'sparkSql';
}

/** Statements of Hive. */
export interface HiveProgram extends Statements {
  readonly kind: 'hive';
}

/** What a template runs. */
export type Program = PysparkProgram | SparkProgram | SparkRProgram | SparkSqlProgram | HiveProgram;

/** The kinds of programs. */
export type ProgramKind = Program['kind'];
