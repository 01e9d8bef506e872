import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Utf8Check } from './encoding.js';

function offsetOf(bytes: Uint8Array, size: number): number | undefined {
  const check = new Utf8Check();
  for (let at = 0; at < bytes.length; at += size) {
    const offset = check.push(bytes.subarray(at, at + size));
    if (offset !== undefined) return offset;
  }
  return check.end();
}

/** The same by definition: the longest valid beginning, as the platform's decoder sees it. */
function byDefinition(bytes: Uint8Array): number | undefined {
  const isValid = (part: Uint8Array) => {
    try {
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part);
      return true;
    } catch {
      return false;
    }
  };
  if (isValid(bytes)) return undefined;
  let longest = 0;
  for (let length = 0; length <= bytes.length; length++)
    if (isValid(bytes.subarray(0, length))) longest = length;
  return longest;
}

test('any text is UTF-8 however it is cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9 }), (text, size) => {
      expect(offsetOf(Buffer.from(text), size)).toBeUndefined();
    }),
  );
});

test('names the first byte that is not, however the bytes are cut', () => {
  const byte = fc.constantFrom(0x41, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xff, 0xed, 0xa0);
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (bytes, size) => {
      const all = Uint8Array.from(bytes);
      expect(offsetOf(all, size)).toBe(byDefinition(all));
    }),
    { numRuns: 1000 },
  );
});

test('a character that is cut off by the end is named where it begins', () => {
  expect(offsetOf(Buffer.from([0x41, 0xe2, 0x82]), 10)).toBe(1);
});
