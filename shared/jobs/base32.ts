const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Writes bytes in base32: 16 of them become 26 characters. Source: RFC 4648 section 6, lower case, without padding. */
export function toBase32(bytes: Uint8Array): string {
  let [buffer, bits, text] = [0, 0, ''];
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET.charAt((buffer >>> (bits - 5)) & 31);
    buffer &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((buffer << (5 - bits)) & 31);
}
