import type { KnownColumn, Measured, Read } from '../checks/finding.js';
import type { ColumnFacts } from '../checks/infer.js';
import type { Scope } from '../checks/plan.js';
import { listLiteral, numberLiteral, textLiteral } from '../literals.js';

/** What pandas makes of a column, which decides what its suites mean by a value. */
type Dtype = 'int64' | 'float64' | 'bool' | 'str' | 'object' | 'datetime64[ns]' | (string & {});

const NATIVE: Readonly<Record<string, Dtype>> = {
  BOOLEAN: 'bool',
  TINYINT: 'int8',
  SMALLINT: 'int16',
  INTEGER: 'int32',
  BIGINT: 'int64',
  UTINYINT: 'uint8',
  USMALLINT: 'uint16',
  UINTEGER: 'uint32',
  UBIGINT: 'uint64',
  FLOAT: 'float32',
  DOUBLE: 'float64',
  VARCHAR: 'str',
};

/** As pandas.read_csv and pandas.read_parquet would type it. */
function dtypeOf({ column }: KnownColumn, facts: ColumnFacts): Dtype {
  const { storage } = column;
  if (storage.kind === 'native') {
    const dtype = NATIVE[storage.type] ?? (/^TIMESTAMP/.test(storage.type) ? 'datetime64[ns]' : 'object');
    if (!facts.hasMissing) return dtype;
    if (/int/.test(dtype)) return 'float64';
    return dtype === 'bool' ? 'object' : dtype;
  }
  switch (facts.type) {
    case 'integer':
      return facts.hasMissing ? 'float64' : 'int64';
    case 'number':
    case undefined:
      return 'float64';
    case 'boolean':
      return facts.hasMissing ? 'object' : 'bool';
    case 'date':
    case 'timestamp':
    case 'string':
      return 'str';
  }
}

function isNumeric(dtype: Dtype): boolean {
  return /^(u?int|float)/.test(dtype);
}

/** A column as pandas has it. */
export interface PandasColumn {
  readonly name: string;
  readonly known: KnownColumn;
  readonly facts: ColumnFacts;
  readonly dtype: Dtype;
  readonly numeric: boolean;
}

/** Throws UserError for a column that is not there. */
export function pandasColumn(scope: Scope, name: string): PandasColumn {
  const known = scope.column(name);
  const facts = scope.inferred.get(name) ?? { type: undefined, hasMissing: true };
  const dtype = dtypeOf(known, facts);
  return { name, known, facts, dtype, numeric: isNumeric(dtype) };
}

function isBoolean({ dtype, facts }: PandasColumn): boolean {
  return dtype === 'bool' || facts.type === 'boolean';
}

/** SQL of the value as pandas compares it: numbers as numbers, booleans as booleans, everything else as text. */
export function comparable(column: PandasColumn): Sql {
  const { known } = column;
  if (!column.numeric && !isBoolean(column)) return { sql: known.text, reads: known.reads };
  const read = known.as(column.numeric ? 'number' : 'boolean');
  return { sql: read.alias, reads: [...known.reads, read] };
}

interface Sql {
  readonly sql: string;
  readonly reads: readonly Read[];
}

/** SQL that is true for a value of the set; a text never equals a number, and true equals 1, as in Python. */
export function membership(column: PandasColumn, values: readonly unknown[]): Sql {
  const { sql, reads } = comparable(column);
  const boolean = isBoolean(column);
  const items = values.flatMap((value): readonly string[] => {
    if (column.numeric) {
      if (typeof value === 'number') return [numberLiteral(value, 'DOUBLE')];
      return typeof value === 'boolean' ? [numberLiteral(value ? 1 : 0, 'DOUBLE')] : [];
    }
    if (boolean) {
      if (typeof value === 'boolean') return [String(value)];
      return value === 0 || value === 1 ? [String(value === 1)] : [];
    }
    return typeof value === 'string' ? [textLiteral(value)] : [];
  });
  return { sql: items.length > 0 ? `${sql} IN ${listLiteral(items)}` : 'false', reads };
}

/** What `str(value)` gives in Python: `34.0` for a whole number in a column of floats, `True` for a boolean. */
export function pythonText({ known: column, dtype, facts }: PandasColumn): Sql {
  if (isNumeric(dtype)) {
    const read = column.as(/int/.test(dtype) ? 'integer' : 'number');
    return { sql: `CAST(${read.alias} AS VARCHAR)`, reads: [read] };
  }
  if (facts.type === 'boolean' || dtype === 'bool') {
    const read = column.as('boolean');
    return {
      sql: `CASE WHEN ${read.alias} THEN 'True' WHEN NOT ${read.alias} THEN 'False' END`,
      reads: [read],
    };
  }
  return { sql: column.text, reads: column.reads };
}

/** Rows whose key occurs more than once; pandas takes two missing values for the same. */
export function everyDuplicate(keys: readonly string[], considered: string): Measured {
  return {
    kind: 'measured',
    terms: [
      `count(DISTINCT row(${keys.join(', ')})) FILTER (WHERE ${considered})`,
      `count(*) FILTER (WHERE ${considered})`,
    ],
    judge: ([distinct, total]) =>
      Number(distinct) === Number(total)
        ? { failing: 0, total: Number(total) }
        : {
            kind: 'grouped',
            keys,
            considered,
            terms: ['coalesce(sum(n) FILTER (WHERE n > 1), 0)::BIGINT', 'sum(n)::BIGINT'],
            judge: ([failing, all]) => ({ failing: Number(failing), total: Number(all) }),
          },
    failing: { kind: 'repeats', keys, considered, every: true },
  };
}
