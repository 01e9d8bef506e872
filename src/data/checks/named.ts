import type { DatasetConfig } from '../../config/data.js';
import { UserError } from '../../errors.js';
import type { SqlEngine } from '../ports.js';
import type { SourceTable, TableColumn } from '../table.js';
import { textOf, typedValueOf, type ValueType } from '../values.js';
import { effectiveType } from './bounds.js';
import { inferTypes } from './infer.js';

/**
 * SQL of the dataset with its columns under their own names and in their own types, for queries that users write.
 * A column of text (CSV, JSON) has the type that assay.yml declares, else the one that all of its values have.
 * Values that are not of a declared type are NULL there; the check of the type names them.
 */
export async function namedTable(of: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly config: Pick<DatasetConfig, 'columns'>;
}): Promise<string> {
  const { table, config } = of;
  refuseTwins(table.columns);
  const declared = (name: string): ValueType | undefined => {
    const schema = Object.hasOwn(config.columns, name) ? config.columns[name] : undefined;
    return schema && effectiveType(schema);
  };
  const open = table.columns.filter(({ name, storage }) => storage.kind !== 'native' && !declared(name));
  const inferred = await inferTypes(of.engine, table, open);
  const typeOf = ({ name, storage }: TableColumn) =>
    storage.kind === 'native' ? undefined : (declared(name) ?? inferred.get(name));
  const wide = await wideIntegers(of.engine, table, (column) => typeOf(column) === 'integer');
  const columns = table.columns.map((column) => {
    const type = typeOf(column);
    const native = column.storage.kind === 'native';
    const value = native
      ? column.sql
      : type
        ? narrowed(typedValueOf(column, type), type, wide.has(column.name))
        : textOf(column);
    return `${value} AS ${identifier(column.name)}`;
  });
  return `SELECT ${columns.length > 0 ? columns.join(', ') : 'NULL AS nothing'} FROM ${table.relation}`;
}

/** Whole numbers of 64 bits are what people expect; HUGEINT becomes a double in Parquet and elsewhere. */
function narrowed(sql: string, type: ValueType, wide: boolean): string {
  if (type === 'integer') return `TRY_CAST(${sql} AS ${wide ? 'DECIMAL(38, 0)' : 'BIGINT'})`;
  return type === 'timestamp' ? `CAST(${sql} AS TIMESTAMP)` : sql;
}

/** Columns with a whole number that needs more than 64 bits. */
async function wideIntegers(
  engine: SqlEngine,
  table: SourceTable,
  isInteger: (column: TableColumn) => boolean,
): Promise<ReadonlySet<string>> {
  const integers = table.columns.filter(isInteger);
  if (integers.length === 0) return new Set();
  const terms = integers.map((column, i) => {
    const value = typedValueOf(column, 'integer');
    return `count(${value}) - count(TRY_CAST(${value} AS BIGINT)) AS w${i}`;
  });
  const [row = {}] = await engine.query(`SELECT ${terms.join(', ')} FROM ${table.relation}`);
  return new Set(integers.filter((_, i) => Number(row[`w${i}`]) > 0).map(({ name }) => name));
}

/** A name as SQL spells it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('\0', '').replaceAll('"', '""')}"`;
}

function refuseTwins(columns: readonly TableColumn[]): void {
  const seen = new Map<string, string>();
  for (const { name } of columns) {
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined) {
      throw new UserError(
        `the columns ${JSON.stringify(twin)} and ${JSON.stringify(name)} differ only by case, which SQL does not tell apart`,
        { mend: 'rename one of the two to use SQL on this dataset' },
      );
    }
    seen.set(name.toLowerCase(), name);
  }
}
