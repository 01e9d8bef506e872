import { plural } from '../format.js';
import type { Sink } from './rows.js';

/** Columns being read, each keeping only what scoring needs of it. */

const SHOWN_LINES = 5;

/** How many rows have one kind of defect, and the first lines where it is. Never the values themselves. */
export class Lines {
  count = 0;
  readonly first: number[] = [];

  add(line: number): void {
    this.count++;
    if (this.first.length < SHOWN_LINES) this.first.push(line);
  }

  /** `in 3 rows: lines 7, 11, 13`. */
  toString(): string {
    const more = this.count > this.first.length ? ' …' : '';
    return `in ${plural(this.count, 'row')}: ${this.count === 1 ? 'line' : 'lines'} ${this.first.join(', ')}${more}`;
  }
}

/** What texts stand for "no value" where a number or a class label is wanted. */
const MISSING = new Set(['', 'nan', 'na', '<na>', 'n/a', 'null']);
const isMissing = (text: string) => text.length <= 4 && MISSING.has(text.toLowerCase());

/** A number column; NaN stands where there is none, which `missing` and `invalid` then report. */
export class NumberColumn implements Sink {
  #values = new Float64Array(1024);
  #length = 0;
  readonly missing = new Lines();
  readonly invalid = new Lines();
  /** Numbers outside the range given to the constructor. */
  readonly outside = new Lines();
  readonly #least: number;
  readonly #most: number;

  constructor(least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY) {
    this.#least = least;
    this.#most = most;
  }

  add(text: string, line: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(this.#length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = this.#number(text, line);
  }

  #number(text: string, line: number): number {
    const value = Number(text);
    if (Number.isFinite(value) && text !== '' && !isOtherNotation(text)) {
      if (value < this.#least || value > this.#most) this.outside.add(line);
      return value;
    }
    (isMissing(text.trim()) ? this.missing : this.invalid).add(line);
    return Number.NaN;
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}

/** `0x1F` and blanks, which JavaScript would read as numbers. */
function isOtherNotation(text: string): boolean {
  const first = text.charCodeAt(0);
  if (first > 48 && first <= 57) return false;
  return /^\s*$|^\s*[+-]?0[xob]/i.test(text);
}

/** A column of few different texts: one code per row, and the texts in the order they were met. */
export class CodeColumn implements Sink {
  #codes = new Int32Array(1024);
  #length = 0;
  readonly #codeOf = new Map<string, number>();
  readonly #codeOfMeaning = new Map<string, number>();
  readonly texts: string[] = [];
  readonly missing = new Lines();
  readonly #options: CodeOptions;

  constructor(options: CodeOptions) {
    this.#options = options;
  }

  add(text: string, line: number): void {
    let code = this.#codeOf.get(text);
    if (code === undefined) {
      code = this.#newCode(text);
      this.#codeOf.set(text, code);
    }
    if (code < 0) this.missing.add(line);
    if (this.#length === this.#codes.length) {
      const larger = new Int32Array(this.#length * 2);
      larger.set(this.#codes);
      this.#codes = larger;
    }
    this.#codes[this.#length++] = code;
  }

  #newCode(text: string): number {
    const meaning = this.#options.meaning(text);
    if (meaning === null) return -1;
    const known = this.#codeOfMeaning.get(meaning);
    if (known !== undefined) return known;
    if (this.texts.length >= this.#options.limit) throw this.#options.tooMany();
    this.#codeOfMeaning.set(meaning, this.texts.length);
    return this.texts.push(meaning) - 1;
  }

  /** −1 where the text is missing. */
  get codes(): Int32Array {
    return this.#codes.subarray(0, this.#length);
  }
}

interface CodeOptions {
  /** Maps texts of one meaning to one text, such as `1.0` and `1`; null when it means "no value". */
  readonly meaning: (text: string) => string | null;
  /** Most different texts there may be. */
  readonly limit: number;
  readonly tooMany: () => Error;
}

/** A class label: `1.0` and `1` are one class, so are `True` and `true`; leading zeros are kept (`007` is a code). */
export function labelMeaning(text: string): string | null {
  const label = text.trim();
  if (isMissing(label)) return null;
  if (/^(true|false)$/i.test(label)) return label.toLowerCase();
  if (!/^[+-]?(0|[1-9]\d*)(\.\d*)?(e[+-]?\d+)?$/i.test(label)) return label;
  const value = Number(label);
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value === 0 ? 0 : value) : label;
}

/**
 * Identifiers, which must differ. Whole numbers that ascend, as most files have them, differ without being looked up; the table of
 * all ids is made only when the first id does not fit.
 */
export class IdColumn implements Sink {
  readonly values: string[] = [];
  readonly missing = new Lines();
  #ascending: { last: number; readonly lines: number[] } | null = { last: -1, lines: [] };
  readonly #lineOf = new Map<string, number>();
  /** The first repeated ids: the line where each stood before and where it stands again. */
  readonly repeated: { readonly before: number; readonly again: number }[] = [];
  repeats = 0;

  add(text: string, line: number): void {
    if (!this.#ascends(text, line)) this.#lookUp(text, line);
    this.values.push(text);
  }

  #ascends(text: string, line: number): boolean {
    const so = this.#ascending;
    if (!so) return false;
    const value = wholeNumber(text);
    if (value > so.last) {
      so.last = value;
      so.lines.push(line);
      return true;
    }
    this.#ascending = null;
    for (let row = 0; row < so.lines.length; row++) {
      this.#lineOf.set(this.values[row] as string, so.lines[row] as number);
    }
    return false;
  }

  #lookUp(text: string, line: number): void {
    const before = this.#lineOf.get(text);
    if (text === '') this.missing.add(line);
    else if (before === undefined) this.#lineOf.set(text, line);
    else {
      this.repeats++;
      if (this.repeated.length < SHOWN_LINES) this.repeated.push({ before, again: line });
    }
  }
}

/** −1 for anything but digits without a leading zero, at most 15 of them. */
function wholeNumber(text: string): number {
  const { length } = text;
  if (length === 0 || length > 15 || (length > 1 && text.charCodeAt(0) === 48)) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** A column kept as it is written. */
export class TextColumn implements Sink {
  readonly values: string[] = [];

  add(text: string): void {
    this.values.push(text.trim());
  }
}
