import type { ColumnSchema, DataCheck } from '../../config/data.js';
import { assertNever, UserError } from '../../errors.js';
import { plural } from '../../format.js';
import { effectiveType } from './bounds.js';
import { columnChecks, range } from './column.js';
import { compileCondition } from './condition.js';
import { distributionChecks } from './distribution.js';
import { type KnownColumn, knownColumn, type Measured, type PlannedCheck, uniqueFinding } from './finding.js';
import { foreignKeyCheck } from './foreign-key.js';
import { freshnessCheck } from './freshness.js';
import type { Scope } from './plan.js';
import { suiteChecks } from './suite.js';

/** One entry of `checks:` as checks. Throws UserError for what this dataset cannot be asked. */
export function datasetChecks(check: DataCheck, index: number, scope: Scope): readonly PlannedCheck[] {
  const restriction = restrict(check, scope);
  return inner(check, scope, { severity: check.severity ?? 'error', maxFailing: check.max_failing ?? 0 }).map(
    (planned): PlannedCheck => ({
      ...planned,
      ...(check.severity && { severity: check.severity }),
      ...(check.max_failing !== undefined && { maxFailing: check.max_failing }),
      ...(check.name !== undefined && { check: check.name }),
      path: ['checks', index, ...planned.path],
      ...restricted(planned, restriction),
    }),
  );
}

interface Restriction {
  readonly where: string | undefined;
  readonly by: readonly string[] | undefined;
  readonly reads: PlannedCheck['reads'];
  /** `when`, in words, for the names of checks. */
  readonly words: string;
}

function restrict(check: DataCheck, scope: Scope): Restriction {
  const condition =
    check.when === undefined
      ? undefined
      : compileCondition(check.when, { dialect: 'sql', column: scope.column });
  const groups = check.by?.map((name) => scope.column(name));
  return {
    where: condition?.sql,
    by: groups?.map(({ stored, column, text }) => (column.storage.kind === 'native' ? stored : text)),
    reads: [...(condition?.reads ?? []), ...(groups ?? []).flatMap(({ reads }) => reads)],
    words: [
      ...(check.when === undefined ? [] : [` when ${check.when}`]),
      ...(check.by === undefined ? [] : [` by ${check.by.join(', ')}`]),
    ].join(''),
  };
}

function restricted(planned: PlannedCheck, restriction: Restriction): Partial<PlannedCheck> {
  if (restriction.words === '') return {};
  const { kind } = planned.finding;
  const groupable = kind === 'measured';
  if (kind === 'decided' && !planned.finding.judged.passed)
    return { check: `${planned.check}${restriction.words}` };
  if (!groupable && (restriction.by || kind === 'query' || kind === 'decided')) {
    throw new UserError(`"${restriction.by ? 'by' : 'when'}" does not go with this check`, {
      mend:
        kind === 'query'
          ? 'write WHERE and GROUP BY in the query itself'
          : 'it goes with rows, unique, distribution, freshness and columns',
    });
  }
  const where = [planned.where, restriction.where].filter((part) => part !== undefined);
  return {
    check: `${planned.check}${restriction.words}`,
    ...(where.length > 0 && { where: where.map((part) => `(${part})`).join(' AND ') }),
    ...(restriction.by && { by: restriction.by }),
    reads: [...planned.reads, ...restriction.reads],
  };
}

type Base = Pick<PlannedCheck, 'severity' | 'maxFailing'>;

function inner(check: DataCheck, scope: Scope, asked: Base): readonly PlannedCheck[] {
  const base = { ...asked, column: null, reads: [], value: null, detail: null, path: [] };
  if ('rows' in check) {
    const { min, max } = check.rows;
    return [{ ...base, check: `rows: ${range(min, max)}`, finding: rowCount(check.rows) }];
  }
  if ('unique' in check) {
    const columns = check.unique.map((name) => scope.column(name));
    return [
      {
        ...base,
        check: `${check.unique.join(', ')}: unique`,
        finding: uniqueFinding(columns.map(({ typed }) => typed)),
        reads: columns.flatMap(({ reads }) => reads),
      },
    ];
  }
  if ('columns' in check) {
    return Object.entries(check.columns).flatMap(([name, schema]) =>
      columnChecks(name, { ...asSchema(asked), ...schema }, retyped(scope, name, schema)).map((planned) => ({
        ...planned,
        path: planned.path,
      })),
    );
  }
  if ('distribution' in check) return distributionChecks(check.distribution, scope, base);
  if ('freshness' in check) return [freshnessCheck(check.freshness, scope, base)];
  if ('foreign_key' in check) return [foreignKeyCheck(check.foreign_key, scope, base)];
  if ('sql' in check) {
    return [
      {
        ...base,
        check: `no row of: ${check.sql.replace(/\s+/g, ' ').trim().slice(0, 80)}`,
        finding: { kind: 'query', sql: check.sql },
      },
    ];
  }
  if ('expectations' in check) return suiteChecks(check.expectations, scope, base);
  if ('table_schema' in check) return suiteChecks(check.table_schema, scope, base);
  if ('pandera' in check) return suiteChecks(check.pandera, scope, base);
  return assertNever(check);
}

function asSchema({ severity, maxFailing }: Base): Pick<ColumnSchema, 'severity' | 'max_failing'> {
  return { severity, ...(maxFailing > 0 && { max_failing: maxFailing }) };
}

/** The column with the type that these checks give it. */
export function retyped(scope: Scope, name: string, schema: ColumnSchema): KnownColumn {
  const column = scope.column(name);
  const type = effectiveType(schema) ?? column.type;
  const index = scope.table.columns.findIndex((other) => other.name === name);
  return type === column.type ? column : knownColumn(column.column, index, type);
}

function rowCount({
  min,
  max,
}: {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}): Measured {
  return {
    kind: 'measured',
    terms: ['count(*)'],
    judge: ([count]) => {
      const rows = Number(count);
      const fits = rows >= (min ?? 0) && rows <= (max ?? Number.POSITIVE_INFINITY);
      return {
        failing: fits ? 0 : 1,
        total: 1,
        passed: fits,
        detail: `there are ${rows === 0 ? 'no rows' : plural(rows, 'row')}`,
      };
    },
    failing: null,
  };
}
