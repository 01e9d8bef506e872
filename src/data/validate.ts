import type { DatasetConfig } from '../config/data.js';
import type { LoadedConfig } from '../config/load.js';
import { assertNever, UserError } from '../errors.js';
import { type Finding, type PlannedCheck, valuesOf } from './column-checks.js';
import { textLiteral } from './literals.js';
import { planChecks } from './plan.js';
import type { SqlEngine } from './ports.js';
import type { CheckResult, ValidationRecord } from './record.js';
import { ROWS_NAMED, type SourceTable } from './table.js';

/** The part of a validation record that the data decides. */
export type ValidationResult = Pick<
  ValidationRecord,
  'digest' | 'rows' | 'rejected' | 'columns' | 'valid' | 'checks'
>;

/** Longest shown value, in characters; only with `show_values: true`. */
const LONGEST_VALUE = 100;

/** Checks counted by one statement: one scan for almost every dataset, and statements of thousands of terms for none. */
const CHECKS_AT_ONCE = 200;

/**
 * Runs the checks of a dataset on a loaded table: one statement counts for many of them, and the rows of those that
 * fail are looked up afterwards. Throws UserError, with its place in assay.yml, for a check that cannot be asked.
 */
export async function validateTable(options: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly name: string;
  readonly config: DatasetConfig;
  readonly locate: LoadedConfig['locate'];
}): Promise<ValidationResult> {
  const { engine, table, config } = options;
  const locate = (path: readonly (string | number)[]) => options.locate(['data', options.name, ...path]);
  const plan = planChecks(config, table, locate);
  for (const { pattern, path } of plan.patterns) await tryPattern(engine, pattern, locate(path));
  const counts = await countAll(engine, table, plan.checks);
  const checks: CheckResult[] = [];
  for (const [i, check] of plan.checks.entries()) {
    const { failing, total } = counts[i] ?? { failing: 0, total: 0 };
    const rows = failing > 0 ? await failingRows(engine, valuesOf(table, [check]), check) : [];
    checks.push(checkResult({ check, failing, total, table, rows, show: config.show_values }));
  }
  return {
    digest: table.digest,
    rows: table.read,
    rejected: table.rejected,
    columns: [...plan.columns],
    valid: checks.every((check) => check.passed || check.severity === 'warn'),
    checks,
  };
}

async function tryPattern(
  engine: SqlEngine,
  pattern: string,
  location: UserError['location'],
): Promise<void> {
  try {
    await engine.query(`SELECT regexp_matches('', ${textLiteral(pattern)})`);
  } catch (cause) {
    const reason =
      cause instanceof Error ? cause.message.replace(/^Invalid Input Error: /, '') : String(cause);
    throw new UserError(`${JSON.stringify(pattern)} is not a regular expression: ${reason}`, {
      ...(location && { location }),
      mend: 'the syntax is RE2 (no look-around, no back-references): https://github.com/google/re2/wiki/Syntax',
      cause,
    });
  }
}

interface Counts {
  readonly failing: number;
  readonly total: number;
}

async function countAll(
  engine: SqlEngine,
  table: SourceTable,
  checks: readonly PlannedCheck[],
): Promise<readonly Counts[]> {
  const counts: Counts[] = [];
  for (let at = 0; at < checks.length; at += CHECKS_AT_ONCE) {
    const some = checks.slice(at, at + CHECKS_AT_ONCE);
    const aggregates = some.flatMap(({ finding }, i) => countingTerms(finding, i));
    const sql = `SELECT ${aggregates.join(', ')} FROM ${valuesOf(table, some)}`;
    const [row = {}] = aggregates.length > 0 ? await engine.query(sql) : [];
    for (const [i, check] of some.entries()) {
      const { finding } = check;
      if (finding.kind === 'decided') counts.push(finding);
      else if (finding.kind === 'monotonic') {
        counts.push(await countMonotonic(engine, valuesOf(table, [check]), finding));
      } else counts.push({ failing: Number(row[`f${i}`]), total: Number(row[`n${i}`]) });
    }
  }
  return counts;
}

function countingTerms(finding: Finding, i: number): readonly string[] {
  switch (finding.kind) {
    case 'decided':
    case 'monotonic':
      return [];
    case 'rows':
      return [
        `count(*) FILTER (WHERE ${finding.failing}) AS f${i}`,
        `count(*) FILTER (WHERE ${finding.total}) AS n${i}`,
      ];
    case 'unique': {
      const present = allPresent(finding.keys);
      const distinct = `count(DISTINCT ${keyOf(finding.keys)}) FILTER (WHERE ${present})`;
      return [
        `count(*) FILTER (WHERE ${present}) - ${distinct} AS f${i}`,
        `count(*) FILTER (WHERE ${present}) AS n${i}`,
      ];
    }
    default:
      return assertNever(finding);
  }
}

async function countMonotonic(
  engine: SqlEngine,
  relation: string,
  finding: { readonly value: string; readonly direction: 'increasing' | 'decreasing' },
): Promise<Counts> {
  const [row = {}] = await engine.query(
    `SELECT count(*) FILTER (WHERE ${againstDirection(finding.direction)}) AS f, count(*) AS n FROM ${steps(relation, finding.value)}`,
  );
  return { failing: Number(row.f), total: Number(row.n) };
}

interface FailingRow {
  readonly index: number;
  readonly value: string | null;
}

/** The first rows that fail, in reading order; none for a check that is not about rows. */
async function failingRows(
  engine: SqlEngine,
  relation: string,
  check: PlannedCheck,
): Promise<readonly FailingRow[]> {
  const { finding } = check;
  const value = check.value ?? 'NULL';
  const first = (from: string, where: string) =>
    `SELECT r, ${value} AS value FROM ${from} WHERE ${where} ORDER BY r LIMIT ${ROWS_NAMED}`;
  const query = () => {
    switch (finding.kind) {
      case 'decided':
        return undefined;
      case 'rows':
        return first(relation, finding.failing);
      case 'unique': {
        const nth = `row_number() OVER (PARTITION BY ${finding.keys.join(', ')} ORDER BY r)`;
        const numbered = `(SELECT *, ${nth} AS nth FROM ${relation} WHERE ${allPresent(finding.keys)}) AS u`;
        return first(numbered, 'nth > 1');
      }
      case 'monotonic':
        return first(steps(relation, finding.value), againstDirection(finding.direction));
      default:
        return assertNever(finding);
    }
  };
  const sql = query();
  if (sql === undefined) return [];
  const rows = await engine.query(sql);
  return rows.map((row) => ({ index: Number(row.r), value: row.value === null ? null : String(row.value) }));
}

/** Rows with a value, each with the value before it. */
function steps(relation: string, value: string): string {
  return `(SELECT *, ${value} AS here, lag(${value}) OVER (ORDER BY r) AS before FROM ${relation} WHERE ${value} IS NOT NULL) AS w`;
}

function againstDirection(direction: 'increasing' | 'decreasing'): string {
  return direction === 'increasing' ? 'here < before' : 'here > before';
}

function allPresent(keys: readonly string[]): string {
  return keys.map((key) => `${key} IS NOT NULL`).join(' AND ');
}

function keyOf(keys: readonly string[]): string {
  return keys.length === 1 ? `${keys[0]}` : `row(${keys.join(', ')})`;
}

function checkResult(found: {
  readonly check: PlannedCheck;
  readonly failing: number;
  readonly total: number;
  readonly rows: readonly FailingRow[];
  readonly table: SourceTable;
  readonly show: boolean;
}): CheckResult {
  const { check, failing, total, table } = found;
  const places =
    check.finding.kind === 'decided'
      ? (check.finding.places ?? [])
      : found.rows.map(({ index }) => table.place(index));
  return {
    check: check.check,
    column: check.column,
    passed: failing === 0 || failing / total <= check.maxFailing,
    severity: check.severity,
    failing,
    total,
    rows: places.map(({ number }) => number),
    rows_are: table.rowsAre,
    ...(table.files.length > 1 && { files: places.map(({ file }) => file) }),
    ...(found.show && check.value !== null && { values: found.rows.map(({ value }) => shown(value)) }),
    detail: check.detail,
  };
}

function shown(value: string | null): string {
  const text = value ?? '';
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
