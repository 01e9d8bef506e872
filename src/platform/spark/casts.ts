import type { TableColumn } from '../../data/table.js';
import { refused } from './refused.js';
import { familyOf, type Renderer, textLiteral } from './sql.js';
import type { Node } from './tokens.js';
import { wordsIn } from './tokens.js';

/**
 * Casts, which are where two engines differ most. A value that Spark would read otherwise than DuckDB makes the job fail with a
 * sentence (by raise_error) instead of a wrong answer.
 */

/** What a failed job says when a value was met that the two engines read differently. */
export const MARK = 'ASSAY-REFUSES:';

export function castTo(
  renderer: Renderer,
  of: {
    readonly value: string;
    readonly nodes: readonly Node[];
    readonly type: string;
    readonly attempt: boolean;
  },
): string {
  const { value, nodes, type, attempt } = of;
  const cast = (target: string) => `${attempt ? 'TRY_CAST' : 'CAST'}(${value} AS ${target})`;
  const column = renderer.columnIn(nodes);
  switch (type) {
    case 'HUGEINT':
      return attempt ? hugeInteger(value, column) : `TRY_CAST(${value} AS DECIMAL(38, 0))`;
    case 'VARCHAR':
      return column ? storedText(value, column) : cast('STRING');
    case 'TIMESTAMPTZ': {
      const [only] = nodes;
      if (only?.kind === 'text' && nodes.length === 1) return `CAST(${textLiteral(only.value)} AS TIMESTAMP)`;
      return attempt && familyOf(column) === undefined ? timestamp(value) : cast('TIMESTAMP');
    }
    case 'DOUBLE':
      return value === textLiteral('nan') ? "double('NaN')" : cast('DOUBLE');
    case 'BIGINT':
    case 'DATE':
    case 'BOOLEAN':
    case 'TIMESTAMP':
    case 'DECIMAL(38,0)':
      return cast(type);
    default:
      throw refused(`the type ${type} is not known`);
  }
}

function raise(words: string, type: string): string {
  return `CAST(raise_error(${textLiteral(`${MARK} ${words}`)}) AS ${type})`;
}

/** 128 bits here and 38 digits there: what lies between is refused. */
function hugeInteger(value: string, column: TableColumn | undefined): string {
  const family = familyOf(column);
  const target = 'DECIMAL(38, 0)';
  const plain = `TRY_CAST(${value} AS ${target})`;
  if (family === 'integer') return plain;
  if (family === 'number') {
    if (!doubleText(column)) return plain;
    const words = `whole numbers beyond 2^53 in a floating-point column are read differently`;
    return `CASE WHEN abs(${value}) > 9007199254740992D AND abs(${value}) < 1.8e38D THEN ${raise(words, target)} ELSE ${plain} END`;
  }
  const digits = `regexp_replace(${value}, '^[+-]?0*', '')`;
  const words = 'a whole number has 39 digits, one more than its decimals hold';
  return `CASE WHEN length(${value}) <= 38 THEN ${plain} WHEN ${digits} RLIKE '^[0-9]{39}$' AND ${digits} <= '170141183460469231731687303715884105728' THEN ${raise(words, target)} ELSE ${plain} END`;
}

const DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const MINUTE = '([01][0-9]|2[0-3]):[0-5][0-9]';
const SECOND = ':[0-5][0-9]([.][0-9]{1,9})?';
const ZONE = '(Z|[+-](0[0-9]|1[0-7])(:?[0-5][0-9])?)';
/** Times that both read alike. A zone without seconds is no time to either. */
const ALIKE = `^${DAY}([T ]${MINUTE}(${SECOND}${ZONE}?)?)?$`;
/** What DuckDB may take for a time and Spark does not: hour 24, and offsets of 18 hours and more. */
const APART = `^${DAY}[T ](24:|.*[+-]([2-9][0-9]|1[89])(:?[0-9]{2})?$|.*[+-][0-9]{2}:?[6-9][0-9]$)`;

function timestamp(value: string): string {
  const words = 'a time has an hour of 24 or an offset of 18 hours or more';
  return `CASE WHEN ${value} RLIKE '${ALIKE}' THEN TRY_CAST(${value} AS TIMESTAMP) WHEN ${value} RLIKE '${APART}' THEN ${raise(words, 'TIMESTAMP')} END`;
}

/** Whether the engines spell this column's values differently. */
export function doubleText(column: TableColumn | undefined): boolean {
  return column?.storage.kind === 'native' && /^(FLOAT|DOUBLE)$/.test(column.storage.type);
}

function storedText(value: string, column: TableColumn): string {
  const text = `CAST(${value} AS STRING)`;
  if (column.storage.kind !== 'native') return text;
  if (column.storage.type === 'TIMESTAMP WITH TIME ZONE') return `concat(${text}, '+00')`;
  if (familyOf(column) === 'other') {
    throw refused(
      `the values of ${JSON.stringify(column.name)} (${column.storage.type}) cannot be looked into`,
      'only whether they are missing; leave the column out, or let this dataset be read here: executor: local',
    );
  }
  return text;
}

/** Whether the value is a number, a time or unknown, by the types its SQL speaks of. */
export function kindOf(renderer: Renderer, nodes: readonly Node[]): 'number' | 'time' | undefined {
  const family = familyOf(renderer.columnIn(nodes));
  if (family === 'number' || family === 'integer') return 'number';
  if (family === 'date' || family === 'timestamp') return 'time';
  const types = new Set(wordsIn(nodes).map((word) => word.toUpperCase()));
  if (types.has('TIMESTAMPTZ') || types.has('DATE') || types.has('TIMESTAMP')) return 'time';
  return types.has('DOUBLE') ? 'number' : undefined;
}
