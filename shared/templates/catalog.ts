import { Problem } from '../problem.ts';
import { parseTemplateName, type Template } from './template.ts';

/** The templates of this deployment, in order of their names. */
export type Catalog = readonly Template[];

/** Finds a template by an unchecked name; undefined when there is none. */
export function findTemplate(catalog: Catalog, rawName: unknown): Template | undefined {
  const name = parseTemplateName(rawName);
  return name === undefined ? undefined : catalog.find((template) => template.name === name);
}

/** Gets a template by an unchecked name. @throws Problem `template_not_found`. */
export function getTemplate(catalog: Catalog, rawName: unknown): Template {
  const template = findTemplate(catalog, rawName);
  if (template !== undefined) return template;
  throw new Problem(
    'template_not_found',
    'No template has this name. GET /v1/templates lists those that you may run.',
  );
}
