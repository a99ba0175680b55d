const maxLength = 100;
const maxNames = 3;

/** Finds the names that a mistyped one may stand for, the nearest first; three at most. */
export function findNearNames(mistyped: string, names: readonly string[]): readonly string[] {
  const wanted = mistyped.slice(0, maxLength).toLowerCase();
  const maxEdits = Math.max(2, Math.floor(wanted.length / 3));
  return [...new Set(names)]
    .map((name) => ({ name, edits: countEdits(wanted, name.toLowerCase()) }))
    .filter(({ edits }) => edits <= maxEdits)
    .sort((one, other) => one.edits - other.edits)
    .slice(0, maxNames)
    .map(({ name }) => name);
}

/** Levenshtein's distance. */
function countEdits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [line, letter] of one.split('').entries()) {
    const next = [line + 1];
    for (const [at, otherLetter] of other.split('').entries()) {
      const replaced = (row[at] ?? 0) + (letter === otherLetter ? 0 : 1);
      next.push(Math.min((next[at] ?? 0) + 1, (row[at + 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
