import type { SqlEngine } from '../ports.js';
import type { SourceTable, TableColumn } from '../table.js';
import { textOf, typedValueOf, type ValueType } from '../values.js';

/** From the narrowest: the first type that every present value has is the column's. */
const CANDIDATES: readonly ValueType[] = ['integer', 'number', 'boolean', 'date', 'timestamp'];

const COLUMNS_AT_ONCE = 100;

/**
 * The type that every present value of each column has; `string` when there is none other, nothing for a column without
 * a present value. All values decide, not a sample. Columns that the file itself types are left out.
 */
export async function inferTypes(
  engine: SqlEngine,
  table: SourceTable,
  columns: readonly TableColumn[] = table.columns,
): Promise<ReadonlyMap<string, ValueType>> {
  const types = new Map<string, ValueType>();
  const open = columns.filter(({ storage }) => storage.kind !== 'native');
  for (let at = 0; at < open.length; at += COLUMNS_AT_ONCE) {
    const some = open.slice(at, at + COLUMNS_AT_ONCE);
    const terms = some.flatMap((column, i) => [
      `count(${textOf(column)}) AS n${i}`,
      ...CANDIDATES.map((type) => `count(${typedValueOf(column, type)}) AS ${type}${i}`),
    ]);
    const [row = {}] = await engine.query(`SELECT ${terms.join(', ')} FROM ${table.relation}`);
    for (const [i, { name }] of some.entries()) {
      const present = Number(row[`n${i}`]);
      if (present === 0) continue;
      types.set(name, CANDIDATES.find((type) => Number(row[`${type}${i}`]) === present) ?? 'string');
    }
  }
  return types;
}
