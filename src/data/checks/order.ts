import type { SqlEngine } from '../ports.js';
import type { SourceTable } from '../table.js';
import { type Judged, type PlannedCheck, type Read, valuesOf } from './finding.js';

/** Checks that compare a row with the one before it: their columns are copied once, in reading order. */

type Ordered = PlannedCheck & { readonly finding: { readonly kind: 'monotonic' } };

function isOrdered(check: PlannedCheck): check is Ordered {
  return check.finding.kind === 'monotonic';
}

export async function loadOrdered(of: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly checks: readonly PlannedCheck[];
}): Promise<void> {
  const ordered = of.checks.filter(isOrdered);
  if (ordered.length === 0) return;
  const columns = ordered.map((check, i) => `${restrictedValue(check)} AS m${i}`);
  const reads: readonly Read[] = ordered.flatMap(({ reads }) => reads);
  await of.engine.query(
    `CREATE TEMP TABLE ordered AS SELECT r, ${columns.join(', ')} FROM ${valuesOf(of.table, reads, { numbered: true })}`,
  );
}

function restrictedValue({ finding, where }: Ordered): string {
  return where === undefined ? finding.value : `CASE WHEN ${where} THEN ${finding.value} END`;
}

/** SQL behind FROM of the present values, each with the one before it. */
export function stepsOf(checks: readonly PlannedCheck[], check: PlannedCheck): string {
  const column = `m${checks.filter(isOrdered).indexOf(check as Ordered)}`;
  return `(SELECT r, ${column} AS here, lag(${column}) OVER (ORDER BY r) AS before FROM ordered WHERE ${column} IS NOT NULL) AS w`;
}

export function againstDirection({ finding }: PlannedCheck): string {
  if (finding.kind !== 'monotonic') throw new Error('only a monotonic check has a direction');
  const { direction, strictly } = finding;
  return `here ${direction === 'increasing' ? '<' : '>'}${strictly ? '=' : ''} before`;
}

export async function countSteps(
  engine: SqlEngine,
  checks: readonly PlannedCheck[],
  check: PlannedCheck,
): Promise<Judged> {
  const [row = {}] = await engine.query(
    `SELECT count(*) FILTER (WHERE ${againstDirection(check)}) AS f, count(*) AS n FROM ${stepsOf(checks, check)}`,
  );
  const [failing, total] = [Number(row.f), Number(row.n)];
  const judge = check.finding.kind === 'monotonic' ? check.finding.judge : undefined;
  return judge?.(failing, total) ?? { failing, total };
}
