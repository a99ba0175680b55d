import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** One fault and the path of keys and indices to it. */
export interface SchemaFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A parameter schema that compiled, or why it did not. */
export type CompiledParameters =
  | { readonly kind: 'valid'; readonly check: (example: unknown) => readonly string[] }
  | { readonly kind: 'invalid'; readonly message: string };

/** Makes the validator compiler: strict, every fault, defaults filled in; URIs are checked by the handlers. */
export function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    allErrors: true,
    useDefaults: true,
    allowUnionTypes: false,
    strictRequired: false,
    code: { source: true, esm: true },
  });
  addFormats.default(ajv, ['date', 'date-time', 'email', 'uuid']);
  ajv.addFormat('storage-uri', true);
  ajv.addFormat('upload-uri', true);
  // The handlers hold a file to it: its URI names its size.
  ajv.addKeyword({ keyword: 'maxBytes', metaSchema: { type: 'integer', minimum: 1 } });
  return ajv;
}

let templateValidator: ValidateFunction | undefined;

/** Checks the content of a template.yaml against templates/template.schema.json; fills in defaults in place. */
export function checkTemplate(content: unknown): readonly SchemaFault[] {
  if (templateValidator === undefined) {
    const path = new URL('../templates/template.schema.json', import.meta.url);
    const schema = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    templateValidator = createAjv().compile(schema);
  }
  if (templateValidator(content)) return [];
  return (templateValidator.errors ?? []).map(toFault);
}

/** An unknown member is a fault of its own line, not of the object that holds it. */
function toFault(error: ErrorObject): SchemaFault {
  const path = error.instancePath.split('/').slice(1).map(toKey);
  const unknown: unknown = error.params['additionalProperty'];
  if (typeof unknown === 'string') return { path: [...path, unknown], message: 'is not known' };
  return { path, message: describe(error) };
}

/** Compiles a parameter schema in strict mode. */
export function compileParameters(schema: unknown): CompiledParameters {
  try {
    const validate = createAjv().compile(schema as Record<string, unknown>);
    return {
      kind: 'valid',
      check: (example) =>
        validate(example)
          ? []
          : (validate.errors ?? []).map((error) => `${error.instancePath} ${describe(error)}`),
    };
  } catch (error) {
    return {
      kind: 'invalid',
      message: error instanceof Error ? error.message : 'does not compile',
    };
  }
}

function describe(error: ErrorObject): string {
  const unknown: unknown = error.params['additionalProperty'];
  const extra = typeof unknown === 'string' ? `: ${unknown}` : '';
  return `${error.message ?? 'is not valid'}${extra}`;
}

function toKey(segment: string): string | number {
  return /^\d+$/.test(segment)
    ? Number(segment)
    : segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
