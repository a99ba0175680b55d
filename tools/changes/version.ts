import { say, type Change, type Versions } from './change.ts';

type Version = readonly [major: number, minor: number, patch: number];

/**
 * Says whether a template's version says what its change does. Before 1.0.0 a breaking change needs another minor version.
 * Source: https://semver.org/spec/v2.0.0.html, clauses 4, 6, 7 and 8
 */
export function compareVersions(
  { before, after }: Versions,
  changes: readonly Change[],
): readonly Change[] {
  const [was, is] = [toVersion(before), toVersion(after)];
  if (compare(is.parts, was.parts) < 0)
    return [fault(`version ${is.text} is below ${was.text}, which was there before`)];
  if (is.text === was.text)
    return [fault(`its files differ, and the version is ${is.text} as before: raise it`)];
  const breaks = changes.some(({ effect }) => effect === 'breaking');
  const adds = changes.some(({ topic, effect }) => topic === 'parameters' && effect === 'wider');
  const needed = toNeeded(was.parts, breaks);
  if (breaks && compare(is.parts, needed) < 0)
    return [fault(`its parameters break callers: version ${is.text} must be ${needed.join('.')}`)];
  const isPatch = is.parts[0] === was.parts[0] && is.parts[1] === was.parts[1];
  if (!adds || !isPatch) return [];
  const advice = `version ${is.text} says that nothing is new; for new parameters it would be ${was.parts[0]}.${was.parts[1] + 1}.0`;
  return [say('version', 'changed', advice)];
}

function fault(text: string): Change {
  return { topic: 'version', effect: 'changed', fault: true, text };
}

function toNeeded([major, minor]: Version, breaks: boolean): Version {
  if (!breaks) return [major, minor, 0];
  return major === 0 ? [0, minor + 1, 0] : [major + 1, 0, 0];
}

function toVersion({ content }: Versions['before']): { text: string; parts: Version } {
  const text = String(content['version']);
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { text, parts: [major, minor, patch] };
}

function compare(one: Version, other: Version): number {
  const index = one.findIndex((part, place) => part !== other[place]);
  return index < 0 ? 0 : (one[index] ?? 0) - (other[index] ?? 0);
}
