import { unimplemented } from './request-fields.ts';
import { parseObject, type Table } from '../shape.ts';

/** The fields of a message that are read here or mean nothing here, those of its messages too. */
export interface KnownFields {
  readonly [field: string]: true | KnownFields;
}

/** Names fields with whatever they hold. */
export function whole(...names: readonly string[]): KnownFields {
  return Object.fromEntries(names.map((name) => [name, true] as const));
}

/**
 * Refuses a message with a field that says something and is not known, so that nothing runs otherwise
 * than it was asked to. @throws ApiError UNIMPLEMENTED naming the field from `where` on
 */
export function refuseOtherFields(message: Table, known: KnownFields, where = ''): void {
  for (const [name, value] of Object.entries(message)) {
    if (!saysSomething(value)) continue;
    const path = where === '' ? name : `${where}.${name}`;
    const inner = Object.hasOwn(known, name) ? known[name] : undefined;
    if (inner === undefined) throw unimplemented(path);
    if (inner !== true) refuseOtherFields(parseObject(value, path), inner, path);
  }
}

/** What proto3 does not tell from an absent field says nothing, nor does a message of such fields. */
function saysSomething(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value);
  return Array.isArray(value) ? value.length > 0 : Object.values(value).some(saysSomething);
}
