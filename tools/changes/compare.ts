import { join } from 'node:path';
import { readTemplateSources, type TemplateSource } from '../template-source.ts';
import { compareAccess, describeAccess, describeLostAccess } from './access.ts';
import { say, toDefinition, type Change, type Versions } from './change.ts';
import { compareParameters } from './parameters.ts';
import { compareProgram } from './program.ts';
import { compareReach, describeReach } from './reach.ts';
import { readRevision } from './revision.ts';
import { compareVersions } from './version.ts';

/** What a change does to one template. */
export interface TemplateChanges {
  readonly name: string;
  /** Its version; null where there is none. */
  readonly before: string | null;
  readonly after: string | null;
  readonly changes: readonly Change[];
}

/** What has changed since a revision. */
export interface Comparison {
  readonly revision: string;
  readonly commit: string;
  /** Only those that differ, in order of their names. */
  readonly templates: readonly TemplateChanges[];
  readonly faults: number;
}

/** Compares the templates of a project's folder with those of a git revision. @throws RevisionError */
export async function compareTemplates(root: string, revision: string): Promise<Comparison> {
  const { commit, sources } = await readRevision(root, revision);
  const templates = compareSources(sources, readTemplateSources(join(root, 'templates')));
  const faults = templates.flatMap(({ changes }) => changes).filter((change) => change.fault);
  return { revision, commit, templates, faults: faults.length };
}

function compareSources(
  before: readonly TemplateSource[],
  after: readonly TemplateSource[],
): readonly TemplateChanges[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort();
  return names.flatMap((name) => {
    const old = before.find((source) => source.name === name);
    const own = after.find((source) => source.name === name);
    if (old?.digest === own?.digest && old?.digest !== '') return [];
    const versions = { before: toVersion(old), after: toVersion(own) };
    return [{ name, ...versions, changes: describe(old, own) }];
  });
}

function describe(
  before: TemplateSource | undefined,
  after: TemplateSource | undefined,
): readonly Change[] {
  if (after === undefined) return before === undefined ? [] : describeGone(before);
  if (after.faults.length > 0)
    return [{ ...say('template', 'changed', 'it has faults now'), fault: true }];
  if (before === undefined) return describeNew(after, 'it is new');
  const [fault] = before.faults;
  if (fault === undefined) return describeChanged({ before, after });
  const why = `it could not be read before, so that all of it counts as new: ${fault.message}`;
  return describeNew(after, why);
}

function describeNew(after: TemplateSource, text: string): readonly Change[] {
  const definition = toDefinition(after);
  return [
    say('template', 'wider', text),
    ...describeAccess(definition),
    ...describeReach(definition),
  ];
}

/** A template that nobody was told to leave must not go: who calls it would learn of that by a refusal. */
function describeGone(before: TemplateSource): readonly Change[] {
  const gone = say('template', 'breaking', 'it is gone');
  // What could not be read was in no deployment.
  if (before.faults.length > 0) return [gone];
  const definition = toDefinition(before);
  const lost = describeLostAccess(definition);
  if (definition.deprecated) return [gone, ...lost];
  const text =
    'it is gone, and was not deprecated before: deprecate it, deploy that, then remove it';
  return [{ ...gone, fault: true, text }, ...lost];
}

function describeChanged(versions: Versions): readonly Change[] {
  const definitions = {
    before: toDefinition(versions.before),
    after: toDefinition(versions.after),
  };
  const changes = [
    ...compareWords(versions),
    ...compareAccess(definitions),
    ...compareReach(definitions),
    ...compareParameters(definitions),
    ...compareProgram(versions),
  ];
  return [...changes, ...compareVersions(versions, changes)];
}

const WORDS = ['title', 'description', 'owner', 'access', 'deprecated', 'examples'];

function compareWords({ before, after }: Versions): readonly Change[] {
  const changed = WORDS.filter(
    (member) => JSON.stringify(before.content[member]) !== JSON.stringify(after.content[member]),
  );
  if (changed.length === 0) return [];
  return [say('template', 'changed', `members that differ: ${changed.join(', ')}`)];
}

function toVersion(source: TemplateSource | undefined): string | null {
  const version = source?.content['version'];
  return typeof version === 'string' ? version : null;
}
