/** Values that a variable may take, which Spark and Hive put into their statements as they are. */
const SAFE = /^[\w .,:/@+=-]{0,200}$/;

/**
 * Says why a value must not become a variable of SQL: as text it could end a string, a statement or a line's code.
 * Literals are plain words; a parameter is a choice of such words, a number from 0 on, a boolean, a date, or a text whose
 * pattern admits only letters, digits and single marks. `schema` is the parameter's.
 */
export function findVariableFault(value: unknown, schema: unknown): string | undefined {
  if (typeof value === 'string') {
    return SAFE.test(value) ? undefined : 'must hold plain words only';
  }
  if (typeof schema !== 'object' || schema === null) return undefined;
  if (isSafe(new Map(Object.entries(schema)))) return undefined;
  return 'must be an enum, a number from 0 on, a boolean, a date, or a text with a strict pattern';
}

function isSafe(schema: ReadonlyMap<string, unknown>): boolean {
  const choices = schema.get('const') === undefined ? schema.get('enum') : [schema.get('const')];
  if (Array.isArray(choices)) {
    return choices.every((choice) => SAFE.test(typeof choice === 'object' ? "'" : String(choice)));
  }
  const type = schema.get('type');
  if (type === 'boolean') return true;
  if (type === 'number' || type === 'integer') return isFromZero(schema);
  if (type !== 'string') return false;
  return schema.get('format') === 'date' || isStrict(schema.get('pattern'));
}

/** A minus sign behind one of the statement would begin a comment. */
function isFromZero(schema: ReadonlyMap<string, unknown>): boolean {
  const least = schema.get('minimum') ?? schema.get('exclusiveMinimum');
  return typeof least === 'number' && least >= 0;
}

/** One character or class of a pattern, and how often it may stand there. */
const PIECE =
  /(\[(?:a-z|A-Z|a-f|A-F|\d-\d|\\[dw]|[\w.:/])+\]|\\[dw]|\\[./]|[\w:/-])(\{\d{1,3}(?:,\d{1,3})?\}|[?+*])?/y;

/**
 * Tells whether a pattern is anchored, has neither groups nor alternatives, and admits letters, digits and `_.:/` alone;
 * a hyphen only by itself and between two pieces that are there, so that no two of them make a comment.
 */
function isStrict(pattern: unknown): boolean {
  if (typeof pattern !== 'string' || !pattern.startsWith('^') || !pattern.endsWith('$'))
    return false;
  const body = pattern.slice(1, -1);
  const pieces: { readonly hyphen: boolean; readonly present: boolean }[] = [];
  const matcher = new RegExp(PIECE);
  while (matcher.lastIndex < body.length) {
    const [text, unit, count = ''] = matcher.exec(body) ?? [];
    if (text === undefined) return false;
    if (unit === '-' && count !== '') return false;
    pieces.push({ hyphen: unit === '-', present: !/^(?:[?*]|\{0)/.test(count) });
  }
  const isSolid = (index: number): boolean => {
    const piece = pieces[index];
    return piece !== undefined && !piece.hyphen && piece.present;
  };
  return pieces.every(({ hyphen }, index) => !hyphen || (isSolid(index - 1) && isSolid(index + 1)));
}
