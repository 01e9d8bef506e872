/**
 * CRC-32 by eight tables of 256 entries ("slicing-by-8", Kounavis and Berry 2005): eight bytes a turn, which keeps checking
 * faster than reading. Node has `zlib.crc32` only from 20.15 on, and not the Castagnoli polynomial that TFRecord uses.
 */

/** Eight tables of 256 entries one after another. */
function tablesOf(polynomial: number): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    tables[byte] = value;
  }
  for (let index = 256; index < tables.length; index++) {
    const value = tables[index - 256] as number;
    tables[index] = (value >>> 8) ^ (tables[value & 0xff] as number);
  }
  return tables;
}

const CASTAGNOLI = tablesOf(0x82f63b78);
let ieee: Int32Array | undefined;

/** CRC-32C of the bytes from `start` to `end`, as an unsigned number. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  return ~run(CASTAGNOLI, bytes, start, end, -1) >>> 0;
}

/** CRC-32 (IEEE 802.3) of a byte and the bytes from `start` to `end`, as an unsigned number. */
export function crc32After(
  byte: number,
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number },
): number {
  ieee ??= tablesOf(0xedb88320);
  const from = run(ieee, Uint8Array.of(byte), 0, 1, -1);
  return ~run(ieee, bytes, range.start, range.end, from) >>> 0;
}

/** As TensorFlow stores a CRC of data that may hold CRCs: rotated by 15 bits, plus a constant. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Called three times a record, millions of times a file: plain parameters, so that a call makes no object. */
function run(t: Int32Array, bytes: Uint8Array, start: number, end: number, from: number): number {
  let crc = from;
  let at = start;
  const at8 = end - ((end - at) % 8);
  // Every index is a byte and within a table: the assertions cost nothing at run time.
  while (at < at8) {
    const low =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (t[1792 + (low & 0xff)] as number) ^
      (t[1536 + ((low >>> 8) & 0xff)] as number) ^
      (t[1280 + ((low >>> 16) & 0xff)] as number) ^
      (t[1024 + (low >>> 24)] as number) ^
      (t[768 + (bytes[at + 4] as number)] as number) ^
      (t[512 + (bytes[at + 5] as number)] as number) ^
      (t[256 + (bytes[at + 6] as number)] as number) ^
      (t[bytes[at + 7] as number] as number);
    at += 8;
  }
  while (at < end) {
    crc = (crc >>> 8) ^ (t[(crc ^ (bytes[at] as number)) & 0xff] as number);
    at++;
  }
  return crc;
}
