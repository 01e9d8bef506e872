import type { DatasetConfig } from '../../config/data.js';
import type { SqlEngine } from '../ports.js';
import type { SourceTable } from '../table.js';
import { detailFor, numberProfile, textProfile } from './columns.js';
import { correlationsOf } from './correlations.js';
import { type NumberColumn, readNumbers, type Scratch, sortedColumn } from './read-numbers.js';
import { readTexts, type TextColumn } from './read-texts.js';
import type { ProfileColumn, ProfileContent } from './record.js';
import { type Attempt, firstAttempts } from './typed.js';

/** The part of a profile record that the data decides. */
export type Profile = Omit<ProfileContent, 'dataset' | 'source'>;

interface Profiled {
  readonly read: NumberColumn | TextColumn;
  readonly profile: ProfileColumn;
}

/**
 * Profiles a dataset, exactly: one scan brings the numbers, which are sorted here column by column while the engine counts the
 * different texts in another. Nothing is sampled, and nothing depends on the number of threads.
 */
export async function profileTable(options: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly config: Pick<DatasetConfig, 'columns' | 'show_values'>;
  /** Where numbers wait that memory does not hold; asked for each scan. */
  readonly scratch?: (() => Scratch) | undefined;
  /** Of a column with more distinct numbers, only the description leaves a cluster. */
  readonly gathered?: number;
  onProgress?(done: number, total: number): void;
}): Promise<Profile> {
  const { engine, table, config, scratch } = options;
  const total = table.columns.length;
  const progress = (done: number) => options.onProgress?.(done, 2 * total);
  const attempts = await firstAttempts({ engine, table, config });
  const describe = { rows: table.read, showValues: config.show_values, detail: detailFor(total) };
  const { cluster } = engine;
  if (cluster) {
    const { clusterProfile } = await import('./cluster-profile.js');
    const onColumn = (done: number) => progress(2 * done);
    return clusterProfile({
      engine,
      cluster,
      table,
      attempts,
      describe,
      gathered: options.gathered,
      onColumn,
    });
  }
  const read = await readNumbers({
    engine,
    table,
    attempts,
    scratch,
    onProgress: (rows) => progress(total * (rows / table.read)),
  });
  const columns: Profiled[] = [];
  const texts = readTexts({ engine, table, attempts: read.filter(isAttempt), into: 'texts' });
  // Awaited below, once the numbers are done.
  texts.catch(() => undefined);
  for (const [i, column] of read.entries()) {
    if (isAttempt(column)) continue;
    const sorted = await sortedColumn({ engine, relation: table.relation }, column);
    columns[i] = { read: column, profile: numberProfile(column, sorted, describe) };
    progress(total + i);
  }
  const counted = (await texts).values();
  for (const [i, column] of read.entries()) {
    const text = isAttempt(column) ? counted.next().value : undefined;
    if (text) columns[i] = { read: text, profile: await textProfile(text, engine, describe) };
  }
  return {
    digest: table.digest,
    rows: table.read,
    rejected: table.rejected,
    duplicates: await duplicateRows({ engine, table }, columns),
    columns: columns.map(({ profile }) => profile),
    correlations: await correlationsOf(columns, table.read),
  };
}

function isAttempt(column: NumberColumn | Attempt): column is Attempt {
  return !('values' in column);
}

/**
 * Rows that repeat an earlier one, compared by value (a value that is not of its column's type counts as missing). Rows of
 * equal hash are few, and only they are compared in full.
 */
async function duplicateRows(
  { engine, table }: { readonly engine: SqlEngine; readonly table: SourceTable },
  columns: readonly Profiled[],
): Promise<number> {
  const unique = columns.some(
    ({ read, profile }) => read.valid === table.read && profile.distinct === table.read,
  );
  if (unique || columns.length === 0) return 0;
  const cells = columns.map(({ read }) => read.sql).join(', ');
  const repeated = `SELECT h FROM (SELECT hash(${cells}) AS h FROM ${table.relation}) AS a GROUP BY h HAVING count(*) > 1`;
  const [row] = await engine.query(
    `SELECT count(*) AS n, count(DISTINCT row(${cells})) AS d FROM ${table.relation} WHERE hash(${cells}) IN (${repeated})`,
  );
  return Number(row?.n ?? 0) - Number(row?.d ?? 0);
}
