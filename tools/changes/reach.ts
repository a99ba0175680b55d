import { say, type Change, type Definition, type Definitions } from './change.ts';

/** Says what a template's jobs may read and write that they could not before, and as whom and where they run. */
export function compareReach({ before, after }: Definitions): readonly Change[] {
  return [
    ...comparePrefixes('read', before.reads, after.reads),
    ...comparePrefixes('write', before.writes, after.writes),
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

function compareMember(
  what: string,
  before: string | undefined,
  after: string | undefined,
): readonly Change[] {
  if (before === after) return [];
  const [is, was] = [after ?? 'that of its target', before ?? 'that of its target'];
  return [say('reach', 'changed', `${what} ${is} (was ${was})`)];
}
