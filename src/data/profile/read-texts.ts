import type { SqlEngine } from '../ports.js';
import { SortedCollector, type SortedValues } from '../sorted-values.js';
import type { SourceTable, TableColumn } from '../table.js';
import { textOf } from '../values.js';
import type { ProfileType } from './infer.js';
import { type Attempt, type Counted, nextAttempt, valueSql } from './typed.js';

/** Texts, booleans and nested values: one scan counts the different values of all of them, and the rest is asked of the counts. */

export interface TextColumn extends Counted {
  readonly name: string;
  readonly type: ProfileType;
  readonly declared: boolean;
  /** Values in the relation, as SQL. */
  readonly sql: string;
  /** To stand behind FROM: each value as VARCHAR `v` with its number of rows `n`. */
  readonly counts: string;
}

/** Columns of one statement: each has a table of values of its own while it runs. */
const COLUMNS_AT_ONCE = 32;

/**
 * Counts the values of the columns, into tables named after `into`. An undeclared type that does not fit every value is widened,
 * for which the data need not be read again.
 */
export async function readTexts(options: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly attempts: readonly Attempt[];
  readonly into: string;
}): Promise<readonly TextColumn[]> {
  const { engine, table, attempts, into } = options;
  const columns: TextColumn[] = [];
  for (let from = 0; from < attempts.length; from += COLUMNS_AT_ONCE) {
    const some = attempts.slice(from, from + COLUMNS_AT_ONCE);
    const name = `${into}${from}`;
    await engine.query(countsTable({ name, table, columns: some.map(({ column }) => column) }));
    for (const [i, attempt] of some.entries()) {
      // Of the columns that are grouped by, the bits of those left out are set; the first is the highest.
      const group = 2 ** some.length - 1 - 2 ** (some.length - 1 - i);
      columns.push(await settled(engine, attempt, `${name} WHERE g = ${group} AND raw IS NOT NULL`));
    }
  }
  return columns;
}

function countsTable(of: {
  readonly name: string;
  readonly table: SourceTable;
  readonly columns: readonly TableColumn[];
}): string {
  const raw = of.columns.map((column, i) => `${rawOf(column)} AS r${i}`);
  const names = of.columns.map((_, i) => `r${i}`);
  return (
    `CREATE TABLE ${of.name} AS SELECT grouping_id(${names.join(', ')}) AS g, coalesce(${names.join(', ')}) AS raw, count(*) AS n ` +
    `FROM (SELECT ${raw.join(', ')} FROM ${of.table.relation}) AS s GROUP BY GROUPING SETS (${names.map((name) => `(${name})`).join(', ')})`
  );
}

/** A value as it is stored, as text. */
function rawOf(column: TableColumn): string {
  return column.storage.kind === 'native' ? textOf(column) : `CAST(${column.sql} AS VARCHAR)`;
}

async function settled(engine: SqlEngine, first: Attempt, from: string): Promise<TextColumn> {
  for (let attempt = first; ; ) {
    const { column, type, declared } = attempt;
    const value = valueOfRaw(attempt);
    const [row] = await engine.query(
      `SELECT sum(n)::BIGINT AS present, sum(n) FILTER (WHERE ${value} IS NOT NULL)::BIGINT AS valid FROM ${from}`,
    );
    const counted = { present: Number(row?.present ?? 0), valid: Number(row?.valid ?? 0) };
    const next = nextAttempt(attempt, counted);
    if (next === attempt) {
      const counts =
        value === 'raw'
          ? `(SELECT raw AS v, n FROM ${from})`
          : `(SELECT CAST(${value} AS VARCHAR) AS v, sum(n)::BIGINT AS n FROM ${from} AND ${value} IS NOT NULL GROUP BY v)`;
      return { name: column.name, type, declared, sql: valueSql(attempt), ...counted, counts };
    }
    attempt = next;
  }
}

/** SQL of the value, of the text that the column `raw` of the counts holds. */
function valueOfRaw(attempt: Attempt): string {
  const { column, type } = attempt;
  const stored = { ...column, sql: 'raw' };
  if (column.storage.kind !== 'native') return valueSql({ ...attempt, column: stored });
  if (valueSql(attempt) === 'NULL') return 'NULL';
  // What the file types is shown as text alike wherever it came from.
  return type === 'boolean'
    ? valueSql({ ...attempt, column: { ...stored, storage: { kind: 'text' } } })
    : 'raw';
}

/** Lengths in characters. */
export async function sortedLengths(engine: SqlEngine, { counts }: TextColumn): Promise<SortedValues> {
  const collector = new SortedCollector();
  const query = `SELECT CAST(length(v) AS DOUBLE) AS x, CAST(sum(n) AS DOUBLE) FROM ${counts} AS c GROUP BY x ORDER BY x`;
  for await (const [values, rows] of engine.numbers(query)) if (values) collector.add(values, rows);
  return collector.result();
}
