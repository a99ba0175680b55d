import { invalid } from './request-fields.ts';

/** What one comparison of a filter asks: `*` as a value is any. */
export type Condition =
  | { readonly field: string; readonly value: string }
  | { readonly label: string; readonly value: string };

const pattern = /\s*([A-Za-z][A-Za-z0-9_.-]*)\s*(?:=\s*(?:"([^"\\]*)"|([^\s="()<>!:]+)))?(?=\s|$)/y;
const maxLength = 4000;

/**
 * Parses a filter of clusters, jobs and operations: `field = value` joined by AND, where a blank
 * stands for AND too. A label without a value is one that is there. The fields have the values that
 * `fields` gives them; null lets all be.
 * Source: ListJobsRequest.filter and ListClustersRequest.filter in the shipped protos.
 * @throws ApiError INVALID_ARGUMENT
 */
export function parseAndFilter(
  text: string,
  fields: Readonly<Record<string, readonly string[] | null>>,
): readonly Condition[] {
  if (text.length > maxLength) throw invalid(`Invalid filter: it is longer than ${maxLength}.`);
  const conditions: Condition[] = [];
  const end = text.trimEnd().length;
  const matcher = new RegExp(pattern);
  let expectsMore = false;
  while (matcher.lastIndex < end) {
    const at = matcher.lastIndex;
    const match = matcher.exec(text);
    if (match?.[1] === undefined)
      throw invalid(`Invalid filter: ${quote(text.slice(at))} is not understood.`);
    const [, field, quoted, word] = match;
    const value = quoted ?? word;
    const isAnd = field === 'AND' && value === undefined;
    if (isAnd && (expectsMore || conditions.length === 0))
      throw invalid('Invalid filter: AND stands between two comparisons.');
    if (!isAnd) conditions.push(toCondition(field, value, fields));
    expectsMore = isAnd;
  }
  if (expectsMore) throw invalid('Invalid filter: AND stands between two comparisons.');
  return conditions;
}

/** Tells whether labels meet the conditions on labels. */
export function labelsMeet(
  conditions: readonly Condition[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return conditions.every((condition) => {
    if (!('label' in condition)) return true;
    const value = Object.hasOwn(labels, condition.label) ? labels[condition.label] : undefined;
    return condition.value === '*' ? value !== undefined : value === condition.value;
  });
}

/** Tells whether every condition on a field holds; a field may have several values at once. */
export function fieldsMeet(
  conditions: readonly Condition[],
  values: Readonly<Record<string, readonly string[]>>,
): boolean {
  return conditions.every((condition) => {
    if ('label' in condition || condition.value === '*') return true;
    return values[condition.field]?.includes(condition.value) ?? false;
  });
}

function toCondition(
  field: string,
  value: string | undefined,
  fields: Readonly<Record<string, readonly string[] | null>>,
): Condition {
  const label = /^labels\.([A-Za-z0-9_-]{1,63})$/.exec(field)?.[1];
  if (label !== undefined) return { label, value: value ?? '*' };
  const allowed = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (allowed === undefined)
    throw invalid(
      `Invalid filter: ${quote(field)} is not one of ${[...Object.keys(fields), 'labels.KEY'].join(', ')}.`,
    );
  if (value === undefined) throw invalid(`Invalid filter: ${field} is not compared with anything.`);
  if (allowed !== null && value !== '*' && !allowed.includes(value))
    throw invalid(`Invalid filter: ${field} must be one of ${allowed.join(', ')}.`);
  return { field, value };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
