/** The kinds of DynamoDB values in use. Source: DynamoDB API reference, AttributeValue. */
export type AttributeValue =
  { readonly S: string } | { readonly N: string } | { readonly SS: readonly string[] };
