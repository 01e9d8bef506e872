import { isUtf8 } from 'node:buffer';

/** Checks a stream of bytes for UTF-8, chunk by chunk; a character may be cut by the end of a chunk. */
export class Utf8Check {
  #carry: Uint8Array = new Uint8Array(0);
  #checked = 0;

  /** Byte offset (from 0) in the stream of the first byte that is not UTF-8; undefined when there is none. */
  push(chunk: Uint8Array): number | undefined {
    const bytes = this.#carry.length > 0 ? Buffer.concat([this.#carry, chunk]) : chunk;
    const whole = bytes.length - unfinished(bytes);
    if (!isUtf8(bytes.subarray(0, whole))) return this.#checked + firstInvalid(bytes.subarray(0, whole));
    this.#carry = bytes.slice(whole);
    this.#checked += whole;
    return undefined;
  }

  /** The end of the stream: a character that was begun must have been finished. */
  end(): number | undefined {
    return this.#carry.length > 0 ? this.#checked : undefined;
  }
}

/** How many bytes at the end (0 to 3) are the beginning of a character that continues in the next chunk. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < length ? back : 0;
    }
  }
  return 0;
}

/** By bisection: a prefix (but for an unfinished character) is valid exactly up to the first invalid byte. */
function firstInvalid(bytes: Uint8Array): number {
  let valid = 0;
  let invalid = bytes.length;
  while (valid + 1 < invalid) {
    const middle = (valid + invalid) >> 1;
    const prefix = bytes.subarray(0, middle);
    if (isUtf8(prefix.subarray(0, middle - unfinished(prefix)))) valid = middle;
    else invalid = middle;
  }
  return valid - unfinished(bytes.subarray(0, valid));
}
