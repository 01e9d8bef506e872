import type { ColumnSchema } from '../../config/data.js';
import { formatNumber } from '../../format.js';
import { listLiteral, textLiteral } from '../literals.js';
import { allowedLiterals, boundLiteral } from './bounds.js';
import { type Finding, type KnownColumn, type PlannedCheck, rowsFinding, uniqueFinding } from './finding.js';

/** The checks of one declared column that is there. Throws UserError for bounds and values that no such column can have. */
export function columnChecks(
  name: string,
  schema: ColumnSchema,
  column: KnownColumn,
): readonly PlannedCheck[] {
  return [
    ...missingAsked(schema, column),
    ...typeAsked(schema, column),
    ...rangeAsked(schema, column),
    ...lengthAsked(schema, column),
    ...textAsked(schema, column),
    ...orderAsked(schema, column),
  ].map(({ key, words, ...asked }) => ({
    check: `${name}: ${words}`,
    column: name,
    severity: schema.severity ?? 'error',
    maxFailing: schema.max_failing ?? 0,
    reads: column.reads,
    value: column.text,
    detail: null,
    path: ['columns', name, key],
    ...asked,
  }));
}

/** What one key of a column asks; the rest is the same for all keys. */
interface Asked extends Partial<Pick<PlannedCheck, 'maxFailing' | 'value' | 'detail'>> {
  readonly key: keyof ColumnSchema;
  readonly words: string;
  readonly finding: Finding;
}

function missingAsked(schema: ColumnSchema, { stored }: KnownColumn): readonly Asked[] {
  const share = schema.required ? 0 : schema.max_missing;
  if (share === undefined) return [];
  return [
    {
      key: schema.required ? 'required' : 'max_missing',
      words: share === 0 ? 'no missing value' : `at most ${formatNumber(share * 100)}% missing values`,
      finding: rowsFinding(`${stored} IS NULL`, 'true'),
      maxFailing: share,
      value: null,
    },
  ];
}

function typeAsked(schema: ColumnSchema, { column, type, stored, typed }: KnownColumn): readonly Asked[] {
  if (type === undefined) return [];
  const implying = schema.min !== undefined ? 'min' : schema.max !== undefined ? 'max' : 'allowed';
  return [
    {
      key: schema.type ? 'type' : implying,
      words: type,
      finding: rowsFinding(`${stored} IS NOT NULL AND ${typed} IS NULL`, `${stored} IS NOT NULL`),
      detail: column.storage.kind === 'native' ? `stored as ${column.storage.type}` : null,
    },
  ];
}

function rangeAsked({ min, max }: ColumnSchema, { type, typed }: KnownColumn): readonly Asked[] {
  const outside = [
    ...(min === undefined ? [] : [`${typed} < ${boundLiteral(min, type)}`]),
    ...(max === undefined ? [] : [`${typed} > ${boundLiteral(max, type)}`]),
  ];
  if (outside.length === 0) return [];
  const key = min === undefined ? 'max' : 'min';
  return [{ key, words: range(min, max), finding: failingWhere(typed, outside.join(' OR ')) }];
}

function lengthAsked(schema: ColumnSchema, { text, typed }: KnownColumn): readonly Asked[] {
  const { min_length: min, max_length: max } = schema;
  const outside = [
    ...(min === undefined ? [] : [`length(${text}) < ${min}`]),
    ...(max === undefined ? [] : [`length(${text}) > ${max}`]),
  ];
  if (outside.length === 0) return [];
  const key = min === undefined ? 'max_length' : 'min_length';
  return [{ key, words: `length ${range(min, max)}`, finding: failingWhere(typed, outside.join(' OR ')) }];
}

function textAsked({ pattern, allowed }: ColumnSchema, { type, text, typed }: KnownColumn): readonly Asked[] {
  const asked: Asked[] = [];
  if (pattern !== undefined) {
    const condition = `NOT regexp_matches(${text}, ${textLiteral(pattern)})`;
    asked.push({ key: 'pattern', words: `matches ${pattern}`, finding: failingWhere(typed, condition) });
  }
  if (allowed) {
    const { items, compare } = allowedLiterals(allowed, type);
    const condition = `${compare === 'typed' ? typed : text} NOT IN ${listLiteral(items)}`;
    const words = `one of ${shortList(allowed.map(String))}`;
    asked.push({ key: 'allowed', words, finding: failingWhere(typed, condition) });
  }
  return asked;
}

function orderAsked({ unique, monotonic }: ColumnSchema, { typed }: KnownColumn): readonly Asked[] {
  const asked: Asked[] = [];
  if (unique) asked.push({ key: 'unique', words: 'unique', finding: uniqueFinding([typed]) });
  if (monotonic) {
    const words = `never ${monotonic === 'increasing' ? 'decreasing' : 'increasing'}`;
    asked.push({
      key: 'monotonic',
      words,
      finding: { kind: 'monotonic', value: typed, direction: monotonic, strictly: false },
    });
  }
  return asked;
}

/** Values that are there and of the type are counted; those that meet the condition fail. */
function failingWhere(typed: string, condition: string): Finding {
  return rowsFinding(`${typed} IS NOT NULL AND (${condition})`, `${typed} IS NOT NULL`);
}

/** Bounds in words. */
export function range(min: number | string | undefined, max: number | string | undefined): string {
  if (min === undefined) return max === undefined ? 'any' : `at most ${max}`;
  return max === undefined ? `at least ${min}` : `between ${min} and ${max}`;
}

/** The first ten of them. */
export function shortList(items: readonly string[]): string {
  return items.length <= 10
    ? items.join(', ')
    : `${items.slice(0, 10).join(', ')} and ${items.length - 10} more`;
}
