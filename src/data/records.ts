/**
 * Splits text files into records, byte by byte, in one place for every engine: what a record is, on which line it
 * starts and why one is refused is decided here. The engine then reads a normalised copy in which nothing can fail.
 *
 * CSV follows RFC 4180: a field that starts with a quote ends with one, a quote inside it is doubled, and line breaks
 * and delimiters inside it are data. Beyond the RFC: a quote inside an unquoted field is itself; LF, CRLF and lone CR
 * all end a line; blank lines are no records (as in pandas, R and DuckDB). A record is refused when its number of
 * fields is not the header's, when text follows a closing quote, when a quote is never closed, when it holds a NUL
 * byte, or when it is longer than 16 MiB.
 */

/** Longer records are refused; this also bounds the memory that one unclosed quote can take. */
export const LONGEST_RECORD = 16 * 1024 * 1024;

export interface SplitterOptions {
  /** Null: every line is one field and quotes mean nothing (JSON Lines). Then there is no header either. */
  readonly delimiter: string | null;
  /** Bytes of the normalised copy: one LF after each row. Valid only during the call. */
  write(bytes: Uint8Array): void;
  /** The first record of a CSV. Throws when it cannot be a header. */
  header(record: {
    readonly content: Uint8Array;
    readonly line: number;
    readonly problem: string | null;
  }): void;
  row(line: number): void;
  reject(refused: { readonly line: number; readonly lines: number; readonly reason: string }): void;
}

// Kinds of bytes.
const ORDINARY = 0;
const DELIMITER = 1;
const QUOTE = 2;
const LF = 3;
const CR = 4;
const FORBIDDEN = 5;

// Where in a field the last byte was.
const START = 0;
const PLAIN = 1;
const QUOTED = 2;
const CLOSED = 3;

const LINE_FEED = Uint8Array.of(10);
const NOTHING = new Uint8Array(0);

/** Reads one file. Every line ends up in exactly one of: header, rows, rejected, blank. */
export class RecordSplitter {
  readonly #options: SplitterOptions;
  readonly #kinds: Uint8Array;
  #expectHeader: boolean;
  #expectedFields: number;
  /** The part of the current record that came with earlier chunks. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #state = START;
  #fields = 1;
  #problem: string | null = null;
  #lastByte = 0;
  #line = 1;
  #recordLine = 1;
  #quoteLine = 1;
  #longest = 0;
  #blank = 0;
  #brokenRows = false;
  #spacedQuotes = false;
  #lineFeeds = 0;
  #carriageReturns = 0;
  #pairs = 0;
  readonly #lastSpecial: number;

  constructor(options: SplitterOptions) {
    this.#options = options;
    this.#kinds = byteKinds(options.delimiter);
    this.#lastSpecial = this.#kinds.findLastIndex((kind) => kind !== ORDINARY);
    this.#expectHeader = options.delimiter !== null;
    this.#expectedFields = 1;
  }

  /** The line (from 1) that the next byte belongs to. */
  get line(): number {
    return this.#line;
  }
  /** Fields of a row, known once the header is read. */
  get fields(): number {
    return this.#expectedFields;
  }
  /** Bytes of the longest record. */
  get longest(): number {
    return this.#longest;
  }
  get blankLines(): number {
    return this.#blank;
  }
  /** Whether some row holds a line break inside quotes. */
  get brokenRows(): boolean {
    return this.#brokenRows;
  }

  /**
   * How every line ended: LF or CRLF alone can be read by any reader as it is. Null when they are mixed, or a lone CR
   * ends a line, or a quote follows spaces at the start of a field, which readers understand differently.
   */
  get plainLineEnd(): '\n' | '\r\n' | null {
    if (this.#spacedQuotes) return null;
    if (this.#carriageReturns === 0) return '\n';
    return this.#lineFeeds === 0 && this.#pairs === this.#carriageReturns ? '\r\n' : null;
  }

  push(chunk: Uint8Array): void {
    if (this.#isPlain(chunk)) this.#pushPlain(chunk);
    else this.#pushAny(chunk);
    if (chunk.length > 0) this.#lastByte = chunk[chunk.length - 1] as number;
  }

  /** Nothing but fields, delimiters and line feeds, as almost all of most files: native searches tell at once. */
  #isPlain(chunk: Uint8Array): boolean {
    if (this.#options.delimiter === null || this.#expectHeader || this.#lastByte === 13) return false;
    if (this.#state === QUOTED || this.#state === CLOSED) return false;
    return !chunk.includes(34) && !chunk.includes(13) && !chunk.includes(0);
  }

  #pushPlain(chunk: Uint8Array): void {
    const length = chunk.length;
    const delimiter = (this.#options.delimiter as string).charCodeAt(0);
    const words = new FourBytes(chunk, delimiter);
    let delimiters = this.#fields - 1;
    let [keep, start] = [0, 0];
    for (let i = 0; i < length; i++) {
      i = words.skip(i);
      delimiters += words.delimiters;
      if (i >= length) break;
      const byte = chunk[i] as number;
      if (byte === delimiter) delimiters++;
      if (byte !== 10) continue;
      this.#lineFeeds++;
      const size = i - start;
      const usual = size > 0 && size <= LONGEST_RECORD && this.#pendingBytes === 0;
      if (usual && delimiters + 1 === this.#expectedFields) {
        this.#options.row(this.#line);
        if (size > this.#longest) this.#longest = size;
        this.#recordLine = ++this.#line;
      } else {
        this.#fields = delimiters + 1;
        keep = this.#endRecord({ chunk, keep, start, end: i, lineFeed: true });
      }
      delimiters = 0;
      start = i + 1;
    }
    this.#fields = delimiters + 1;
    const last = length > 0 ? (chunk[length - 1] as number) : this.#lastByte;
    if (length > 0) this.#state = last === 10 || last === delimiter ? START : PLAIN;
    this.#write(chunk, keep, start);
    this.#hold(chunk.subarray(start));
  }

  #pushAny(chunk: Uint8Array): void {
    const kinds = this.#kinds;
    const last = this.#lastSpecial;
    const length = chunk.length;
    let state = this.#state;
    let fields = this.#fields;
    /** First byte of rows that are complete but not yet written: they are written in runs. */
    let keep = 0;
    /** First byte of the current record in this chunk. */
    let start = 0;
    /** Where the current field starts, if it starts in this chunk with nothing read of it. */
    let fieldStart = state === START ? 0 : -1;
    for (let i = 0; i < length; i++) {
      const byte = chunk[i] as number;
      // Most bytes are ordinary ones of an unquoted field: they cost this comparison and no more.
      if (byte > last && state !== CLOSED) continue;
      const kind = kinds[byte];
      if (kind === ORDINARY) {
        if (state === CLOSED) {
          state = this.#textAfterQuote();
          fieldStart = -1;
        }
        continue;
      }
      switch (kind) {
        case DELIMITER:
          if (state !== QUOTED) {
            fields++;
            state = PLAIN;
            fieldStart = i + 1;
          }
          break;
        case QUOTE:
          if (state === QUOTED) state = CLOSED;
          else if (state === CLOSED) state = QUOTED;
          else if (fieldStart === i) {
            state = QUOTED;
            this.#quoteLine = this.#line;
          } else if (fieldStart >= 0 && this.#spacesOnly(chunk, fieldStart, i)) this.#spacedQuotes = true;
          else if (fieldStart < 0) this.#spacedQuotes = true;
          break;
        case FORBIDDEN:
          this.#problem ??=
            byte === 0 ? 'it holds a NUL byte' : 'it holds a control character, which JSON does not allow';
          if (state === CLOSED) state = PLAIN;
          break;
        default: {
          const afterCr = kind === LF && (i > 0 ? chunk[i - 1] : this.#lastByte) === 13;
          if (kind === CR) this.#carriageReturns++;
          else if (afterCr) this.#pairs++;
          else this.#lineFeeds++;
          if (state === QUOTED) {
            if (!afterCr) this.#line++;
          } else if (afterCr) {
            // The CR has ended the record.
            this.#write(chunk, keep, start);
            start = i + 1;
            keep = start;
            fieldStart = start;
          } else {
            this.#fields = fields;
            keep = this.#endRecord({ chunk, keep, start, end: i, lineFeed: kind === LF });
            fields = 1;
            start = i + 1;
            state = PLAIN;
            fieldStart = start;
          }
        }
      }
    }
    this.#fields = fields;
    const unquoted = state === START || state === PLAIN;
    this.#state = unquoted ? (fieldStart === length ? START : PLAIN) : state;
    this.#write(chunk, keep, start);
    this.#hold(chunk.subarray(start));
  }

  /** The end of the file: the last record may lack its line break. */
  end(): void {
    if (this.#pendingBytes === 0) return;
    const endsWithBreak = this.#lastByte === 10 || this.#lastByte === 13;
    if (this.#state === QUOTED) {
      this.#problem ??= `the quote opened on line ${this.#quoteLine} is never closed`;
      // The last line break belongs to the quoted text, so no further line has begun.
      if (endsWithBreak) this.#line--;
    }
    const keep = this.#endRecord({ chunk: NOTHING, keep: 0, start: 0, end: 0, lineFeed: false });
    this.#write(NOTHING, keep, 0);
  }

  #spacesOnly(chunk: Uint8Array, from: number, to: number): boolean {
    for (let i = from; i < to; i++) if (chunk[i] !== 32) return false;
    return true;
  }

  #textAfterQuote(): number {
    this.#problem ??= 'text follows a closing quote';
    return PLAIN;
  }

  /** Returns where the bytes that are not yet written start. */
  #endRecord(at: {
    readonly chunk: Uint8Array;
    readonly keep: number;
    readonly start: number;
    readonly end: number;
    readonly lineFeed: boolean;
  }): number {
    const { chunk, keep, start, end, lineFeed } = at;
    const length = this.#pendingBytes + end - start;
    const lines = this.#line - this.#recordLine + 1;
    let next = end + 1;
    if (length > LONGEST_RECORD) this.#problem ??= 'it is longer than 16 MiB';
    if (length === 0) {
      this.#blank++;
      this.#write(chunk, keep, start);
    } else if (this.#expectHeader) {
      this.#expectHeader = false;
      this.#expectedFields = this.#fields;
      const content = joined([...this.#pending, chunk.subarray(start, end)]);
      this.#options.header({ content, line: this.#recordLine, problem: this.#problem });
    } else {
      if (this.#fields !== this.#expectedFields) {
        this.#problem ??= `it has ${fieldCount(this.#fields)}, not ${this.#expectedFields}`;
      }
      if (this.#problem === null) {
        for (const piece of this.#pending) this.#options.write(piece);
        this.#options.row(this.#recordLine);
        this.#longest = Math.max(this.#longest, length);
        this.#brokenRows ||= lines > 1;
        if (lineFeed) next = keep;
        else {
          this.#write(chunk, keep, end);
          this.#options.write(LINE_FEED);
        }
      } else {
        this.#write(chunk, keep, start);
        this.#options.reject({ line: this.#recordLine, lines, reason: this.#problem });
      }
    }
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#fields = 1;
    this.#problem = null;
    this.#line++;
    this.#recordLine = this.#line;
    return next;
  }

  #write(chunk: Uint8Array, from: number, to: number): void {
    if (from < to) this.#options.write(chunk.subarray(from, to));
  }

  #hold(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#pendingBytes += rest.length;
    if (this.#pendingBytes > LONGEST_RECORD) this.#problem ??= 'it is longer than 16 MiB';
    if (this.#problem === null) this.#pending.push(rest);
    else this.#pending = [];
  }
}

/** Four bytes at a time, without a branch for each: most of the time of reading a plain file is spent here. */
class FourBytes {
  readonly #words: Int32Array;
  /** Bytes before the first whole word. */
  readonly #offset: number;
  readonly #pattern: number;
  /** Delimiters in the bytes skipped last. */
  delimiters = 0;

  constructor(bytes: Uint8Array, delimiter: number) {
    this.#offset = -bytes.byteOffset & 3;
    const whole = Math.max(0, bytes.length - this.#offset) >> 2;
    this.#words =
      whole > 0 ? new Int32Array(bytes.buffer, bytes.byteOffset + this.#offset, whole) : new Int32Array(0);
    this.#pattern = delimiter * 0x01010101;
  }

  /** From a byte on over whole words without a line feed; returns the byte where the next one may be. */
  skip(from: number): number {
    this.delimiters = 0;
    const at = from - this.#offset;
    if (at < 0 || (at & 3) !== 0) return from;
    const words = this.#words;
    const pattern = this.#pattern;
    let [word, found] = [at >> 2, 0];
    for (; word < words.length; word++) {
      const four = words[word] as number;
      // A zero byte marks a match (Hacker's Delight, 6-1).
      const feed = four ^ 0x0a0a0a0a;
      if (((feed - 0x01010101) & ~feed & 0x80808080) !== 0) break;
      const rest = four ^ pattern;
      const marks = ~(((rest & 0x7f7f7f7f) + 0x7f7f7f7f) | rest) & 0x80808080;
      found += Math.imul(marks >>> 7, 0x01010101) >>> 24;
    }
    this.delimiters = found;
    return this.#offset + word * 4;
  }
}

function byteKinds(delimiter: string | null): Uint8Array {
  const kinds = new Uint8Array(256);
  if (delimiter === null) kinds.fill(FORBIDDEN, 0, 32);
  kinds[0] = FORBIDDEN;
  kinds[9] = ORDINARY;
  if (delimiter !== null) {
    kinds[34] = QUOTE;
    kinds[delimiter.charCodeAt(0)] = DELIMITER;
  }
  kinds[10] = LF;
  kinds[13] = CR;
  return kinds;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function fieldCount(count: number): string {
  return `${count} ${count === 1 ? 'field' : 'fields'}`;
}
