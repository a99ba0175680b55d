import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { findBoundFaults } from './template-bounds.ts';
import { findProgramFaults } from './template-program.ts';
import { findCostFaults } from './template-cost.ts';
import { findRuleFaults } from './template-rules.ts';
import { checkTemplate, compileParameters } from './template-schema.ts';
import { explainValues } from './template-values.ts';

/** A fault in a template, with the place where it stands. */
export interface TemplateFault {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** One file of a template's folder. */
export interface TemplateFile {
  readonly path: string;
  readonly content: Buffer;
}

/** A template as its author wrote it. */
export interface TemplateSource {
  readonly name: string;
  readonly digest: string;
  readonly files: readonly TemplateFile[];
  /** The content of template.yaml with defaults filled in; checked when there are no faults. */
  readonly content: Readonly<Record<string, unknown>>;
  readonly faults: readonly TemplateFault[];
}

const DEFINITION = 'template.yaml';
const JOB_FILE = /^[A-Za-z0-9_][A-Za-z0-9_-]*\.(py|sql|hql|jar|zip|r|R)$/;

/** Reads every template below a folder, in order of their names. */
export function readTemplateSources(folder: string): readonly TemplateSource[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^[_.]/.test(entry.name))
    .map((entry) => entry.name)
    .sort()
    .map((name) => readTemplateSource(join(folder, name), name));
}

/** Reads one template; its name must be that of its folder. */
export function readTemplateSource(folder: string, name: string): TemplateSource {
  const file = relative(process.cwd(), join(folder, DEFINITION));
  if (!existsSync(join(folder, DEFINITION))) {
    const message = 'is missing: every folder of templates/ holds one';
    return { name, digest: '', files: [], content: {}, faults: [{ file, line: 1, message }] };
  }
  const text = readFileSync(join(folder, DEFINITION), 'utf8');
  const files = readdirSync(folder)
    .filter((path) => JOB_FILE.test(path))
    .sort()
    .map((path) => ({ path, content: readFileSync(join(folder, path)) }));
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = { file, document, lines };
  const syntax = document.errors.map((error) => {
    return { file, line: lines.linePos(error.pos[0]).line, message: error.message };
  });
  if (syntax.length > 0) return { name, digest: '', files, content: {}, faults: syntax };
  const content: unknown = document.toJS();
  const faults = findFaults(content, { folderName: name, paths: files.map((each) => each.path) });
  return {
    name,
    digest: toDigest(text, files),
    files,
    content: content as Readonly<Record<string, unknown>>,
    faults: faults.map((fault) => locate(fault, place)),
  };
}

/** The digest covers the definition and every job file: each name and content hash, in order. */
function toDigest(definition: string, files: readonly TemplateFile[]): string {
  const all = [{ path: DEFINITION, content: Buffer.from(definition) }, ...files];
  const lines = all.map(({ path, content }) => `${toSha256(content)}  ${path}\n`);
  return `sha256:${toSha256(Buffer.from(lines.join('')))}`;
}

function toSha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

interface Folder {
  readonly folderName: string;
  readonly paths: readonly string[];
}

function findFaults(content: unknown, folder: Folder): readonly Fault[] {
  const schemaFaults = checkTemplate(content);
  if (schemaFaults.length > 0) return schemaFaults;
  const template = new Map(Object.entries(content as Readonly<Record<string, unknown>>));
  return [
    ...findMeaningFaults(template, folder),
    ...findParameterFaults(template),
    ...findRuleFaults(template),
    ...findCostFaults(template),
  ];
}

/** What a schema cannot say: names that must agree, files that must exist, prefixes that must contain one another. */
function findMeaningFaults(
  template: ReadonlyMap<string, unknown>,
  folder: Folder,
): readonly Fault[] {
  const faults: Fault[] = [];
  if (template.get('name') !== folder.folderName) {
    faults.push({ path: ['name'], message: `must be the folder's name, ${folder.folderName}` });
  }
  faults.push(...findProgramFaults(template, folder.paths));
  if (!isOutputWritable(template)) {
    faults.push({ path: ['output', 'uri'], message: 'must lie under one of writes' });
  }
  return faults;
}

interface ParameterSchema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

function readParameters(template: ReadonlyMap<string, unknown>): ParameterSchema {
  const parameters = template.get('parameters') as Partial<ParameterSchema>;
  return { properties: {}, required: [], ...parameters };
}

function isOutputWritable(template: ReadonlyMap<string, unknown>): boolean {
  const output = template.get('output') as { uri: string };
  const writes = template.get('writes') as readonly string[];
  return writes.some((prefix) => output.uri.startsWith(prefix));
}

/** The parameter schema must compile in strict mode and accept each of the examples. */
function findParameterFaults(template: ReadonlyMap<string, unknown>): readonly Fault[] {
  const compiled = compileParameters(template.get('parameters'));
  if (compiled.kind === 'invalid') return [{ path: ['parameters'], message: compiled.message }];
  const shape = [...findNestedUris(template), ...findBoundFaults(template.get('parameters'))];
  if (shape.length > 0) return shape;
  const examples = template.get('examples') as readonly Readonly<Record<string, unknown>>[];
  /** Fills in defaults, so that they too are held to what the handlers take. */
  const check = (example: Readonly<Record<string, unknown>>): readonly string[] => {
    const values = structuredClone(example);
    const messages = compiled.check(values);
    return messages.length > 0 ? messages : explainValues(template, values);
  };
  const faults = examples.flatMap((example, index) =>
    check(example).map((message) => ({ path: ['examples', index], message })),
  );
  return faults.length > 0 ? faults : findDefaultFaults(template, check, examples[0]);
}

/** Whoever leaves out what has a default must get one that the schema accepts. */
function findDefaultFaults(
  template: ReadonlyMap<string, unknown>,
  check: (example: Readonly<Record<string, unknown>>) => readonly string[],
  example: Readonly<Record<string, unknown>> = {},
): readonly Fault[] {
  const { properties } = readParameters(template);
  const hasDefault = (schema: unknown) =>
    typeof schema === 'object' && schema !== null && 'default' in schema;
  const given = Object.entries(example).filter(([name]) => !hasDefault(properties[name]));
  return check(Object.fromEntries(given)).map((message) => {
    return { path: ['parameters'], message: `gives a default that it refuses: ${message}` };
  });
}

/** The handlers hold a URI to `reads` and uploads where the parameter itself is one; anywhere else it would pass. */
function findNestedUris(template: ReadonlyMap<string, unknown>): readonly Fault[] {
  const { properties, ...rest } = readParameters(template);
  const message = 'has a URI below its top, where it would not be checked';
  const below = Object.entries(properties)
    .filter(([, schema]) => countUris(schema) > (isUri(schema) ? 1 : 0))
    .map(([name]) => ({ path: ['parameters', 'properties', name], message }));
  return countUris(rest) > 0 ? [...below, { path: ['parameters'], message }] : below;
}

function isUri(schema: unknown): boolean {
  return (
    typeof schema === 'object' &&
    schema !== null &&
    'format' in schema &&
    (schema.format === 'storage-uri' || schema.format === 'upload-uri')
  );
}

function countUris(schema: unknown): number {
  if (typeof schema !== 'object' || schema === null) return 0;
  return Object.values(schema).reduce<number>(
    (count, member) => count + countUris(member),
    isUri(schema) ? 1 : 0,
  );
}

interface Place {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** Finds the line of the deepest node of a path that exists. */
function locate(fault: Fault, place: Place): TemplateFault {
  for (let length = fault.path.length; length > 0; length -= 1) {
    const node: unknown = place.document.getIn(fault.path.slice(0, length), true);
    if (typeof node !== 'object' || node === null || !('range' in node)) continue;
    if (!Array.isArray(node.range)) continue;
    const { line } = place.lines.linePos(Number(node.range[0]));
    return { file: place.file, line, message: `${fault.path.join('.')} ${fault.message}` };
  }
  return { file: place.file, line: 1, message: `${fault.path.join('.')} ${fault.message}`.trim() };
}
