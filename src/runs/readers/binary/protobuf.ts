/**
 * The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding), as far as reading a few fields of known
 * messages needs it. Forty lines instead of a library: an event file of 100 MB has millions of messages, and of each only
 * two or three fields are wanted.
 */

export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Walks the fields of one message: `next()`, then read the value or `skip()` it. */
export class Wire {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  end = 0;
  /** Of the field at hand. */
  field = 0;
  type = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.end = end;
  }

  /** The next field; false at the end of the message. */
  next(): boolean {
    if (this.at >= this.end) return false;
    const key = this.varint();
    if (key < 0 || key > 0xffffffff) throw new WireError('a field number of more than 29 bits');
    this.field = key >>> 3;
    this.type = key & 7;
    if (this.field === 0) throw new WireError('field 0');
    return true;
  }

  /** Up to 64 bits as a number; exact to 2⁵³, negative numbers as int64 writes them. */
  varint(): number {
    const { bytes, end } = this;
    let at = this.at;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) throw new WireError('cut off');
      const byte = bytes[at++] as number;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return low;
      }
    }
    return this.#longVarint(low, at);
  }

  #longVarint(low: number, from: number): number {
    let at = from;
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      if (at >= this.end) throw new WireError('cut off');
      const byte = this.bytes[at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return Number(BigInt.asIntN(64, value));
      }
    }
    throw new WireError('a number of more than 64 bits');
  }

  /** Length of what follows, which lies within the message. */
  length(): number {
    const length = this.varint();
    if (length < 0 || length > this.end - this.at) throw new WireError('cut off');
    return length;
  }

  float(): number {
    this.#need(4);
    const value = this.#view.getFloat32(this.at, true);
    this.at += 4;
    return value;
  }

  double(): number {
    this.#need(8);
    const value = this.#view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  text(): string {
    const length = this.length();
    const text = new TextDecoder().decode(this.bytes.subarray(this.at, this.at + length));
    this.at += length;
    return text;
  }

  /** A message within the message; this one goes on after it. */
  message(): Wire {
    const length = this.length();
    const inner = new Wire(this.bytes, this.at, this.at + length);
    this.at += length;
    return inner;
  }

  skip(): void {
    switch (this.type) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#need(8);
        this.at += 8;
        return;
      case 2: {
        // Reading the length moves `at` itself.
        const length = this.length();
        this.at += length;
        return;
      }
      case 5:
        this.#need(4);
        this.at += 4;
        return;
      default:
        throw new WireError(`wire type ${this.type}`);
    }
  }

  #need(bytes: number): void {
    if (this.at + bytes > this.end) throw new WireError('cut off');
  }
}
