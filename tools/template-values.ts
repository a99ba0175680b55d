import type { Program } from '../shared/templates/program.ts';
import { findValueFaults } from '../shared/templates/values.ts';
import { toProgram } from './template-program.ts';

/** Says what the handlers would find in a complete set of parameters, which passed the schema; a sentence for each. */
export function explainValues(
  template: ReadonlyMap<string, unknown>,
  values: Readonly<Record<string, unknown>>,
): readonly string[] {
  const rules = {
    parameters: template.get('parameters') as Readonly<Record<string, unknown>>,
    reads: template.get('reads') as readonly string[],
    program: toProgram(template.get('job')) as Program,
  };
  return findValueFaults(rules, values).map(({ pointer, message }) => `${pointer} ${message}`);
}
