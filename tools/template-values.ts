import type { Program } from '../shared/templates/program.ts';
import { listUriParameters, type UploadPlace } from '../shared/templates/storage-uris.ts';
import type { Template } from '../shared/templates/template.ts';
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
  const uploads = findShownArea(rules, values);
  return findValueFaults(rules, values, uploads).map(
    ({ pointer, message }) => `${pointer} ${message}`,
  );
}

/** The area of a caller from which an example shows a file. */
const SHOWN_AREA = /^(?<root>gs:\/\/[a-z0-9._-]+\/uploads\/)[a-z2-7]{26}\//;

/** Whoever follows an example has an area of their own: the one that it shows stands for that. */
function findShownArea(
  template: Pick<Template, 'parameters'>,
  values: Readonly<Record<string, unknown>>,
): UploadPlace | null {
  const shown = listUriParameters(template).find(({ format }) => format === 'upload-uri');
  const match = shown === undefined ? null : SHOWN_AREA.exec(String(values[shown.name]));
  const root = match?.groups?.['root'];
  return match === null || root === undefined ? null : { root, area: match[0] };
}
