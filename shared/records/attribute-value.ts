/** The kinds of DynamoDB values in use. Source: DynamoDB API reference, AttributeValue. */
export type AttributeValue =
  { readonly S: string } | { readonly N: string } | { readonly SS: readonly string[] };

/** The members of a JSON object by name; none when the value is no object. */
export function toMembers(value: unknown): ReadonlyMap<string, unknown> {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map();
}
