import { Problem } from '../problem.ts';

/** Least and most that are taken, and what counts when nothing is sent. */
export interface WholeNumberBounds {
  readonly least: number;
  readonly most: number;
  readonly fallback: number;
}

/** Reads a whole number from the query, in decimal digits. @throws Problem `invalid_request`. */
export function readWhole(
  query: ReadonlyMap<string, string>,
  name: string,
  bounds: WholeNumberBounds,
): number {
  const text = query.get(name);
  if (text === undefined) return bounds.fallback;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.least && value <= bounds.most) return value;
  const detail = `The query parameter ${name} must be a whole number from ${bounds.least} to ${bounds.most}.`;
  throw new Problem('invalid_request', detail);
}
