import { invalid, type Attribute, type Item } from './attributes.ts';

/** Compares two values, of which one or both may not be there. */
export type Comparison = (left: Attribute | undefined, right: Attribute | undefined) => boolean;

/** What is not there, or of another kind, meets no comparison but that of being different. */
export const COMPARISONS: Readonly<Record<string, Comparison | undefined>> = {
  '=': (left, right) => order(left, right) === 0,
  '<>': (left, right) => order(left, right) !== 0,
  '<': (left, right) => (order(left, right) ?? 0) < 0,
  '>': (left, right) => (order(left, right) ?? 0) > 0,
  '<=': (left, right) => (order(left, right) ?? 1) <= 0,
  '>=': (left, right) => (order(left, right) ?? -1) >= 0,
};

function order(left: Attribute | undefined, right: Attribute | undefined): number | undefined {
  if (left === undefined || right === undefined) return undefined;
  if ('N' in left && 'N' in right) return Number(left.N) - Number(right.N);
  if ('S' in left && 'S' in right) return Buffer.compare(Buffer.from(left.S), Buffer.from(right.S));
  return undefined;
}

/** Whether a set or a text contains a text. */
export const containsValue: Comparison = (left, right) => {
  if (left === undefined || right === undefined || !('S' in right)) return false;
  if ('SS' in left) return left.SS.includes(right.S);
  return 'S' in left && left.S.includes(right.S);
};

/** Whether a text begins with another. */
export const beginsWith: Comparison = (left, right) =>
  left !== undefined &&
  right !== undefined &&
  'S' in left &&
  'S' in right &&
  left.S.startsWith(right.S);

/** What `size` gives: elements of a set, bytes of a text. @throws AwsError */
export function sizeOf(value: Attribute | undefined): Attribute | undefined {
  if (value === undefined) return undefined;
  if ('SS' in value) return { N: String(value.SS.length) };
  if ('S' in value) return { N: String(Buffer.byteLength(value.S)) };
  throw invalid('a number has no size');
}

/** The number that an operand is. @throws AwsError */
export function toNumber(value: Attribute | undefined): number {
  if (value !== undefined && 'N' in value) return Number(value.N);
  throw invalid('an operand of the update is no number');
}

/** What SET does. @throws AwsError */
export function assign(item: Item, name: string, value: Attribute | undefined): Item {
  if (value === undefined) throw invalid('the operand is not in the item');
  return { ...item, [name]: value };
}

/** What ADD does. @throws AwsError */
export function add(before: Attribute | undefined, value: Attribute): Attribute {
  if ('N' in value)
    return { N: String((before === undefined ? 0 : toNumber(before)) + Number(value.N)) };
  if (!('SS' in value)) throw invalid('only numbers and sets can be added');
  if (before !== undefined && !('SS' in before)) throw invalid('a set is added to what is none');
  return { SS: [...new Set([...(before?.SS ?? []), ...value.SS])] };
}

/** What DELETE does: the last element gone, the attribute is gone. @throws AwsError */
export function subtract(item: Item, name: string, value: Attribute): Item {
  const before = item[name];
  if (!('SS' in value)) throw invalid('only sets can be deleted from');
  if (before === undefined) return item;
  if (!('SS' in before)) throw invalid('a set is deleted from what is none');
  const left = before.SS.filter((text) => !value.SS.includes(text));
  return left.length === 0 ? without(item, name) : { ...item, [name]: { SS: left } };
}

/** What REMOVE does. */
export function without(item: Item, name: string): Item {
  return Object.fromEntries(Object.entries(item).filter(([each]) => each !== name));
}

/** An item's attributes of these names, as far as it has them. */
export function pick(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));
}
