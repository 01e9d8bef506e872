import type { SqlEngine } from '../ports.js';
import { ROWS_NAMED, type SourceTable } from '../table.js';
import { allPresent, notIn, type PlannedCheck, valuesOf } from './finding.js';
import { againstDirection, stepsOf } from './order.js';

/** The first rows that fail each check, in reading order: one scan for all conditions, one for each kind of repetition. */

export interface FailingRow {
  readonly index: number;
  readonly value: string | null;
}

export async function failingRows(of: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  /** Those that fail. */
  readonly checks: readonly PlannedCheck[];
  /** All that were planned, whose order names the columns of ordered values. */
  readonly planned: readonly PlannedCheck[];
}): Promise<ReadonlyMap<PlannedCheck, readonly FailingRow[]>> {
  const found = new Map<PlannedCheck, readonly FailingRow[]>();
  const byCondition: { readonly check: PlannedCheck; readonly condition: string }[] = [];
  for (const check of of.checks) {
    const { finding } = check;
    if (finding.kind === 'measured' && finding.failing?.kind === 'where') {
      byCondition.push({ check, condition: finding.failing.condition });
    } else if (finding.kind === 'foreign') {
      byCondition.push({ check, condition: `${allPresent(finding.keys)} AND ${notIn(finding)}` });
    } else {
      const sql = ownQuery(of, check);
      if (sql !== undefined) found.set(check, rowsOf(await of.engine.query(sql)));
    }
  }
  if (byCondition.length > 0) await scanFor(of, byCondition, found);
  return found;
}

const LOOKED_FOR_AT_ONCE = 100;

async function scanFor(
  { engine, table }: { readonly engine: SqlEngine; readonly table: SourceTable },
  wanted: readonly { readonly check: PlannedCheck; readonly condition: string }[],
  found: Map<PlannedCheck, readonly FailingRow[]>,
): Promise<void> {
  for (let at = 0; at < wanted.length; at += LOOKED_FOR_AT_ONCE) {
    const some = wanted.slice(at, at + LOOKED_FOR_AT_ONCE);
    const terms = some.map(({ check, condition }, i) => {
      const all = check.where === undefined ? condition : `(${check.where}) AND (${condition})`;
      return `min({r: r, value: ${check.value ?? 'NULL::VARCHAR'}}, ${ROWS_NAMED}) FILTER (WHERE ${all}) AS x${i}`;
    });
    const reads = some.flatMap(({ check }) => check.reads);
    const from = valuesOf(table, reads, { numbered: true });
    if (engine.cluster) {
      // One answer with a list for each check: there a result that is read twice is computed twice.
      const [row = {}] = await engine.query(`SELECT ${terms.join(', ')} FROM ${from}`);
      some.forEach(({ check }, i) => {
        found.set(check, rowsOf((row[`x${i}`] ?? []) as readonly Readonly<Record<string, unknown>>[]));
      });
      continue;
    }
    const unnested = some.map((_, i) => `SELECT ${i} AS i, unnest(x${i}) AS f FROM found`);
    const rows = await engine.query(
      `WITH found AS MATERIALIZED (SELECT ${terms.join(', ')} FROM ${from})
       SELECT i, f.r AS r, f.value AS value FROM (${unnested.join(' UNION ALL ')}) ORDER BY i, r`,
    );
    for (const [i, { check }] of some.entries()) {
      found.set(check, rowsOf(rows.filter((row) => Number(row.i) === i)));
    }
  }
}

function ownQuery(
  { table, planned }: { readonly table: SourceTable; readonly planned: readonly PlannedCheck[] },
  check: PlannedCheck,
): string | undefined {
  const { finding } = check;
  const value = check.value ?? 'NULL';
  if (finding.kind === 'monotonic') {
    return `SELECT r, CAST(here AS VARCHAR) AS value FROM ${stepsOf(planned, check)} WHERE ${againstDirection(check)} ORDER BY r LIMIT ${ROWS_NAMED}`;
  }
  if (finding.kind !== 'measured' || finding.failing?.kind !== 'repeats') return undefined;
  const { keys, every, considered } = finding.failing;
  const groups = [...(check.by ?? []), ...keys].join(', ');
  const nth = every
    ? `count(*) OVER (PARTITION BY ${groups})`
    : `row_number() OVER (PARTITION BY ${groups} ORDER BY r)`;
  const where = `${considered ?? allPresent(keys)}${check.where === undefined ? '' : ` AND (${check.where})`}`;
  const numbered = `(SELECT *, ${nth} AS nth FROM ${valuesOf(table, check.reads, { numbered: true })} WHERE ${where}) AS u`;
  return `SELECT r, ${value} AS value FROM ${numbered} WHERE nth > 1 ORDER BY r LIMIT ${ROWS_NAMED}`;
}

function rowsOf(rows: readonly Readonly<Record<string, unknown>>[]): readonly FailingRow[] {
  return rows.map(({ r, value }) => ({
    index: Number(r),
    value: value === null || value === undefined ? null : String(value),
  }));
}
