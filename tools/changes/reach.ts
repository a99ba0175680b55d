import { listUriParameters } from '../../shared/templates/storage-uris.ts';
import { say, type Change, type Definition, type Definitions } from './change.ts';

/** Says what a template's jobs may read and write that they could not before, and as whom and where they run. */
export function compareReach({ before, after }: Definitions): readonly Change[] {
  return [
    ...comparePrefixes('read', before.reads, after.reads),
    ...comparePrefixes('write', before.writes, after.writes),
    ...compareUploads(listUploads(before), listUploads(after)),
    ...compareMember('its results go to', before.output.uri, after.output.uri),
    ...compareMember('it runs on target', before.target, after.target),
    ...compareMember('it runs as account', before.runtimeAccount, after.runtimeAccount),
    ...compareMember('it is submitted by account', before.submitter, after.submitter),
  ];
}

/** Says what the jobs of a template that is new may read and write, and as whom and where they run. */
export function describeReach(definition: Definition): readonly Change[] {
  const { reads, writes, target, runtimeAccount = 'the one of its target' } = definition;
  return [
    ...comparePrefixes('read', [], reads),
    ...comparePrefixes('write', [], writes),
    ...compareUploads([], listUploads(definition)),
    say('reach', 'changed', `it runs on target ${target}, as account ${runtimeAccount}`),
  ];
}

function comparePrefixes(
  verb: string,
  before: readonly string[],
  after: readonly string[],
): readonly Change[] {
  const isUnder = (prefix: string, all: readonly string[]) =>
    all.some((each) => prefix.startsWith(each));
  const added = after.filter((prefix) => !isUnder(prefix, before));
  const removed = before.filter((prefix) => !isUnder(prefix, after));
  return [
    ...added.map((prefix) => say('reach', 'wider', `its jobs may now ${verb} ${prefix}`)),
    ...removed.map((prefix) => {
      const left = after.filter((each) => each.startsWith(prefix));
      const rest = left.length === 0 ? '' : ` but ${left.join(' and ')}`;
      return say('reach', 'narrower', `its jobs may no longer ${verb} ${prefix}${rest}`);
    }),
  ];
}

/** Parameters that take a file of the caller's own and no other: programs and statements, as a rule. */
function listUploads({ parameters }: Definition): readonly string[] {
  return listUriParameters({ parameters })
    .filter(({ format }) => format === 'upload-uri')
    .map(({ name }) => name);
}

function compareUploads(before: readonly string[], after: readonly string[]): readonly Change[] {
  const added = after.filter((name) => !before.includes(name));
  const removed = before.filter((name) => !after.includes(name));
  const text = (names: readonly string[], verb: string) =>
    `callers may ${verb} run files of their own (${names.join(', ')})`;
  return [
    ...(added.length === 0 ? [] : [say('reach', 'wider', text(added, 'now'))]),
    ...(removed.length === 0 ? [] : [say('reach', 'narrower', text(removed, 'no longer'))]),
  ];
}

function compareMember(
  what: string,
  before: string | undefined,
  after: string | undefined,
): readonly Change[] {
  if (before === after) return [];
  const [is, was] = [after ?? 'that of its target', before ?? 'that of its target'];
  return [say('reach', 'changed', `${what} ${is} (was ${was})`)];
}
