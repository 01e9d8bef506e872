import { textLiteral } from '../../data/literals.js';
import type { Partitions } from '../../data/partitions.js';
import { UserError } from '../../errors.js';
import type { Loaded } from './dataset.js';
import type { DuckdbEngine } from './engine.js';

/** Puts the values of `key=value` folders beside the rows of a loaded table, as columns of text. */
export async function withPartitions(
  engine: DuckdbEngine,
  loaded: Loaded,
  { keys, values }: Partitions,
): Promise<Loaded> {
  const { table, starts } = loaded;
  const twin = keys.find((key) => table.columns.some(({ name }) => name === key));
  if (twin !== undefined) {
    throw new UserError(`${JSON.stringify(twin)} is both a column of the files and a key of their folders`, {
      mend: 'leave it out of one of the two',
    });
  }
  const names = keys.map((_, i) => `h${i}`);
  const cell = (value: string | null | undefined) =>
    value === null || value === undefined ? 'NULL' : textLiteral(value);
  const rows = starts.map(
    (start, i) => `(${start}::BIGINT, ${keys.map((_, k) => `${cell(values[i]?.[k])}::VARCHAR`).join(', ')})`,
  );
  // A file without rows starts where the next one does, and the next one counts.
  const distinct = new Map(starts.map((start, i) => [start, rows[i] ?? '']));
  await engine.query(
    `CREATE TABLE folders AS SELECT * FROM (VALUES ${[...distinct.values()].join(', ')}) AS f(first, ${names.join(', ')})`,
  );
  const relation = `${table.relation}_parted`;
  await engine.query(
    `CREATE TABLE ${relation} AS SELECT t.* EXCLUDE (_row), f.* EXCLUDE (first) FROM (SELECT *, ${table.row} AS _row FROM ${table.relation}) AS t ASOF JOIN folders AS f ON t._row >= f.first ORDER BY _row`,
  );
  await engine.query(`DROP TABLE folders`);
  await engine.query(`DROP TABLE ${table.relation}`);
  return {
    ...loaded,
    table: {
      ...table,
      relation,
      columns: [
        ...table.columns,
        ...keys.map((name, i) => ({ name, sql: names[i] ?? '', storage: { kind: 'text' as const } })),
      ],
    },
  };
}
