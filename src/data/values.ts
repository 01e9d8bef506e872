import type { ColumnSchema } from '../config/data.js';
import { assertNever } from '../errors.js';
import { textLiteral } from './literals.js';
import type { TableColumn } from './table.js';

/**
 * What a value must look like to be of a type. Strict on purpose, because what reads the data next guesses types from
 * the text:
 *
 * - integer: digits with an optional sign, within 128 bits. `1.0` is no integer: it makes pandas read the column as float.
 * - number: decimal notation, optional exponent, finite. `nan`, `inf`, `1,000` and `1_000` are no numbers.
 * - boolean: true or false in any case. 0 and 1 are integers.
 * - date: YYYY-MM-DD and in the calendar.
 * - timestamp: ISO 8601, date alone or with a time, optional fraction, `Z` or offset; without one it is UTC.
 * - string: any text.
 *
 * Surrounding spaces belong to the value. In JSON a quoted "5" is a string. In Parquet the column's own type decides;
 * whole floating-point values are integers there (pandas stores integers with missing values so), and timestamps at
 * midnight are dates.
 */
export type ValueType = NonNullable<ColumnSchema['type']>;

const DIGITS = '[+-]?[0-9]+';
const NUMBER = '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?';
const DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const TIME = '[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?';
const TIMESTAMP = `${DATE}([T ]${TIME}(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?`;

/** SQL of a column's value as text; NULL when it is missing. */
export function textOf(column: TableColumn): string {
  switch (column.storage.kind) {
    case 'text':
      return column.sql;
    case 'json':
      return `json_extract_string(${column.sql}, '$')`;
    case 'native':
      return `CAST(${column.sql} AS VARCHAR)`;
    default:
      return assertNever(column.storage);
  }
}

/** SQL of a column's value as the type; NULL when it is missing or not of the type. */
export function typedValueOf(column: TableColumn, type: ValueType): string {
  const { sql, storage } = column;
  switch (storage.kind) {
    case 'text':
      return fromText(sql, type);
    case 'json': {
      const quoted = `CASE WHEN json_type(${sql}) = 'VARCHAR' THEN ${textOf(column)} END`;
      return fromText(type === 'string' || type === 'date' || type === 'timestamp' ? quoted : sql, type);
    }
    case 'native':
      return fromNative(sql, type, storage.type);
    default:
      return assertNever(storage);
  }
}

/** Text of these types is what matches and can then be cast. */
const WRITTEN = {
  integer: { pattern: DIGITS, target: 'HUGEINT' },
  number: { pattern: NUMBER, target: 'DOUBLE' },
  date: { pattern: DATE, target: 'DATE' },
  timestamp: { pattern: TIMESTAMP, target: 'TIMESTAMPTZ' },
} as const;

/** SQL that is true for text in the notation of a type, and its value then: NULL for days and numbers that do not exist. */
export function writtenAs(
  text: string,
  type: keyof typeof WRITTEN,
): { readonly matches: string; readonly value: string } {
  const { pattern, target } = WRITTEN[type];
  return {
    matches: `regexp_full_match(${text}, ${textLiteral(pattern)})`,
    value: `TRY_CAST(${text} AS ${target})`,
  };
}

function fromText(text: string, type: ValueType): string {
  switch (type) {
    case 'integer':
    case 'number':
    case 'date':
    case 'timestamp': {
      const { matches, value } = writtenAs(text, type);
      const parsed = `CASE WHEN ${matches} THEN ${value} END`;
      return type === 'number' ? finite(parsed) : parsed;
    }
    case 'boolean':
      return `CASE lower(${text}) WHEN 'true' THEN true WHEN 'false' THEN false END`;
    case 'string':
      return text;
    default:
      return assertNever(type);
  }
}

function finite(value: string): string {
  return `CASE WHEN isfinite(${value}) THEN ${value} END`;
}

function fromNative(sql: string, type: ValueType, native: string): string {
  const family = nativeFamily(native);
  switch (type) {
    case 'integer':
      if (family === 'integer') return `TRY_CAST(${sql} AS HUGEINT)`;
      // trunc(NaN) = NaN in DuckDB, and its cast gives NULL.
      if (family === 'number') return `CASE WHEN ${sql} = trunc(${sql}) THEN TRY_CAST(${sql} AS HUGEINT) END`;
      return 'NULL';
    case 'number':
      return family === 'integer' || family === 'number' ? finite(`CAST(${sql} AS DOUBLE)`) : 'NULL';
    case 'boolean':
      return family === 'boolean' ? sql : 'NULL';
    case 'date': {
      if (family === 'date') return sql;
      const time = `CAST(${sql} AS TIMESTAMP)`;
      return family === 'timestamp'
        ? `CASE WHEN ${time} = date_trunc('day', ${time}) THEN CAST(${time} AS DATE) END`
        : 'NULL';
    }
    case 'timestamp':
      return family === 'timestamp' || family === 'date' ? `CAST(${sql} AS TIMESTAMPTZ)` : 'NULL';
    case 'string':
      return family === 'string' ? `CAST(${sql} AS VARCHAR)` : 'NULL';
    default:
      return assertNever(type);
  }
}

/** What kind of values a type of the engine holds; `other` for lists, maps, bytes and the like. */
export function nativeFamily(native: string): ValueType | 'other' {
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(native)) return 'integer';
  if (/^(FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(native)) return 'number';
  if (/^TIMESTAMP( WITH TIME ZONE|_S|_MS|_NS)?$/.test(native)) return 'timestamp';
  if (/^(VARCHAR|UUID|ENUM\(.*\))$/s.test(native)) return 'string';
  if (native === 'BOOLEAN') return 'boolean';
  return native === 'DATE' ? 'date' : 'other';
}
