import type { DatasetConfig } from '../config/data.js';
import type { LoadedConfig } from '../config/load.js';
import { assertNever, UserError } from '../errors.js';
import { textLiteral } from './literals.js';
import { type Plan, type PlannedCheck, planChecks } from './plan.js';
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

/**
 * Runs the checks of a dataset on a loaded table: one statement counts for all of them, and the rows of those that
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
  const counts = await countAll(engine, plan);
  const checks: CheckResult[] = [];
  for (const [i, check] of plan.checks.entries()) {
    const { failing, total } = counts[i] ?? { failing: 0, total: 0 };
    const rows = failing > 0 ? await failingRows(engine, plan, check) : [];
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

async function countAll(engine: SqlEngine, plan: Plan): Promise<readonly Counts[]> {
  const aggregates: string[] = [];
  plan.checks.forEach(({ finding }, i) => {
    switch (finding.kind) {
      case 'decided':
      case 'monotonic':
        break;
      case 'rows':
        aggregates.push(
          `count(*) FILTER (WHERE ${finding.failing}) AS f${i}`,
          `count(*) FILTER (WHERE ${finding.total}) AS n${i}`,
        );
        break;
      case 'unique': {
        const present = allPresent(finding.keys);
        const key = keyOf(finding.keys);
        aggregates.push(
          `count(*) FILTER (WHERE ${present}) - count(DISTINCT ${key}) FILTER (WHERE ${present}) AS f${i}`,
          `count(*) FILTER (WHERE ${present}) AS n${i}`,
        );
        break;
      }
      default:
        assertNever(finding);
    }
  });
  const [row = {}] =
    aggregates.length > 0 ? await engine.query(`SELECT ${aggregates.join(', ')} FROM ${plan.relation}`) : [];
  const counts: Counts[] = [];
  for (const [i, { finding }] of plan.checks.entries()) {
    if (finding.kind === 'decided') counts.push(finding);
    else if (finding.kind === 'monotonic') counts.push(await countMonotonic(engine, plan, finding));
    else counts.push({ failing: Number(row[`f${i}`]), total: Number(row[`n${i}`]) });
  }
  return counts;
}

async function countMonotonic(
  engine: SqlEngine,
  plan: Plan,
  finding: { readonly value: string; readonly direction: 'increasing' | 'decreasing' },
): Promise<Counts> {
  const [row = {}] = await engine.query(
    `SELECT count(*) FILTER (WHERE ${againstDirection(finding.direction)}) AS f, count(*) AS n FROM ${steps(plan, finding.value)}`,
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
  plan: Plan,
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
        return first(plan.relation, finding.failing);
      case 'unique': {
        const nth = `row_number() OVER (PARTITION BY ${finding.keys.join(', ')} ORDER BY r)`;
        const numbered = `(SELECT *, ${nth} AS nth FROM ${plan.relation} WHERE ${allPresent(finding.keys)}) AS u`;
        return first(numbered, 'nth > 1');
      }
      case 'monotonic':
        return first(steps(plan, finding.value), againstDirection(finding.direction));
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
function steps(plan: Plan, value: string): string {
  return `(SELECT *, ${value} AS here, lag(${value}) OVER (ORDER BY r) AS before FROM ${plan.relation} WHERE ${value} IS NOT NULL) AS w`;
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
    passed: failing <= check.maxFailing * total,
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
