import protobuf from 'protobufjs';
import type { JSONValue } from 'proto3-json-serializer';
import type { ApiError } from './api-error.ts';
import { badField } from './bad-request.ts';
import { isText, readScalar } from './json-scalar.ts';
import { toCamelCase } from './routes.ts';

/** An object of JSON. */
export type JsonObject = Record<string, JSONValue>;

/** Types whose null is a value; elsewhere it stands for what is not there. */
const nullable = ['.google.protobuf.Value', '.google.protobuf.NullValue'];

/**
 * Checks every value of a message in JSON, and makes of it what the serializer takes: it knows only
 * one of the two names of a field, and lets pass what is not of the field's type.
 * @throws ApiError INVALID_ARGUMENT naming the field
 */
export function readMessage(type: protobuf.Type, json: JsonObject, path = ''): JsonObject {
  const known = Object.entries(json).flatMap(([key, value]) => {
    const name = toCamelCase(key);
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (field === undefined) throw unknownName(key, path);
    if (value === null && !nullable.includes(field.resolvedType?.fullName ?? '')) return [];
    const place = path === '' ? toSnakeCase(name) : `${path}.${toSnakeCase(name)}`;
    return [[name, readField(field, value, place)] as const];
  });
  return Object.fromEntries(known);
}

/** Tells whether a value is an object, and no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readField(field: protobuf.Field, value: JSONValue, path: string): JSONValue {
  if (field.map) return readMap(field, value, path);
  if (!field.repeated) return readItem(field, value, path);
  if (!Array.isArray(value)) throw misshapen(field, path, 'a list');
  return value.map((item, at) => readItem(field, item, `${path}[${at}]`));
}

/** Google counts the entries of a map in its places. */
function readMap(field: protobuf.Field, value: JSONValue, path: string): JSONValue {
  if (!isJsonObject(value)) throw misshapen(field, path, 'an object');
  const entries = Object.entries(value).map(([key, item], at) => {
    if (!isText(key)) throw invalidValue(`${path}[${at}].key`, 'TYPE_STRING', key);
    return [key, readItem(field, item, `${path}[${at}].value`)] as const;
  });
  return Object.fromEntries(entries);
}

function readItem(field: protobuf.Field, value: JSONValue, path: string): JSONValue {
  const type = field.resolvedType;
  if (!(type instanceof protobuf.Type)) {
    const name = type === null ? field.type.toUpperCase() : 'ENUM';
    return readScalar(field, value) ?? refuse(path, `TYPE_${name}`, value);
  }
  const url = `type.googleapis.com/${type.fullName.slice(1)}`;
  if (isWellKnown(type)) return hasItsForm(type, value) ? value : refuse(path, url, value);
  return isJsonObject(value) ? readMessage(type, value, path) : refuse(path, url, value);
}

/** A Timestamp is a text in JSON, and so on. */
function isWellKnown(type: protobuf.Type): boolean {
  return type.fullName.startsWith('.google.protobuf.');
}

/** The serializer checks the rest. */
function hasItsForm({ name }: protobuf.Type, value: JSONValue): boolean {
  if (name === 'FieldMask') return isText(value);
  if (name === 'Duration')
    return typeof value === 'string' && /^\d{1,12}(?:\.\d{1,9})?s$/.test(value);
  if (name !== 'Timestamp') return true;
  const format = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;
  return typeof value === 'string' && format.test(value) && !Number.isNaN(Date.parse(value));
}

function unknownName(name: string, path: string): ApiError {
  const place = path === '' ? '' : ` at '${path}'`;
  const shown = JSON.stringify(name.slice(0, 80));
  const reason = `Unknown name ${shown}${place}: Cannot find field.`;
  return badField(path, `Invalid JSON payload received. ${reason}`);
}

function misshapen({ name }: protobuf.Field, path: string, wanted: string): ApiError {
  return badField(path, `Invalid JSON payload received. ${name} must be ${wanted}.`);
}

/**
 * Source of the words, as BigQuery says them: https://github.com/exploratory-io/exploratory_func/pull/511
 */
function invalidValue(path: string, type: string, value: JSONValue): ApiError {
  const shown = JSON.stringify(typeof value === 'string' ? value.slice(0, 80) : value);
  const reason = type === 'TYPE_BYTES' ? `Base64 decoding failed for ${shown}` : shown;
  return badField(path, `Invalid value at '${path}' (${type}), ${reason.slice(0, 120)}`);
}

function refuse(path: string, type: string, value: JSONValue): never {
  throw invalidValue(path, type, value);
}

function toSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
