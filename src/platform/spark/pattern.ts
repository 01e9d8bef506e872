import { refused } from './refused.js';

/**
 * A regular expression of RE2 as one of Java that matches exactly the same texts. Only what both understand alike, or what
 * can be spelled so that they do, is let through; anything else is refused by name. Where they differ:
 *
 * - `.` leaves out only the line feed in RE2; Java leaves out five line ends.
 * - `$` is the very end of the text in RE2; Java's also stands before a last line end.
 * - `\s` is [\t\n\f\r ] in RE2, and has a vertical tab more in Java. `\b` goes by Unicode in Java.
 * - Inside of a class, `[` and `&&` mean something in Java.
 */
export function javaPattern(pattern: string): string {
  return new Translator(pattern).all();
}

/** Characters that Java takes literally only behind a backslash; any of them may have one. */
const SPECIAL = /[\\^$.|?*+()[\]{}&~#-]/;
const SPACES = '\\t\\n\\f\\r ';
const WORD = '0-9A-Za-z_';
/** Escapes of one character that mean the same in both. */
const CONTROL = new Set(['t', 'n', 'r', 'f', 'a']);

class Translator {
  readonly #pattern: string;
  readonly #characters: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#characters = [...pattern];
  }

  all(): string {
    let out = '';
    while (this.#at < this.#characters.length) out += this.#next();
    return out;
  }

  #next(): string {
    const character = this.#take();
    switch (character) {
      case '.':
        return '[^\\n]';
      case '$':
        return '\\z';
      case '^':
        return '\\A';
      case '[':
        return this.#class();
      case '(':
        return this.#group();
      case '\\':
        return this.#escape(false);
      case '{':
        return this.#repetition();
      case ')':
      case '|':
        return character;
      case '*':
      case '+':
      case '?':
        return this.#quantified(character);
      default:
        return literal(character);
    }
  }

  #take(): string {
    return this.#characters[this.#at++] ?? '';
  }

  #peek(ahead = 0): string {
    return this.#characters[this.#at + ahead] ?? '';
  }

  /** A quantifier, perhaps reluctant; Java reads a `+` behind it as possessive, RE2 as a mistake. */
  #quantified(text: string): string {
    if (this.#peek() === '?') {
      this.#at++;
      return `${text}?`;
    }
    if (this.#peek() === '+') throw this.#different(`${text}+`);
    return text;
  }

  #group(): string {
    if (this.#peek() !== '?') return '(';
    if (this.#peek(1) === ':') {
      this.#at += 2;
      return '(?:';
    }
    throw this.#different(`(?${this.#peek(1)}`);
  }

  /** `{2}`, `{2,}`, `{2,5}`; a brace that begins none of them is a character. */
  #repetition(): string {
    const rest = this.#characters.slice(this.#at, this.#at + 12).join('');
    const found = /^\d+(,\d*)?\}/.exec(rest);
    if (!found) return '\\{';
    this.#at += found[0].length;
    return this.#quantified(`{${found[0]}`);
  }

  #escape(inClass: boolean): string {
    const character = this.#take();
    switch (character) {
      case 'd':
        return inClass ? '0-9' : '[0-9]';
      case 'D':
        if (inClass) break;
        return '[^0-9]';
      case 'w':
        return inClass ? WORD : `[${WORD}]`;
      case 'W':
        if (inClass) break;
        return `[^${WORD}]`;
      case 's':
        return inClass ? SPACES : `[${SPACES}]`;
      case 'S':
        if (inClass) break;
        return `[^${SPACES}]`;
      case 'A':
      case 'z':
        if (inClass) break;
        return `\\${character}`;
      case 'b':
        if (inClass) break;
        return `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;
    }
    if (CONTROL.has(character)) return `\\${character}`;
    if (character !== '' && /[^\p{L}\p{N}]/u.test(character)) return literal(character);
    throw this.#different(`\\${character}`);
  }

  #class(): string {
    let out = '[';
    if (this.#peek() === '^') {
      this.#at++;
      out += '^';
    }
    for (let first = true; ; first = false) {
      const character = this.#take();
      if (character === '') throw this.#different('[');
      if (character === ']' && !first) return `${out}]`;
      if (character === '[' && this.#peek() === ':') throw this.#different('[:');
      // A dash between two characters is a range, elsewhere itself.
      if (character === '-' && !first && this.#peek() !== ']') out += '-';
      else out += character === '\\' ? this.#escape(true) : literal(character);
    }
  }

  #different(what: string): Error {
    return refused(
      `the regular expression ${JSON.stringify(this.#pattern)} cannot be used: ${JSON.stringify(what)} may match other texts there`,
      'write it with characters, classes, groups (also (?:…)), |, *, +, ?, {n,m}, ^, $, \\d, \\w, \\s and \\b; or let this dataset be read here: executor: local',
    );
  }
}

function literal(character: string): string {
  return SPECIAL.test(character) ? `\\${character}` : character;
}
