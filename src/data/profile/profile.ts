import type { DatasetConfig } from '../../config/data.js';
import type { SqlEngine } from '../ports.js';
import type { SourceTable } from '../table.js';
import { clusterDuplicates } from './cluster.js';
import { detailFor, MOST_GATHERED, profileOf } from './columns.js';
import { correlationsOf } from './correlations.js';
import type { ProfileColumn, ProfileContent } from './record.js';
import { type TypedColumn, typeColumns } from './typed.js';

/** The part of a profile record that the data decides. */
export type Profile = Omit<ProfileContent, 'dataset' | 'source'>;

/**
 * Profiles a loaded dataset, exactly: text is parsed in one scan, counts and types take a second, and each column is
 * then read alone, grouped and sorted. Nothing is sampled, and nothing depends on the number of threads.
 */
export async function profileTable(options: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly config: Pick<DatasetConfig, 'columns' | 'show_values'>;
  /** Of more distinct numbers in a column, only the description leaves a cluster. */
  readonly gathered?: number;
  onProgress?(done: number, total: number): void;
}): Promise<Profile> {
  const { engine, table, config } = options;
  const typed = await typeColumns({ engine, table, config });
  const detail = detailFor(typed.length);
  const columns: { readonly typed: TypedColumn; readonly profile: ProfileColumn }[] = [];
  for (const column of typed) {
    options.onProgress?.(columns.length, typed.length);
    const profile = await profileOf(column, {
      engine,
      rows: table.read,
      showValues: config.show_values,
      detail,
      gathered: options.gathered ?? MOST_GATHERED,
    });
    columns.push({ typed: column, profile });
  }
  return {
    digest: table.digest,
    rows: table.read,
    rejected: table.rejected,
    duplicates: await duplicateRows(engine, columns, table.read),
    columns: columns.map(({ profile }) => profile),
    correlations: await correlationsOf(engine, columns, table.read),
  };
}

/**
 * Rows that repeat an earlier one, compared by value (a value that is not of its column's type counts as missing). Rows of
 * equal hash are few, and only they are compared in full.
 */
async function duplicateRows(
  engine: SqlEngine,
  columns: readonly { readonly typed: TypedColumn; readonly profile: ProfileColumn }[],
  rows: number,
): Promise<number> {
  const [first] = columns;
  const unique = columns.some(({ typed, profile }) => typed.valid === rows && profile.distinct === rows);
  if (unique || !first) return 0;
  const { relation } = first.typed;
  if (engine.cluster) {
    return clusterDuplicates(engine.cluster, { relation, cells: columns.map(({ typed }) => typed.sql) });
  }
  const cells = columns.map(({ typed }) => typed.sql).join(', ');
  const repeated = `SELECT h FROM (SELECT hash(${cells}) AS h FROM ${relation}) AS a GROUP BY h HAVING count(*) > 1`;
  const [row] = await engine.query(
    `SELECT count(*) AS n, count(DISTINCT row(${cells})) AS d FROM ${relation} WHERE hash(${cells}) IN (${repeated})`,
  );
  return Number(row?.n ?? 0) - Number(row?.d ?? 0);
}
