import type { AllowRule, Template, TemplateLimits } from './template.ts';

/** The limits of a run that a rule admits: the rule's own where it has them, the template's otherwise. */
export function toEffectiveLimits(
  template: Pick<Template, 'limits'>,
  rule: AllowRule,
): TemplateLimits {
  const { limits } = template;
  const { maxConcurrent, ...own } = rule.limits ?? {};
  return { ...limits, ...own, maxConcurrent: { ...limits.maxConcurrent, ...maxConcurrent } };
}
