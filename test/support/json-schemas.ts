import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const ROOT = join(import.meta.dirname, '../..');

/** Compiles a schema of the repository. With `closed`, no object may have members that the schema does not name. */
export function compileSchema(
  path: string,
  options: { readonly closed?: boolean } = {},
): ValidateFunction {
  const schema = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as object;
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
  addFormats.default(ajv);
  return ajv.compile(options.closed === true ? (close(schema) as object) : schema);
}

function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, close(value)] as const);
  const closed = Object.fromEntries(entries);
  return 'properties' in schema && !('additionalProperties' in schema)
    ? { ...closed, additionalProperties: false }
    : closed;
}
