/** The run limits, in the order in which a refusal names them: the one that lasts longest comes first. */
export const LIMIT_NAMES = [
  'runs-per-day',
  'concurrent-per-caller',
  'concurrent-per-template',
] as const;

/** One of {@link LIMIT_NAMES}. */
export type LimitName = (typeof LIMIT_NAMES)[number];

/** A limit that a job counts under: the key of its counter, and how many it admits. */
export interface LimitHold {
  readonly limit: LimitName;
  readonly key: string;
  readonly most: number;
}
