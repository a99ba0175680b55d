/** What a driver runs, whichever of Dataproc's resources asked for it. Every address is `gs://` or `file://`. */
export type SparkWork = PySparkWork | SparkJarWork | SparkSqlWork;

/** Files that come to a driver besides its program. */
export interface Attachments {
  readonly jarFileUris: readonly string[];
  readonly fileUris: readonly string[];
  readonly archiveUris: readonly string[];
}

/** A Python program. */
export interface PySparkWork extends Attachments {
  readonly kind: 'pyspark';
  readonly mainPythonFileUri: string;
  readonly args: readonly string[];
  readonly pythonFileUris: readonly string[];
}

/** A program of the JVM: the main class of a jar, or a class that one of the jar files holds. */
export interface SparkJarWork extends Attachments {
  readonly kind: 'spark';
  readonly main:
    | { readonly kind: 'jar'; readonly uri: string }
    | { readonly kind: 'class'; readonly name: string };
  readonly args: readonly string[];
}

/** SQL statements, of a file or one by one. */
export interface SparkSqlWork {
  readonly kind: 'sparkSql';
  readonly queries:
    | { readonly kind: 'file'; readonly uri: string }
    | { readonly kind: 'list'; readonly statements: readonly string[] };
  /** Values for `${name}` in the statements. */
  readonly variables: Readonly<Record<string, string>>;
  readonly jarFileUris: readonly string[];
}
