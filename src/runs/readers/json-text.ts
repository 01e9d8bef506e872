import { UserError } from '../../errors.js';

/** A JSON value in which numbers may also be NaN and infinite. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Deeper nesting is no metrics file, and would exhaust the stack. */
const DEEPEST = 200;
/** An object of more names is a table or a dump; the objects it would make take ten times the memory of the text. */
const MOST_NAMES = 100_000;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS: readonly (readonly [string, JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

/**
 * Parses JSON (RFC 8259) as JSON.parse does, and also the bare `NaN`, `Infinity` and `-Infinity` that Python's json module
 * writes. Throws UserError with line and column.
 */
export function parseJson(text: string, file: string): JsonValue {
  return new JsonParser(text, file).parse();
}

class JsonParser {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  parse(): JsonValue {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error('there is more after the end of the JSON value');
    return value;
  }

  #value(depth: number): JsonValue {
    this.#skipSpace();
    if (depth > DEEPEST) throw this.#error(`nested deeper than ${DEEPEST} levels`);
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"') return this.#string();
    const number = this.#match(NUMBER);
    if (number) return Number(number);
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    throw this.#unexpected('a value');
  }

  #object(depth: number): JsonValue {
    const entries: [string, JsonValue][] = [];
    this.#at++;
    if (this.#takes('}')) return {};
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#unexpected('a name in double quotes');
      const name = this.#string();
      if (!this.#takes(':')) throw this.#unexpected('a colon');
      if (entries.length === MOST_NAMES)
        throw this.#error('one object has more than 100,000 names: that is data, not metrics');
      entries.push([name, this.#value(depth + 1)]);
      if (this.#takes('}')) return Object.fromEntries(entries);
      if (!this.#takes(',')) throw this.#unexpected('a comma or }');
    }
  }

  #array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.#at++;
    if (this.#takes(']')) return items;
    for (;;) {
      items.push(this.#value(depth + 1));
      if (this.#takes(']')) return items;
      if (!this.#takes(',')) throw this.#unexpected('a comma or ]');
    }
  }

  #string(): string {
    let end = this.#at + 1;
    for (; end < this.#text.length && this.#text[end] !== '"'; end++) {
      if (this.#text[end] === '\\') end++;
    }
    if (end >= this.#text.length) throw this.#cutOff();
    try {
      const value = JSON.parse(this.#text.slice(this.#at, end + 1)) as string;
      this.#at = end + 1;
      return value;
    } catch {
      throw this.#error('this text has a character or an escape that JSON does not allow');
    }
  }

  #skipSpace(): void {
    this.#match(SPACE);
  }

  #takes(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #unexpected(expected: string): UserError {
    this.#skipSpace();
    if (this.#at >= this.#text.length) return this.#cutOff();
    const found = JSON.stringify(this.#text.slice(this.#at, this.#at + 20));
    return this.#error(`expected ${expected}, found ${found}`);
  }

  #cutOff(): UserError {
    this.#at = this.#text.trimEnd().length;
    return this.#error('the file ends in the middle of a JSON value: it was cut off while being written');
  }

  #error(message: string): UserError {
    const before = this.#text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = this.#at - before.lastIndexOf('\n');
    return new UserError(`not valid JSON: ${message}`, { location: { file: this.#file, line, column } });
  }
}
