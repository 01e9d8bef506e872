import type { LoadedConfig } from '../../config/load.js';
import { UserError } from '../../errors.js';
import { textLiteral } from '../literals.js';
import type { SqlEngine } from '../ports.js';
import type { CheckResult, ValidationRecord } from '../record.js';
import { ROWS_NAMED, type SourceTable } from '../table.js';
import { countViolations, prepareNamed, violationRows } from './custom-sql.js';
import { type FailingRow, failingRows } from './failing-rows.js';
import { allPresent, type Judged, notIn, type PlannedCheck, valuesOf } from './finding.js';
import { measureAll } from './measure.js';
import { countSteps, loadOrdered } from './order.js';
import { type PlanOptions, planChecks } from './plan.js';

/** The part of a validation record that the data decides. */
export type ValidationResult = Pick<
  ValidationRecord,
  'digest' | 'rows' | 'rejected' | 'columns' | 'valid' | 'checks'
>;

/** Longest shown value, in characters; only with `show_values: true`. */
const LONGEST_VALUE = 100;

export interface ValidateOptions extends Omit<PlanOptions, 'locate'> {
  readonly engine: SqlEngine;
  readonly name: string;
  readonly locate: LoadedConfig['locate'];
}

/**
 * Runs the checks of a dataset: all that can be counted row by row are counted in one scan; what needs the order of
 * the rows, another dataset or the user's own SQL follows; and one more scan names the rows of those that fail.
 * Throws UserError, with its place in assay.yml, for a check that cannot be asked.
 */
export async function validateTable(options: ValidateOptions): Promise<ValidationResult> {
  const { engine, table, config } = options;
  const locate = (path: readonly (string | number)[]) => options.locate(['data', options.name, ...path]);
  const plan = planChecks({ ...options, locate });
  for (const { pattern, path } of plan.patterns) await tryPattern(engine, pattern, locate(path));
  const judged = await judgeAll(options, plan.checks, locate);
  // Rows within a tolerance are counted, not named: naming them would read the data once more.
  const failing = plan.checks.flatMap((check, i) => (passes(check, judged[i]) ? [] : [check]));
  const rows = await failingRows({ engine, table, checks: failing, planned: plan.checks });
  const checks = await Promise.all(
    plan.checks.map(async (check, i) => {
      const result = judged[i] ?? { failing: 0, total: 0 };
      const { finding } = check;
      const found =
        !passes(check, result) && finding.kind === 'query'
          ? await violationRows(engine, finding.sql)
          : rows.get(check);
      return checkResult({ check, judged: result, table, rows: found ?? [], show: config.show_values });
    }),
  );
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
    if (cause instanceof UserError) {
      throw new UserError(cause.message, {
        ...(location && { location }),
        ...(cause.mend !== undefined && { mend: cause.mend }),
        cause,
      });
    }
    const reason =
      cause instanceof Error ? cause.message.replace(/^Invalid Input Error: /, '') : String(cause);
    throw new UserError(`${JSON.stringify(pattern)} is not a regular expression: ${reason}`, {
      ...(location && { location }),
      mend: 'the syntax is RE2 (no look-around, no back-references): https://github.com/google/re2/wiki/Syntax',
      cause,
    });
  }
}

/** What came of each check, in order. */
async function judgeAll(
  { engine, table, config }: ValidateOptions,
  checks: readonly PlannedCheck[],
  locate: (path: readonly (string | number)[]) => UserError['location'],
): Promise<readonly (Judged | undefined)[]> {
  const judged = new Map(await measureAll({ engine, table, checks }));
  await loadOrdered({ engine, table, checks });
  const own = checks.find(({ finding }) => finding.kind === 'query');
  if (own && engine.cluster) await refuseOwnSql(engine, locate(own.path));
  if (own) await prepareNamed({ engine, table, config });
  for (const check of checks) {
    const { finding } = check;
    switch (finding.kind) {
      case 'measured':
        break;
      case 'decided':
        judged.set(check, finding.judged);
        break;
      case 'monotonic':
        judged.set(check, await countSteps(engine, checks, check));
        break;
      case 'foreign': {
        const present = allPresent(finding.keys);
        const [row = {}] = await engine.query(
          `SELECT count(*) FILTER (WHERE ${notIn(finding)}) AS f, count(*) AS n FROM ${valuesOf(table, check.reads)} WHERE ${present}${check.where ? ` AND (${check.where})` : ''}`,
        );
        judged.set(check, { failing: Number(row.f), total: Number(row.n) });
        break;
      }
      case 'query':
        judged.set(
          check,
          await countViolations(engine, { sql: finding.sql, rows: table.read, location: locate(check.path) }),
        );
        break;
    }
  }
  return checks.map((check) => judged.get(check));
}

function passes({ maxFailing }: PlannedCheck, judged: Judged | undefined): boolean {
  const { failing = 0, total = 0, passed } = judged ?? {};
  return passed ?? (failing === 0 || failing / total <= maxFailing);
}

/** Queries of the user's are in the SQL of DuckDB; another engine says so at the check. */
async function refuseOwnSql(engine: SqlEngine, location: UserError['location']): Promise<void> {
  await engine.checkSelect('').catch((cause: UserError) => {
    throw new UserError(cause.message, {
      ...(location && { location }),
      ...(cause.mend !== undefined && { mend: cause.mend }),
      cause,
    });
  });
}

function checkResult(found: {
  readonly check: PlannedCheck;
  readonly judged: Judged;
  readonly table: SourceTable;
  readonly rows: readonly FailingRow[];
  readonly show: boolean;
}): CheckResult {
  const { check, judged, table } = found;
  const { failing, total } = judged;
  const places =
    check.finding.kind === 'decided'
      ? (check.finding.places ?? [])
      : found.rows.slice(0, ROWS_NAMED).map(({ index }) => table.place(index));
  const detail = [check.detail, judged.detail].filter(
    (part) => part !== null && part !== undefined && part !== '',
  );
  return {
    check: check.check,
    column: check.column,
    passed: passes(check, judged),
    severity: check.severity,
    failing,
    total,
    rows: places.map(({ number }) => number),
    rows_are: table.rowsAre,
    ...(table.files.length > 1 && { files: places.map(({ file }) => file) }),
    ...(found.show && check.value !== null && { values: found.rows.map(({ value }) => shown(value)) }),
    detail: detail.length > 0 ? detail.join('; ') : null,
    path: [...check.path],
  };
}

function shown(value: string | null): string {
  const text = value ?? '';
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
