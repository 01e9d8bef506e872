import type { ColumnSchema, Severity } from '../config/data.js';
import { formatNumber } from '../format.js';
import { allowedLiterals, boundLiteral } from './bounds.js';
import { listLiteral, textLiteral } from './literals.js';
import type { Place } from './places.js';
import type { SourceTable, TableColumn } from './table.js';
import { textOf, typedValueOf, type ValueType } from './values.js';

/** How a check's failing rows are found. SQL speaks of the relation `v` (see `valuesOf`), row index `r`. */
export type Finding =
  /** Decided by the schema or the number of rows alone. */
  | {
      readonly kind: 'decided';
      readonly failing: number;
      readonly total: number;
      /** Where, when it is about lines of the files. */
      readonly places?: readonly Place[];
    }
  /** Rows where the condition holds fail; `total` counts what was looked at. */
  | { readonly kind: 'rows'; readonly failing: string; readonly total: string }
  /** Rows that repeat an earlier key fail; rows with a missing part of the key are skipped. */
  | { readonly kind: 'unique'; readonly keys: readonly string[] }
  /** Rows that go against the direction, compared with the present value before, fail. */
  | { readonly kind: 'monotonic'; readonly value: string; readonly direction: 'increasing' | 'decreasing' };

export interface PlannedCheck {
  /** What is asked, in words. */
  readonly check: string;
  readonly column: string | null;
  readonly severity: Severity;
  /** Largest share of failing values that still passes. */
  readonly maxFailing: number;
  readonly finding: Finding;
  /** The columns its SQL speaks of. */
  readonly reads: readonly KnownColumn[];
  /** SQL of the offending value as text; null when there is none to show. */
  readonly value: string | null;
  readonly detail: string | null;
  /** Where it stands below the dataset in assay.yml. */
  readonly path: readonly (string | number)[];
}

/** A column that the file has, as checks speak of it. */
export interface KnownColumn {
  readonly column: TableColumn;
  readonly type: ValueType | undefined;
  /** Names in `v`: the value as stored, as text and as its type. */
  readonly stored: string;
  readonly text: string;
  readonly typed: string;
}

/** SQL of the relation that these checks speak of, to stand behind FROM: only their columns, however wide the table. */
export function valuesOf(table: SourceTable, checks: readonly PlannedCheck[]): string {
  const columns = [...new Set(checks.flatMap(({ reads }) => reads))];
  const expressions = columns.flatMap(({ column, type, stored, text, typed }) => [
    `${column.sql} AS ${stored}`,
    `${textOf(column)} AS ${text}`,
    ...(type ? [`${typedValueOf(column, type)} AS ${typed}`] : []),
  ]);
  return `(SELECT ${[`${table.row} AS r`, ...expressions].join(', ')} FROM ${table.relation}) AS v`;
}

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
    reads: [column],
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
      finding: { kind: 'rows', failing: `${stored} IS NULL`, total: 'true' },
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
      finding: {
        kind: 'rows',
        failing: `${stored} IS NOT NULL AND ${typed} IS NULL`,
        total: `${stored} IS NOT NULL`,
      },
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
  if (unique) asked.push({ key: 'unique', words: 'unique', finding: { kind: 'unique', keys: [typed] } });
  if (monotonic) {
    const words = `never ${monotonic === 'increasing' ? 'decreasing' : 'increasing'}`;
    asked.push({
      key: 'monotonic',
      words,
      finding: { kind: 'monotonic', value: typed, direction: monotonic },
    });
  }
  return asked;
}

/** Values that are there and of the type are counted; those that meet the condition fail. */
function failingWhere(typed: string, condition: string): Finding {
  return {
    kind: 'rows',
    failing: `${typed} IS NOT NULL AND (${condition})`,
    total: `${typed} IS NOT NULL`,
  };
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
