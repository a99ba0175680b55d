/** The usage plans (serverless.yml). None is called `default`: it would mean nothing to a caller. */
export const PLAN_NAMES = ['standard', 'limited', 'automation'] as const;

/** One of {@link PLAN_NAMES}. */
export type PlanName = (typeof PLAN_NAMES)[number];
