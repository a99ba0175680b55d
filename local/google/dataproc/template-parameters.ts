import { runInNewContext } from 'node:vm';
import { applyFieldPath, parseFieldPath } from './field-path.ts';
import { invalid, objectOr, textOr } from './request-fields.ts';
import { parseList, parseObject, parseText, type Table } from '../shape.ts';

const maxParameters = 100;
/** Fields of all parameters together; chosen here. */
const maxFields = 1000;
const maxPatterns = 20;
/** Source: InstantiateWorkflowTemplateRequest.parameters in the shipped protos. */
const maxValueLength = 1000;
/** A pattern of the caller's own may take for ever; this is far more than an honest one needs. */
const matchTimeoutMs = 200;

interface Parameter {
  readonly name: string;
  readonly fields: readonly string[];
  readonly validation: Table;
}

/** Checks the parameters of a template: names, and that their fields are there. @throws ApiError */
export function checkParameters(template: Table): void {
  const parameters = readParameters(template);
  const names = parameters.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw invalid('Two parameters have the same name.');
  const fields = parameters.flatMap((parameter) => parameter.fields);
  if (new Set(fields).size !== fields.length)
    throw invalid('A field may appear in one parameter only.');
  const clone = structuredClone(template);
  for (const field of fields) applyFieldPath(clone, field, '');
}

/**
 * Makes the template in which the values stand where the parameters say. Every parameter needs a
 * value and no other one may be there.
 * @throws ApiError INVALID_ARGUMENT
 */
export function applyParameters(template: Table, values: Readonly<Record<string, string>>): Table {
  const parameters = readParameters(template);
  const stranger = Object.keys(values).find((key) => !parameters.some(({ name }) => name === key));
  if (stranger !== undefined)
    throw invalid(`The template has no parameter ${JSON.stringify(stranger.slice(0, 80))}.`);
  const applied = structuredClone(template);
  for (const parameter of parameters) {
    const value = Object.hasOwn(values, parameter.name) ? values[parameter.name] : undefined;
    if (value === undefined) throw invalid(`The parameter ${parameter.name} has no value.`);
    if (value.length > maxValueLength)
      throw invalid(`The value of ${parameter.name} is longer than ${maxValueLength} characters.`);
    checkValue(parameter, value);
    for (const field of parameter.fields) applyFieldPath(applied, field, value);
  }
  return applied;
}

function readParameters(template: Table): readonly Parameter[] {
  const listed = parseList(template['parameters'] ?? [], 'parameters', parseObject);
  if (listed.length > maxParameters)
    throw invalid(`A template has at most ${maxParameters} parameters.`);
  let countedFields = 0;
  return parseList(listed, 'parameters', (item, where) => {
    const table = parseObject(item, where);
    const name = textOr(table, 'name', '');
    if (!/^[A-Z_][A-Z0-9_]{0,39}$/.test(name))
      throw invalid(
        `Parameter ${JSON.stringify(name.slice(0, 80))} must be 1-40 capitals, digits and underscores.`,
      );
    const fields = parseList(table['fields'] ?? [], `${where}.fields`, parseText);
    if (fields.length === 0) throw invalid(`The parameter ${name} needs fields.`);
    countedFields += fields.length;
    if (countedFields > maxFields)
      throw invalid(`The parameters of a template have at most ${maxFields} fields.`);
    for (const field of fields) parseFieldPath(field);
    return { name, fields, validation: objectOr(table, 'validation') };
  });
}

function checkValue({ name, validation }: Parameter, value: string): void {
  const { regex, values } = validation;
  if (values !== undefined) {
    const allowed = parseList(objectOr(validation, 'values')['values'] ?? [], name, parseText);
    if (!allowed.includes(value))
      throw invalid(`The value of ${name} is not one of those allowed.`);
  }
  if (regex === undefined) return;
  const patterns = parseList(objectOr(validation, 'regex')['regexes'] ?? [], name, parseText);
  if (patterns.length > maxPatterns)
    throw invalid(`The parameter ${name} has more than ${maxPatterns} regular expressions.`);
  if (!patterns.some((pattern) => matchesWhole(pattern, value, name)))
    throw invalid(`The value of ${name} does not match its regular expression.`);
}

/**
 * Google's patterns are RE2's, these JavaScript's; they agree on what both have. Neither pattern nor
 * value becomes part of the program that is run, which ends when its time is over.
 */
function matchesWhole(pattern: string, value: string, name: string): boolean {
  try {
    const program = 'new RegExp("^(?:" + pattern + ")$", "u").test(value)';
    return runInNewContext(program, { pattern, value }, { timeout: matchTimeoutMs }) === true;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it is not understood';
    throw invalid(`The regular expression of ${name} cannot be used: ${reason}.`);
  }
}
