import type { FieldFault } from '../problem.ts';
import { escapePointer } from './json-pointer.ts';
import type { UploadPlace } from './storage-uris.ts';
import type { Template } from './template.ts';
import { findValueFaults } from './values.ts';

/** What a generated validator reports for one fault. Source: Ajv's ErrorObject. */
export interface ValidatorError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  /** The member whose name, not value, is at fault. */
  readonly propertyName?: string;
}

/** A validator made at build time by Ajv; fills in defaults in place and leaves its faults in `errors`. */
export interface Validator {
  (value: unknown): boolean;
  errors?: readonly ValidatorError[] | null;
}

/** A scalar, list or object value that passed its schema. */
export type ParameterValue = unknown;

/** Parameters after defaults, every one checked. */
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** The verdict on raw parameters. */
export type ParametersCheck =
  | { readonly kind: 'valid'; readonly parameters: Parameters }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldFault[] };

const MAX_FAULTS = 20;
/** Characters of a pointer, whose names are the caller's. */
const MAX_POINTER = 400;

/**
 * Checks raw parameters against the template and fills in its defaults; never changes the input. `uploads` is where the
 * caller may put files: null, and none of them may be given.
 */
export function checkParameters(
  template: Template,
  validator: Validator,
  rawParameters: unknown,
  uploads: UploadPlace | null = null,
): ParametersCheck {
  const candidate = structuredClone(rawParameters);
  const errors = checkValue(validator, candidate, '/parameters');
  if (errors.length > 0) return { kind: 'invalid', errors };
  const parameters = candidate as Parameters;
  const faults = findValueFaults(template, parameters, uploads);
  return faults.length > 0 ? { kind: 'invalid', errors: faults } : { kind: 'valid', parameters };
}

/** Runs a generated validator and names each fault by JSON pointer, at most 20. */
export function checkValue(
  validator: Validator,
  value: unknown,
  base: string,
): readonly FieldFault[] {
  if (validator(value)) return [];
  return (validator.errors ?? [])
    .filter((error) => error.keyword !== 'propertyNames')
    .slice(0, MAX_FAULTS)
    .map((error) => toFault(error, base));
}

function toFault(error: ValidatorError, base: string): FieldFault {
  const { missingProperty, additionalProperty } = error.params;
  const extra = missingProperty ?? additionalProperty ?? error.propertyName;
  const last = typeof extra === 'string' ? `/${escapePointer(extra)}` : '';
  return { pointer: cut(`${base}${error.instancePath}${last}`), message: explain(error) };
}

/** A pointer that is cut leads to nothing, but never ends in half a character or half an escape. */
function cut(pointer: string): string {
  return pointer.length <= MAX_POINTER
    ? pointer
    : pointer.slice(0, MAX_POINTER).replace(/~$/, '').toWellFormed();
}

function explain(error: ValidatorError): string {
  if (error.keyword === 'required') return 'is required';
  if (error.keyword === 'additionalProperties') return 'is not known here';
  const allowed = error.params['allowedValues'];
  if (Array.isArray(allowed))
    return `must be one of ${allowed.map((v) => JSON.stringify(v)).join(', ')}`;
  const message = error.message ?? 'is not valid';
  return error.propertyName === undefined ? message : `name ${message}`;
}
