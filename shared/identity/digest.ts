/**
 * SHA-256 of a text in UTF-8. The module is loaded at the first use and not before: loading it takes as long as all
 * else that the authorizer loads. Source: FIPS 180-4.
 */
export function digest(text: string): Buffer {
  const { hash } = process.getBuiltinModule('node:crypto');
  return hash('sha256', text, 'buffer');
}
