import type { ClusterEngine, SqlEngine } from '../ports.js';
import { SortedCollector } from '../sorted-values.js';
import type { SourceTable } from '../table.js';
import { clusterCorrelations, clusterDuplicates, clusterNumbers } from './cluster.js';
import { type TypedColumn, typedColumns } from './cluster-columns.js';
import { type ColumnOptions, describedProfile, numberProfile, textProfile, unitOf } from './columns.js';
import { correlated, strongest } from './correlations.js';
import type { Profile } from './profile.js';
import type { ProfileColumn } from './record.js';
import { type Attempt, isNumeric } from './typed.js';

/** So many distinct numbers of one column are brought here, 16 bytes each; the answer is then the same to the last bit. */
const MOST_GATHERED = 1_000_000;

interface ClusterOptions {
  readonly engine: SqlEngine;
  readonly cluster: ClusterEngine;
  readonly table: SourceTable;
  readonly attempts: readonly Attempt[];
  readonly describe: ColumnOptions;
  readonly gathered?: number | undefined;
  onColumn(done: number): void;
}

/** The profile of a dataset that stays on a cluster: answers travel, and of a column at most its distinct numbers. */
export async function clusterProfile(of: ClusterOptions): Promise<Profile> {
  const { cluster, table, describe } = of;
  const typed = await typedColumns(of);
  const columns: { readonly typed: TypedColumn; readonly profile: ProfileColumn }[] = [];
  for (const column of typed) {
    of.onColumn(columns.length);
    columns.push({ typed: column, profile: await profileOf(column, of) });
  }
  const unique = columns.some(
    ({ typed: { valid }, profile }) => valid === table.read && profile.distinct === table.read,
  );
  const relation = typed[0]?.relation ?? table.relation;
  const numeric = correlated(columns);
  return {
    digest: table.digest,
    rows: describe.rows,
    rejected: table.rejected,
    duplicates:
      unique || typed.length === 0
        ? 0
        : await clusterDuplicates(cluster, { relation, cells: typed.map(({ sql }) => sql) }),
    columns: columns.map(({ profile }) => profile),
    correlations: strongest(numeric, numeric.length < 2 ? [] : await clusterCorrelations(cluster, numeric)),
  };
}

async function profileOf(
  column: TypedColumn,
  { engine, cluster, describe, gathered = MOST_GATHERED }: ClusterOptions,
): Promise<ProfileColumn> {
  const { relation: from, sql, type, valid } = column;
  if (!isNumeric(type)) {
    const counts = `(SELECT CAST(${sql} AS VARCHAR) AS v, count(*) AS n FROM ${from} WHERE ${sql} IS NOT NULL GROUP BY ${sql})`;
    return textProfile({ ...column, counts }, engine, describe);
  }
  if (valid > 0 && column.roughlyDistinct > gathered) {
    const numbers = await clusterNumbers(cluster, column, { detail: describe.detail, unit: unitOf(type) });
    return describedProfile(column, numbers, describe);
  }
  const collector = new SortedCollector();
  const query = `SELECT CAST(v AS DOUBLE), CAST(count(*) AS DOUBLE) FROM (SELECT ${sql} AS v FROM ${from} WHERE ${sql} IS NOT NULL) AS s GROUP BY v ORDER BY v`;
  for await (const [values, counts] of engine.numbers(query)) if (values) collector.add(values, counts);
  const sorted = collector.result();
  return numberProfile(
    column,
    { sorted, distinct: column.wide ? collector.added : sorted.values.length },
    describe,
  );
}
