import protobuf from 'protobufjs';
import type { JSONValue } from 'proto3-json-serializer';

/** Longest text of a number that is looked at. */
const maxNumberLength = 400;

/**
 * Reads a number, text, bool, enum value or bytes as proto3 JSON writes it; undefined for what is
 * not of the field's type. An enum's number may be a text, as parameters of the query have it.
 * Source: https://protobuf.dev/programming-guides/json/
 */
export function readScalar(field: protobuf.Field, value: JSONValue): JSONValue | undefined {
  if (field.resolvedType instanceof protobuf.Enum) return readEnum(field.resolvedType, value);
  switch (field.type) {
    case 'string':
      return isText(value) ? value : undefined;
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'bytes':
      return isText(value) && isBase64(value) ? value : undefined;
    case 'double':
    case 'float':
      return readFloat(field.type, value);
    default:
      return readInteger(field.type, value);
  }
}

/** Tells whether a value is a text that UTF-8 can hold. */
export function isText(value: JSONValue): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

function readEnum({ values, valuesById }: protobuf.Enum, value: JSONValue): string | undefined {
  if (typeof value === 'string' && Object.hasOwn(values, value)) return value;
  const isNumber = typeof value === 'string' && /^-?\d{1,10}$/.test(value);
  return isNumber || typeof value === 'number' ? valuesById[Number(value)] : undefined;
}

/** Both alphabets, with or without padding. */
function isBase64(text: string): boolean {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return false;
  return text.endsWith('=') ? text.length % 4 === 0 : text.length % 4 !== 1;
}

function readFloat(type: 'double' | 'float', value: JSONValue): number | undefined {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  const number = readNumber(value) ?? Number.NaN;
  return Number.isFinite(type === 'float' ? Math.fround(number) : number) ? number : undefined;
}

/** A whole number of 64 bits becomes a text, since it does not fit a number. */
function readInteger(type: string, value: JSONValue): number | string | undefined {
  const [, unsigned, size] = /^(u?)int(32|64)$/.exec(type) ?? [];
  const whole = readWholeNumber(value);
  if (size === undefined || whole === undefined) return undefined;
  const bits = Number(size);
  const held = unsigned === 'u' ? BigInt.asUintN(bits, whole) : BigInt.asIntN(bits, whole);
  if (held !== whole) return undefined;
  return bits === 32 ? Number(whole) : String(whole);
}

function readWholeNumber(value: JSONValue): bigint | undefined {
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  const number = readNumber(value);
  return number !== undefined && Number.isInteger(number) ? BigInt(number) : undefined;
}

function readNumber(value: JSONValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > maxNumberLength) return undefined;
  return /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : undefined;
}
