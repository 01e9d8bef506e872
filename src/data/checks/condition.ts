import { UserError } from '../../errors.js';
import { listLiteral, numberLiteral, textLiteral } from '../literals.js';
import { boundLiteral } from './bounds.js';
import type { KnownColumn, Read } from './finding.js';

/**
 * Conditions on rows, such as `country = 'US' and age >= 18`, compiled to SQL over `v`. They are parsed here and never
 * reach the engine as the user wrote them, so a condition cannot do more than compare.
 *
 * Two dialects: `sql` ("x" is a column, 'x' a text; a comparison with a missing value is not true) and `pandas`
 * ("x" and 'x' are texts, `x` and col("x") columns; as in pandas a missing value differs from every value).
 */

export type Dialect = 'sql' | 'pandas';

type Literal = string | number | boolean;

export interface Condition {
  readonly sql: string;
  readonly reads: readonly Read[];
}

export interface ConditionOptions {
  readonly dialect: Dialect;
  /** Throws UserError for a column that is not there. */
  column(name: string): KnownColumn;
}

/** Throws UserError for what is no condition, and for a column that is not there. */
export function compileCondition(text: string, options: ConditionOptions): Condition {
  return new Parser(text, options).all();
}

type Token =
  | { readonly kind: 'word' | 'symbol'; readonly text: string }
  | { readonly kind: 'column'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: Literal };

const TOKEN =
  /\s*(?:(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<single>'(?:[^'\\]|''|\\.)*')|(?<double>"(?:[^"\\]|""|\\.)*")|(?<back>`[^`]*`)|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<symbol>==|!=|<>|<=|>=|&&|\|\||[=<>()[\],.&|~!]))/uy;

function tokens(text: string, dialect: Dialect): readonly Token[] {
  const found: Token[] = [];
  let at = 0;
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match?.groups) {
      throw new UserError(
        `cannot read the condition ${JSON.stringify(text)} from ${JSON.stringify(text.slice(at).trim().slice(0, 20))} on`,
        {
          mend: "conditions compare columns: country = 'US' and (age >= 18 or age is null)",
        },
      );
    }
    at = TOKEN.lastIndex;
    const { number, single, double, back, word, symbol } = match.groups;
    if (number !== undefined) found.push({ kind: 'literal', value: Number(number) });
    else if (single !== undefined) found.push({ kind: 'literal', value: unquoted(single, dialect) });
    else if (double !== undefined) {
      const value = unquoted(double, dialect);
      found.push(dialect === 'sql' ? { kind: 'column', text: value } : { kind: 'literal', value });
    } else if (back !== undefined) found.push({ kind: 'column', text: back.slice(1, -1) });
    else if (word !== undefined) {
      const lower = word.toLowerCase();
      if (lower === 'true' || lower === 'false') found.push({ kind: 'literal', value: lower === 'true' });
      else found.push({ kind: 'word', text: word });
    } else found.push({ kind: 'symbol', text: symbol ?? '' });
  }
  return found;
}

function unquoted(text: string, dialect: Dialect): string {
  const quote = text[0] ?? '';
  const inner = text.slice(1, -1);
  return dialect === 'sql' ? inner.replaceAll(quote + quote, quote) : inner.replace(/\\(.)/g, '$1');
}

const COMPARISONS: Readonly<Record<string, string>> = {
  '=': '=',
  '==': '=',
  '!=': '<>',
  '<>': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

class Parser {
  readonly #text: string;
  readonly #options: ConditionOptions;
  readonly #tokens: readonly Token[];
  readonly #reads: Read[] = [];
  #at = 0;

  constructor(text: string, options: ConditionOptions) {
    this.#text = text;
    this.#options = options;
    this.#tokens = tokens(text, options.dialect);
  }

  all(): Condition {
    const sql = this.#or();
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return { sql, reads: this.#reads };
  }

  #or(): string {
    let sql = this.#and();
    while (this.#take('or', '|', '||')) sql = `(${sql} OR ${this.#and()})`;
    return sql;
  }

  #and(): string {
    let sql = this.#not();
    while (this.#take('and', '&', '&&')) sql = `(${sql} AND ${this.#not()})`;
    return sql;
  }

  #not(): string {
    if (this.#take('not', '~', '!')) return `(NOT ${this.#not()})`;
    if (this.#take('(')) {
      const sql = this.#or();
      this.#expect(')');
      return `(${sql})`;
    }
    return this.#comparison();
  }

  #comparison(): string {
    const left = this.#operand();
    if (typeof left !== 'object') {
      const operator = this.#operator();
      const right = this.#operand();
      if (typeof right !== 'object') throw this.#problem('compares two values and no column');
      const turned = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }[operator] ?? operator;
      return this.#compare(right, turned, left);
    }
    if (this.#take('.')) return this.#method(left);
    if (this.#take('is')) {
      const negated = this.#take('not');
      this.#expect('null');
      return this.#isNull(left, negated);
    }
    const negated = this.#take('not');
    if (this.#take('in')) return this.#in(left, negated);
    if (this.#take('between')) {
      const low = this.#literal();
      this.#expect('and');
      const sql = `(${this.#compare(left, '>=', low)} AND ${this.#compare(left, '<=', this.#literal())})`;
      return negated ? `(NOT ${sql})` : sql;
    }
    if (negated) throw this.#unexpected();
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'symbol' || COMPARISONS[token.text] === undefined) return this.#truth(left);
    const operator = this.#operator();
    const right = this.#operand();
    return typeof right === 'object'
      ? this.#compareColumns(left, operator, right)
      : this.#compare(left, operator, right);
  }

  #method(column: KnownColumn): string {
    const token = this.#tokens[this.#at++];
    const name = token?.kind === 'word' ? token.text.toLowerCase() : '';
    this.#expect('(');
    if (name === 'isin') {
      const sql = this.#in(column, false);
      this.#expect(')');
      return sql;
    }
    this.#expect(')');
    if (name === 'isnull' || name === 'isna') return this.#isNull(column, false);
    if (name === 'notnull' || name === 'notna') return this.#isNull(column, true);
    throw this.#problem(`does not know .${name}()`);
  }

  #truth(column: KnownColumn): string {
    return this.#twoValued(this.#use(column.as('boolean')), false);
  }

  #isNull(column: KnownColumn, negated: boolean): string {
    this.#reads.push(...column.reads);
    return `${column.stored} IS ${negated ? 'NOT ' : ''}NULL`;
  }

  #in(column: KnownColumn, negated: boolean): string {
    const close = this.#take('[') ? ']' : ')';
    if (close === ')') this.#expect('(');
    const values: Literal[] = [];
    if (!this.#take(close)) {
      do values.push(this.#literal());
      while (this.#take(','));
      this.#expect(close);
    }
    if (values.length === 0) return negated ? 'true' : 'false';
    const numbers = values.every((value) => typeof value === 'number');
    const value = numbers ? this.#use(column.as('number')) : this.#text_(column);
    const items = values.map((item) =>
      numbers ? numberLiteral(item as number, 'DOUBLE') : textLiteral(String(item)),
    );
    return this.#twoValued(`${value} ${negated ? 'NOT ' : ''}IN ${listLiteral(items)}`, negated);
  }

  #compare(column: KnownColumn, operator: string, literal: Literal): string {
    const unequal = operator === '<>';
    if (typeof literal === 'number') {
      return this.#twoValued(
        `${this.#use(column.as('number'))} ${operator} ${numberLiteral(literal, 'DOUBLE')}`,
        unequal,
      );
    }
    if (typeof literal === 'boolean') {
      return this.#twoValued(`${this.#use(column.as('boolean'))} ${operator} ${literal}`, unequal);
    }
    const type = column.type;
    if (type === 'date' || type === 'timestamp') {
      return this.#twoValued(
        `${this.#use(column.as(type))} ${operator} ${boundLiteral(literal, type)}`,
        unequal,
      );
    }
    return this.#twoValued(`${this.#text_(column)} ${operator} ${textLiteral(literal)}`, unequal);
  }

  #compareColumns(left: KnownColumn, operator: string, right: KnownColumn): string {
    const numeric = (column: KnownColumn) => column.type === 'number' || column.type === 'integer';
    const type =
      numeric(left) && numeric(right)
        ? 'number'
        : left.type === right.type && left.type
          ? left.type
          : undefined;
    const value = (column: KnownColumn) => (type ? this.#use(column.as(type)) : this.#text_(column));
    return this.#twoValued(`${value(left)} ${operator} ${value(right)}`, operator === '<>');
  }

  /** pandas knows no third truth value: with a missing value `!=` is true and everything else false. */
  #twoValued(sql: string, whenMissing: boolean): string {
    return this.#options.dialect === 'pandas' ? `coalesce(${sql}, ${whenMissing})` : `(${sql})`;
  }

  #use(read: Read): string {
    this.#reads.push(read);
    return read.alias;
  }

  #text_(column: KnownColumn): string {
    this.#reads.push(...column.reads);
    return column.text;
  }

  #operand(): KnownColumn | Literal {
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'literal') return token.value;
    if (token?.kind === 'column') return this.#options.column(token.text);
    if (token?.kind === 'word') {
      if (token.text === 'col' && this.#take('(')) {
        const name = this.#tokens[this.#at++];
        const text =
          name?.kind === 'literal' ? String(name.value) : name?.kind === 'column' ? name.text : undefined;
        if (text === undefined) throw this.#unexpected();
        this.#expect(')');
        return this.#options.column(text);
      }
      return this.#options.column(token.text);
    }
    this.#at--;
    throw this.#unexpected();
  }

  #literal(): Literal {
    const value = this.#operand();
    if (typeof value === 'object') throw this.#problem('has a column where a value is expected');
    return value;
  }

  #operator(): string {
    const token = this.#tokens[this.#at];
    const operator = token?.kind === 'symbol' ? COMPARISONS[token.text] : undefined;
    if (operator === undefined) throw this.#unexpected();
    this.#at++;
    return operator;
  }

  #take(...words: readonly string[]): boolean {
    const token = this.#tokens[this.#at];
    if (!token || token.kind === 'literal' || token.kind === 'column') return false;
    if (!words.includes(token.kind === 'word' ? token.text.toLowerCase() : token.text)) return false;
    this.#at++;
    return true;
  }

  #expect(word: string): void {
    if (!this.#take(word)) throw this.#unexpected(word);
  }

  #unexpected(wanted?: string): UserError {
    const token = this.#tokens[this.#at];
    const found = !token
      ? 'its end'
      : JSON.stringify(token.kind === 'literal' ? String(token.value) : token.text);
    return this.#problem(
      `has ${found} where ${wanted ? JSON.stringify(wanted) : 'something else'} is expected`,
    );
  }

  #problem(what: string): UserError {
    return new UserError(`the condition ${JSON.stringify(this.#text)} ${what}`, {
      mend: "conditions compare columns: country = 'US' and (age >= 18 or age is null)",
    });
  }
}
