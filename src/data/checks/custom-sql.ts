import type { DatasetConfig } from '../../config/data.js';
import { UserError } from '../../errors.js';
import type { SqlEngine } from '../ports.js';
import { ROWS_NAMED, type SourceTable } from '../table.js';
import type { FailingRow } from './failing-rows.js';
import type { Judged } from './finding.js';
import { namedTable } from './named.js';

/** Checks in the user's own SQL: a query over the table `data`, whose rows are violations. */

/** Makes the table `data` with the columns' own names and types. */
export async function prepareNamed(of: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly config: DatasetConfig;
}): Promise<void> {
  const select = await namedTable(of);
  await of.engine.query(`CREATE TABLE data AS ${select} ORDER BY ${of.table.row}`);
}

export async function countViolations(
  engine: SqlEngine,
  of: { readonly sql: string; readonly rows: number; readonly location: UserError['location'] },
): Promise<Judged> {
  try {
    await engine.checkSelect(of.sql);
    const [row = {}] = await engine.query(
      // Every column is looked at: a value that the query cannot compute is an error, not a column that nobody asked for.
      `SELECT count(*) AS assay_count, max(hash(COLUMNS(*))) FROM (\n${trimmed(of.sql)}\n) AS violations`,
    );
    const failing = Number(row.assay_count);
    return { failing, total: Math.max(failing, of.rows) };
  } catch (cause) {
    if (cause instanceof UserError && cause.location) throw cause;
    if (!(cause instanceof Error) || cause.name === 'OutsideError') throw cause;
    throw new UserError(`the query of this check fails: ${withoutValues(cause.message)}`, {
      ...(of.location && { location: of.location }),
      mend:
        cause instanceof UserError
          ? (cause.mend ?? '')
          : 'it is a single SELECT over the table data, in the SQL of DuckDB',
      cause,
    });
  }
}

/** Where the violations are, when the query also returns the rowid of each. */
export async function violationRows(engine: SqlEngine, sql: string): Promise<readonly FailingRow[]> {
  const columns = await engine.query(`DESCRIBE ${trimmed(sql)}`);
  if (!columns.some(({ column_name }) => column_name === 'rowid')) return [];
  const rows = await engine.query(
    `SELECT DISTINCT rowid AS r FROM (\n${trimmed(sql)}\n) AS violations WHERE rowid IS NOT NULL ORDER BY r LIMIT ${ROWS_NAMED}`,
  );
  return rows.map(({ r }) => ({ index: Number(r), value: null }));
}

function trimmed(sql: string): string {
  return sql.replace(/[;\s]+$/, '');
}

/** DuckDB's messages quote the data in conversion errors; what stands in quotes is left out there. */
export function withoutValues(message: string): string {
  const [first = ''] = message.split('\n');
  return /^(Conversion|Invalid Input|Out of Range|Constraint) Error/.test(first)
    ? first.replace(/(["'])(?:(?!\1).)*\1/g, '…')
    : first;
}
