import { isDeepStrictEqual } from 'node:util';
import type { TemplateSource } from '../template-source.ts';
import { say, type Change, type Definition, type Versions } from './change.ts';

/** Properties that decide how many machines a run takes, and which. */
const COSTLY =
  /^spark\.(executor\.|driver\.(cores|memory)|dynamicAllocation\.|task\.cpus|dataproc\.)/;

/** Says which job files and which parts of the program are other ones, and which Spark properties. */
export function compareProgram({ before, after }: Versions): readonly Change[] {
  const [was, is] = [toProgram(before), toProgram(after)];
  const rest = [was.rest, is.rest];
  return [
    ...compareFiles(before, after),
    ...compareProperties(was.properties, is.properties),
    ...(isDeepStrictEqual(rest[0], rest[1])
      ? []
      : [say('program', 'changed', 'its program is called in another way')]),
  ];
}

function compareFiles(before: TemplateSource, after: TemplateSource): readonly Change[] {
  const [old, own] = [toContents(before), toContents(after)];
  const paths = [...new Set([...old.keys(), ...own.keys()])].sort();
  const changed = paths.filter((path) => old.get(path) !== own.get(path));
  if (changed.length === 0) return [];
  return [say('program', 'changed', `job files that differ: ${changed.join(', ')}`)];
}

function toContents(source: TemplateSource): ReadonlyMap<string, string> {
  return new Map(source.files.map(({ path, content }) => [path, content.toString('base64')]));
}

type Properties = Readonly<Record<string, unknown>>;

function compareProperties(before: Properties, after: Properties): readonly Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => {
      const text = `${name} is ${toText(after[name])} (was ${toText(before[name])})`;
      return say(COSTLY.test(name) ? 'cost' : 'program', 'changed', text);
    });
}

function toText(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

/** Of the one kind of program that a job has. */
function toProgram({ content }: TemplateSource) {
  const { job } = content as unknown as Definition;
  const [[kind, program] = ['none', {}]] = Object.entries(job);
  const { properties = {}, ...rest } = program as { readonly properties?: Properties };
  return { properties, rest: { kind, ...rest } };
}
