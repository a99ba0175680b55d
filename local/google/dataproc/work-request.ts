import { type KnownFields, refuseOtherFields, whole } from './known-fields.ts';
import { invalid, objectOr, textOr, textsByName } from './request-fields.ts';
import { parseList, parseObject, ShapeError, type Table } from '../shape.ts';
import { parseStorageUri } from '../storage-uri.ts';
import type {
  Attachments,
  PySparkWork,
  SparkJarWork,
  SparkSqlWork,
  SparkWork,
} from '../spark/work.ts';

const files = whole('jarFileUris', 'fileUris', 'archiveUris');
const pySpark = { ...files, ...whole('mainPythonFileUri', 'args', 'pythonFileUris') };
const sparkJar = { ...files, ...whole('mainJarFileUri', 'mainClass', 'args') };
const sparkSql = { ...whole('queryFileUri', 'jarFileUris'), queryList: whole('queries') };
/** Levels of logging are refused: the driver of every run logs in the same way. */
const ofJobs = { properties: true, loggingConfig: {} } as const;

/** The messages that describe work that runs here, by the names of their fields. */
const kinds = {
  pysparkJob: { parse: parsePySpark, known: { ...pySpark, ...ofJobs } },
  pysparkBatch: { parse: parsePySpark, known: pySpark },
  sparkJob: { parse: parseSparkJar, known: { ...sparkJar, ...ofJobs } },
  sparkBatch: { parse: parseSparkJar, known: sparkJar },
  sparkSqlJob: { parse: parseSparkSql, known: { ...sparkSql, ...ofJobs, scriptVariables: true } },
  sparkSqlBatch: { parse: parseSparkSql, known: { ...sparkSql, queryVariables: true } },
} as const satisfies Record<
  string,
  { readonly parse: (work: Table, where: string) => SparkWork; readonly known: KnownFields }
>;

/** The name of a field that describes work that runs here. */
export type WorkField = keyof typeof kinds;

/** Tells whether work that a field describes runs here. */
export function isWorkField(field: string): field is WorkField {
  return Object.hasOwn(kinds, field);
}

/** Parses the work that a field describes. @throws ApiError or ShapeError */
export function parseWork(field: WorkField, value: unknown): SparkWork {
  const { parse, known } = kinds[field];
  const work = parseObject(value, field);
  refuseOtherFields(work, known, field);
  return parse(work, field);
}

const library = 'file:///usr/lib/spark/';

function parsePySpark(work: Table, where: string): PySparkWork {
  const main = textOr(work, 'mainPythonFileUri', '');
  checkFile(main, `${where}.mainPythonFileUri`, /\.py$/);
  return {
    kind: 'pyspark',
    mainPythonFileUri: main,
    args: parseArguments(work, where),
    pythonFileUris: parseFiles(work, `${where}.pythonFileUris`, /\.(?:py|egg|zip)$/),
    ...parseAttachments(work, where),
  };
}

function parseSparkJar(work: Table, where: string): SparkJarWork {
  const attachments = parseAttachments(work, where);
  return {
    kind: 'spark',
    main: parseMain(work, where),
    args: parseArguments(work, where),
    ...attachments,
  };
}

function parseMain(work: Table, where: string): SparkJarWork['main'] {
  const uri = textOr(work, 'mainJarFileUri', undefined);
  const name = textOr(work, 'mainClass', undefined);
  if (uri !== undefined && name === undefined) {
    checkFile(uri, `${where}.mainJarFileUri`, /\.jar$/);
    return { kind: 'jar', uri };
  }
  if (name === undefined || uri !== undefined)
    throw invalid(`${where} needs either mainJarFileUri or mainClass.`);
  if (!/^[\p{L}_$][\p{L}\p{N}_$.]{0,500}$/u.test(name))
    throw invalid(`${where}.mainClass is not the name of a class: ${JSON.stringify(name)}.`);
  return { kind: 'class', name };
}

function parseSparkSql(work: Table, where: string): SparkSqlWork {
  const variables = textsByName(work, where.endsWith('Job') ? 'scriptVariables' : 'queryVariables');
  for (const [name, value] of Object.entries(variables))
    if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/.test(name) || value.includes('\0'))
      throw invalid(`${where} has a variable that cannot be: ${JSON.stringify(name)}.`);
  return {
    kind: 'sparkSql',
    queries: parseQueries(work, where),
    variables,
    jarFileUris: parseFiles(work, `${where}.jarFileUris`, /\.jar$/),
  };
}

function parseQueries(work: Table, where: string): SparkSqlWork['queries'] {
  const uri = textOr(work, 'queryFileUri', undefined);
  const list = objectOr(work, 'queryList')['queries'] ?? [];
  const statements = parseList(list, `${where}.queryList.queries`, parseArgument);
  if ((uri === undefined) === (statements.length === 0))
    throw invalid(`${where} needs either queryFileUri or a queryList that is not empty.`);
  if (uri === undefined) return { kind: 'list', statements };
  checkFile(uri, `${where}.queryFileUri`, /./);
  return { kind: 'file', uri };
}

function parseAttachments(work: Table, where: string): Attachments {
  return {
    jarFileUris: parseFiles(work, `${where}.jarFileUris`, /\.jar$/),
    fileUris: parseFiles(work, `${where}.fileUris`, /./),
    archiveUris: parseArchives(work, `${where}.archiveUris`),
  };
}

/** `uri#name` gives the folder of an archive its name. */
function parseArchives(work: Table, where: string): readonly string[] {
  return parseList(work['archiveUris'] ?? [], where, (value, place) => {
    const archive = parseArgument(value, place);
    const [uri = '', name, ...rest] = archive.split('#');
    checkFile(uri, place, /\.(?:jar|tar|tar\.gz|tgz|zip)$/);
    if (rest.length > 0 || (name !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name)))
      throw invalid(`${place} does not name a folder: ${JSON.stringify(archive)}.`);
    return archive;
  });
}

function parseArguments(work: Table, where: string): readonly string[] {
  return parseList(work['args'] ?? [], `${where}.args`, parseArgument);
}

function parseFiles(work: Table, where: string, ending: RegExp): readonly string[] {
  const key = where.replace(/^.*\./, '');
  return parseList(work[key] ?? [], where, (value, place) => {
    const uri = parseArgument(value, place);
    checkFile(uri, place, ending);
    return uri;
  });
}

/**
 * Spark splits lists of files at commas and the name of a folder off at `#`. Of the machine itself, only the jars
 * that Dataproc's images bring with Spark are there.
 */
function checkFile(uri: string, where: string, ending: RegExp): void {
  const isLibrary = uri.startsWith(library) && uri.endsWith('.jar') && !uri.includes('/../');
  const name = isLibrary ? uri.slice(library.length) : parseStorageUri(uri, where).name;
  if (name === '' || !ending.test(name) || /[,#\s\0]/.test(uri))
    throw invalid(`${where} does not name a supported file: ${JSON.stringify(uri)}.`);
}

function parseArgument(value: unknown, where: string): string {
  if (typeof value !== 'string' || value.includes('\0'))
    throw new ShapeError(`${where} must be a text without NUL characters`);
  return value;
}
