import { expect, it } from 'vitest';
import { crc32c } from '../../../../local/google/secrets/crc32c.ts';

const rising = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
/** A SCSI Read (10) command. */
const command = Buffer.from(
  '01c00000000000000000000000000000140000000000040000000014000000182800000000000000' +
    '0200000000000000',
  'hex',
);

// RFC 3720 section B.4 writes the checksums least significant byte first.
it.each([
  ['nothing', Buffer.alloc(0), 0],
  ['32 bytes of zeroes', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 rising bytes', rising, 0x46dd794e],
  ['32 falling bytes', Buffer.from(rising).reverse(), 0x113fdb5c],
  ['an iSCSI command', command, 0xd9963a56],
])('the CRC32C of %s is that of RFC 3720', (_, content, checksum) => {
  expect(crc32c(content)).toBe(checksum);
});
