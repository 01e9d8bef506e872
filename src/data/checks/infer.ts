import type { SqlEngine } from '../ports.js';
import type { SourceTable, TableColumn } from '../table.js';
import { typedValueOf, type ValueType } from '../values.js';

/** From the narrowest: the first type that every present value has is the column's. */
const CANDIDATES: readonly ValueType[] = ['integer', 'number', 'boolean', 'date', 'timestamp'];

const COLUMNS_AT_ONCE = 100;

/** What the values of a column are like. */
export interface ColumnFacts {
  /** The type that every present value has; undefined for a column without one, and for those that the file types. */
  readonly type: ValueType | undefined;
  readonly hasMissing: boolean;
}

/**
 * The type that every present value of each column has; `string` when there is none other, nothing for a column without
 * a present value. All values decide, not a sample. Columns that the file itself types are left out.
 */
export async function inferTypes(
  engine: SqlEngine,
  table: SourceTable,
  columns: readonly TableColumn[] = table.columns,
): Promise<ReadonlyMap<string, ValueType>> {
  const open = columns.filter(({ storage }) => storage.kind !== 'native');
  const facts = await columnFacts(engine, table, open);
  return new Map([...facts].flatMap(([name, { type }]) => (type ? [[name, type] as const] : [])));
}

/** What the values of each column are like, in one scan for up to 100 columns. */
export async function columnFacts(
  engine: SqlEngine,
  table: SourceTable,
  columns: readonly TableColumn[] = table.columns,
): Promise<ReadonlyMap<string, ColumnFacts>> {
  const facts = new Map<string, ColumnFacts>();
  for (let at = 0; at < columns.length; at += COLUMNS_AT_ONCE) {
    const some = columns.slice(at, at + COLUMNS_AT_ONCE);
    const terms = some.flatMap((column, i) => [
      `count(${column.sql}) AS n${i}`,
      ...(column.storage.kind === 'native'
        ? []
        : CANDIDATES.map((type) => `count(${typedValueOf(column, type)}) AS ${type}${i}`)),
    ]);
    const [row = {}] = await engine.query(`SELECT ${terms.join(', ')} FROM ${table.relation}`);
    for (const [i, { name, storage }] of some.entries()) {
      const present = Number(row[`n${i}`]);
      const every = CANDIDATES.find((type) => Number(row[`${type}${i}`]) === present);
      const type = storage.kind === 'native' || present === 0 ? undefined : (every ?? 'string');
      facts.set(name, { type, hasMissing: present < table.read });
    }
  }
  return facts;
}
