import { UserError } from '../errors.js';

/**
 * Conditions on the fields of records: `roc_auc > 0.9 and (params.depth = 6 or not status = failed)`. A field that a
 * record does not have makes a comparison neither true nor false, as NULL does in SQL: nothing is known about it.
 */

const OPERATORS = ['>=', '<=', '!=', '==', '>', '<', '=', '~'] as const;
type Operator = (typeof OPERATORS)[number];

export type FieldValue = string | number | boolean | null | undefined;

interface Comparison {
  readonly kind: 'comparison';
  readonly field: string;
  readonly operator: Operator;
  /** As written; compared as a number when the field is one. */
  readonly value: string;
}

export type Condition =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition };

/** Undefined for none at all. */
export function allOf(conditions: readonly Condition[]): Condition | undefined {
  const [only] = conditions;
  return conditions.length > 1 ? { kind: 'and', parts: conditions } : only;
}

export function fieldIs(field: string, value: string): Condition {
  return { kind: 'comparison', field, operator: '=', value };
}

/** Met by every record that has a value of the field. */
export function isThere(field: string): Condition {
  return { kind: 'comparison', field, operator: '~', value: '' };
}

export function anyOf(conditions: readonly Condition[]): Condition {
  return { kind: 'or', parts: conditions };
}

/** Throws UserError, with the place in the text, when it is no condition. */
export function parseCondition(text: string): Condition {
  const tokens = tokenize(text);
  let at = 0;
  const peek = () => tokens[at] ?? { kind: 'end', text: '', place: text.length };
  const isWord = (word: string) => peek().kind === 'word' && peek().text.toLowerCase() === word;
  const fail = (expected: string): never => {
    const { kind, text: found, place } = peek();
    const what = kind === 'end' ? 'the text ends' : `there is ${JSON.stringify(found)}`;
    throw notCondition(text, place, `${expected} is expected where ${what}`);
  };

  const either = (word: 'and' | 'or', next: () => Condition): Condition => {
    const first = next();
    const parts = [first];
    while (isWord(word)) {
      at += 1;
      parts.push(next());
    }
    return parts.length === 1 ? first : { kind: word, parts };
  };
  const any = (): Condition => either('or', all);
  const all = (): Condition => either('and', one);
  const one = (): Condition => {
    if (isWord('not')) {
      at += 1;
      return { kind: 'not', part: one() };
    }
    if (peek().kind !== 'open') return comparison();
    at += 1;
    const inner = any();
    if (peek().kind !== 'close') fail('"and", "or" or ")"');
    at += 1;
    return inner;
  };
  /** A quoted text, or all words up to an operator, a parenthesis, or `and` and `or`. */
  const words = (what: string): string => {
    const first = peek();
    if (first.kind === 'quoted') {
      at += 1;
      return first.text;
    }
    const start = at;
    while (peek().kind === 'word' && !isWord('and') && !isWord('or')) at += 1;
    if (at === start) fail(what);
    return tokens
      .slice(start, at)
      .map((token) => token.text)
      .join(' ');
  };
  const comparison = (): Condition => {
    const field = words('a field');
    const operator = peek();
    if (operator.kind !== 'operator') fail(`one of ${OPERATORS.join(' ')}`);
    at += 1;
    const value = words('a value');
    if (operator.text === '~') checkPattern(value, { text, place: operator.place });
    return { kind: 'comparison', field, operator: operator.text as Operator, value };
  };

  const condition = any();
  if (peek().kind !== 'end') fail('"and" or "or"');
  return condition;
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'operator' | 'open' | 'close' | 'end';
  readonly text: string;
  /** From 0. */
  readonly place: number;
}

const TOKEN =
  /\s*(?:(>=|<=|!=|==|[<>=~])|(\()|(\))|(["'`])((?:\\.|(?!\4)[^\\])*)\4|(\/(?:\\.|[^/\\])+\/(?=\s|\)|$))|([^\s()<>=!~"'`]+))/suy;

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const start = TOKEN.lastIndex + (/^\s*/.exec(text.slice(TOKEN.lastIndex))?.[0].length ?? 0);
    const match = TOKEN.exec(text);
    if (!match) throw notCondition(text, start, `${JSON.stringify(text[start])} is not understood`);
    const [, operator, open, close, quote, quoted, pattern, word] = match;
    if (operator !== undefined) tokens.push({ kind: 'operator', text: operator, place: start });
    else if (open !== undefined) tokens.push({ kind: 'open', text: open, place: start });
    else if (close !== undefined) tokens.push({ kind: 'close', text: close, place: start });
    else if (quote !== undefined) {
      tokens.push({ kind: 'quoted', text: (quoted ?? '').replace(/\\(.)/gs, '$1'), place: start });
    } else if (pattern !== undefined) tokens.push({ kind: 'quoted', text: pattern, place: start });
    else tokens.push({ kind: 'word', text: word ?? '', place: start });
  }
  return tokens;
}

function notCondition(text: string, place: number, why: string): UserError {
  const line = text.replace(/\s/g, ' ');
  return new UserError(`${JSON.stringify(text)} is not a condition: ${why} (at character ${place + 1})`, {
    excerpt: `  ${line}\n  ${' '.repeat(place)}^`,
    mend: "write a field, one of > >= < <= = != ~, and a value, joined by and, or, not and parentheses: 'roc_auc > 0.9 and params.depth = 6'; quote what has spaces or signs in it",
  });
}

function checkPattern(value: string, at: { readonly text: string; readonly place: number }): void {
  try {
    patternOf(value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw notCondition(at.text, at.place, `the pattern is wrong: ${why}`);
  }
}

/** `/^feature-/` is a regular expression; other text is looked for as it is. Neither tells capitals apart. */
function patternOf(value: string): RegExp {
  const expression = /^\/(.+)\/$/s.exec(value)?.[1];
  return new RegExp(expression ?? value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'iu');
}

/** The fields that a condition asks for. */
export function fieldsOf(condition: Condition): readonly string[] {
  switch (condition.kind) {
    case 'comparison':
      return [condition.field];
    case 'not':
      return fieldsOf(condition.part);
    case 'and':
    case 'or':
      return condition.parts.flatMap(fieldsOf);
  }
}

/**
 * Makes a test of records out of a condition; a record that is neither known to meet it nor known not to, does not.
 * @param field the value of a field of the record at hand
 */
export function conditionTest<R>(
  condition: Condition,
  field: (record: R, name: string) => FieldValue,
): (record: R) => boolean {
  const test = compile(condition, field);
  return (record) => test(record) === true;
}

function compile<R>(
  condition: Condition,
  field: (record: R, name: string) => FieldValue,
): (record: R) => boolean | undefined {
  switch (condition.kind) {
    case 'comparison': {
      const compare = comparisonTest(condition);
      return (record) => compare(field(record, condition.field));
    }
    case 'not': {
      const part = compile(condition.part, field);
      return (record) => {
        const result = part(record);
        return result === undefined ? undefined : !result;
      };
    }
    case 'and':
    case 'or': {
      const decisive = condition.kind === 'or';
      const parts = condition.parts.map((part) => compile(part, field));
      return (record) => {
        let unknown = false;
        for (const part of parts) {
          const result = part(record);
          if (result === decisive) return decisive;
          unknown ||= result === undefined;
        }
        return unknown ? undefined : !decisive;
      };
    }
  }
}

/** Throws UserError when a number is compared with text by order. */
function comparisonTest({
  field,
  operator,
  value: wanted,
}: Comparison): (value: FieldValue) => boolean | undefined {
  const number = wanted.trim() === '' ? Number.NaN : Number(wanted);
  const pattern = operator === '~' ? patternOf(wanted) : undefined;
  return (value) => {
    if (value === null || value === undefined) return undefined;
    if (pattern) return pattern.test(String(value));
    if (operator === '=' || operator === '==') return isEqual(value, { wanted, number });
    if (operator === '!=') return !isEqual(value, { wanted, number });
    if (typeof value === 'number') {
      if (Number.isNaN(number))
        throw new UserError(`${field} is a number, and ${JSON.stringify(wanted)} is not`);
      return isOrdered(value - number, operator);
    }
    const text = String(value);
    return isOrdered(text < wanted ? -1 : text > wanted ? 1 : 0, operator);
  };
}

function isEqual(
  value: string | number | boolean,
  other: { readonly wanted: string; readonly number: number },
): boolean {
  return typeof value === 'number' ? value === other.number : String(value) === other.wanted;
}

function isOrdered(sign: number, operator: Operator): boolean {
  switch (operator) {
    case '>':
      return sign > 0;
    case '>=':
      return sign >= 0;
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
    default:
      return false;
  }
}

/**
 * Ascending by value, descending with `descending`; what has no value comes last either way. For `Array.sort`, which
 * keeps the order of equals.
 */
export function compareValues(a: FieldValue, b: FieldValue, descending: boolean): number {
  const isThere = (value: FieldValue) => value !== null && value !== undefined;
  if (!isThere(a) || !isThere(b)) return Number(isThere(b)) - Number(isThere(a));
  const sign =
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : String(a) < String(b)
        ? -1
        : Number(String(a) !== String(b));
  return descending ? -sign : sign;
}
