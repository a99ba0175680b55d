/** The Castagnoli polynomial, its bits in reverse. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
  return rest;
});

/** Computes the CRC32C of a content, 0 to 2^32 - 1. Source: RFC 3720 sections 12.1 and B.4. */
export function crc32c(content: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of content) rest = (table[(rest ^ byte) & 0xff] ?? 0) ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}
