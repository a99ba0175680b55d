import protobuf from 'protobufjs';
import { fromProto3JSON, type JSONValue, toProto3JSON } from 'proto3-json-serializer';
import { ApiError } from './api-error.ts';
import { isDeeperThan } from './json-depth.ts';
import { isJsonObject, type JsonObject, readMessage } from './request-json.ts';
import { type RouteMatch, toCamelCase } from './routes.ts';

/** A message as plain data: 64-bit numbers and enum values are text, absent fields are absent. */
export type PlainMessage = Readonly<Record<string, unknown>>;

/** As deep as protocol buffers may nest, by default. */
const maxLevels = 100;

/**
 * Makes an RPC's request of path, query and body, as proto3 JSON says. Parameters of the query that
 * the protos do not know are ignored: clients add some of their own. In the body Google refuses them.
 * @throws ApiError INVALID_ARGUMENT
 */
export function decodeRequest(
  { route, variables }: RouteMatch,
  query: URLSearchParams,
  bodyText: string,
): PlainMessage {
  const type = route.method.requestType;
  const json: JsonObject = route.body === '*' ? parseBody(bodyText) : {};
  if (route.body !== undefined && route.body !== '*')
    json[toCamelCase(route.body)] = parseBody(bodyText);
  for (const [name, value] of query) addParameter(type, json, toCamelCase(name), value);
  for (const [path, value] of Object.entries(variables)) setField(json, path.split('.'), value);
  return toPlain(type, readMessage(type, json));
}

/**
 * Makes the JSON of an RPC's response. Clients ask for enum values as numbers or as names. Fields
 * that have their default value are left out, as Google leaves them out.
 */
export function encodeResponse(
  type: protobuf.Type,
  message: PlainMessage,
  options: { readonly numericEnums: boolean },
): unknown {
  return omitDefaults(type, toProto3JSON(type.fromObject(message), options) ?? {});
}

/** Tells whether the request asks for enum values as numbers: `$alt=json;enum-encoding=int`. */
export function wantsNumericEnums(query: URLSearchParams): boolean {
  const format = query.get('$alt') ?? query.get('alt') ?? '';
  return format.split(';').includes('enum-encoding=int');
}

/** Packs a message into a google.protobuf.Any. */
export function packAny(
  root: protobuf.Root,
  typeName: string,
  message: PlainMessage,
): PlainMessage {
  const type = root.lookupType(typeName);
  const value = type.encode(type.fromObject(message)).finish();
  return { type_url: `type.googleapis.com/${typeName}`, value };
}

/** Unpacks a google.protobuf.Any; undefined for what is none, or of a type that is not known. */
export function unpackAny(root: protobuf.Root, any: unknown): PlainMessage | undefined {
  if (typeof any !== 'object' || any === null) return undefined;
  if (!('type_url' in any && 'value' in any && any.value instanceof Uint8Array)) return undefined;
  const type = root.lookup(String(any.type_url).replace(/^.*\//, ''));
  if (!(type instanceof protobuf.Type)) return undefined;
  return type.toObject(type.decode(any.value), { longs: String, enums: String });
}

function toPlain(type: protobuf.Type, json: JSONValue): PlainMessage {
  try {
    const message = fromProto3JSON(type, json);
    if (message === null) throw new Error('the message is null');
    return type.toObject(message, { longs: String, enums: String });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ApiError('INVALID_ARGUMENT', `Invalid JSON payload received. ${reason}`);
  }
}

function parseBody(text: string): JsonObject {
  if (text.trim() === '') return {};
  if (isDeeperThan(text, maxLevels))
    throw new ApiError('INVALID_ARGUMENT', 'Invalid JSON payload received. Message too deep.');
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    throw new ApiError('INVALID_ARGUMENT', 'Invalid JSON payload received. It is not JSON.');
  }
  throw new ApiError('INVALID_ARGUMENT', 'Invalid JSON payload received. It is not an object.');
}

function addParameter(type: protobuf.Type, json: JsonObject, field: string, value: string): void {
  if (!Object.hasOwn(type.fields, field)) return;
  const before = json[field];
  if (type.fields[field]?.repeated !== true) json[field] = value;
  else json[field] = Array.isArray(before) ? [...before, value] : [value];
}

/** A variable of the path may fill a field of a field: `{template.name=…}`. */
function setField(json: JsonObject, [field = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    json[field] = value;
    return;
  }
  const nested = Object.hasOwn(json, field) ? json[field] : undefined;
  const holder = isJsonObject(nested) ? nested : {};
  json[field] = holder;
  setField(holder, rest, value);
}

function omitDefaults(type: protobuf.Type, value: JSONValue): JSONValue {
  if (!isJsonObject(value)) return value;
  const packed = value['@type'];
  const own = typeof packed === 'string' ? type.lookupType(packed.replace(/^.*\//, '')) : type;
  const kept = Object.entries(value).flatMap(([name, child]) => {
    const field = Object.hasOwn(own.fields, name) ? own.fields[name] : undefined;
    if (field === undefined) return [[name, child] as const];
    return isDefault(field, child) ? [] : [[name, omitFieldDefaults(field, child)] as const];
  });
  return Object.fromEntries(kept);
}

function omitFieldDefaults(field: protobuf.Field, value: JSONValue): JSONValue {
  const nested = field.resolvedType;
  if (!(nested instanceof protobuf.Type) || field.map) return value;
  return Array.isArray(value)
    ? value.map((item) => omitDefaults(nested, item))
    : omitDefaults(nested, value);
}

/** An empty message that is present is not a default; neither is what a oneof holds. */
function isDefault(field: protobuf.Field, value: JSONValue): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (field.map) return isJsonObject(value) && Object.keys(value).length === 0;
  if (field.partOf !== null || field.resolvedType instanceof protobuf.Type) return false;
  const zero = field.resolvedType?.valuesById[0];
  return value === '' || value === 0 || value === '0' || value === false || value === zero;
}
