import type { ColumnSchema, DatasetConfig } from '../../config/data.js';
import { nearest } from '../../config/nearest.js';
import { UserError } from '../../errors.js';
import type { Place } from '../places.js';
import type { SourceTable, TableColumn } from '../table.js';
import { effectiveType } from './bounds.js';
import { columnChecks, shortList } from './column.js';
import { datasetChecks } from './dataset.js';
import { type KnownColumn, knownColumn, type PlannedCheck } from './finding.js';
import type { ColumnFacts } from './infer.js';
import type { Suite } from './suite.js';

/**
 * Compiles columns and checks into SQL. Missing values are skipped by every check but `required` and `max_missing`;
 * a value that is not of its column's type fails that check alone and is skipped by the others.
 */

export interface PlanOptions {
  readonly table: SourceTable;
  readonly config: DatasetConfig;
  /** Now, in milliseconds since 1970; for freshness. */
  readonly now: number;
  /** Datasets that foreign keys refer to, by name. */
  readonly others: ReadonlyMap<string, SourceTable>;
  /** Suites and schemas that checks name, by path. */
  readonly suites: ReadonlyMap<string, Suite>;
  /** What the values of columns are like, for what suites say of types; empty when none does. */
  readonly inferred: ReadonlyMap<string, ColumnFacts>;
  /** Where a path below the dataset stands in assay.yml. */
  locate(path: readonly (string | number)[]): UserError['location'];
}

export interface Plan {
  readonly checks: readonly PlannedCheck[];
  /** Every column of the file, with the type it is held against or, when none is declared, the file's. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Regular expressions to try before anything else, and where they stand. */
  readonly patterns: readonly { readonly pattern: string; readonly path: readonly (string | number)[] }[];
}

/** What the checks of one dataset have in common. */
export interface Scope extends PlanOptions {
  readonly known: ReadonlyMap<string, KnownColumn>;
  /** Throws UserError, with the nearest name, for a column that is not there. */
  column(name: string): KnownColumn;
}

/** Throws UserError, placed by `locate` (paths below the dataset), for a check that cannot be asked of this dataset. */
export function planChecks(options: PlanOptions): Plan {
  const { config, table } = options;
  const known = new Map<string, KnownColumn>(
    table.columns.map((column, i) => {
      const schema = Object.hasOwn(config.columns, column.name) ? config.columns[column.name] : undefined;
      return [column.name, knownColumn(column, i, schema && effectiveType(schema))];
    }),
  );
  const scope: Scope = { ...options, known, column: (name) => columnOf(known, name) };
  const placing = <T>(path: readonly (string | number)[], build: () => T): T => {
    try {
      return build();
    } catch (error) {
      if (!(error instanceof UserError) || error.location) throw error;
      const location = options.locate(path);
      throw new UserError(error.message, {
        ...(error.mend && { mend: error.mend }),
        ...(location && { location }),
      });
    }
  };
  const checks = [
    ...readableCheck(table),
    ...extraColumns(config, table),
    ...Object.entries(config.columns).flatMap(([name, schema]) =>
      placing(['columns', name], () => {
        const column = known.get(name);
        return column ? columnChecks(name, schema, column) : absentColumn(name, schema, config, table);
      }),
    ),
    ...config.checks.flatMap((check, i) => placing(['checks', i], () => datasetChecks(check, i, scope))),
    ...emptyCheck(config, table),
  ];
  return {
    checks,
    columns: [...known.values()].map(({ column, type }) => ({
      name: column.name,
      type: type ?? storedType(column),
    })),
    patterns: [
      ...patternsOf(config.columns, ['columns']),
      ...config.checks.flatMap((check, i) =>
        'columns' in check ? patternsOf(check.columns, ['checks', i, 'columns']) : [],
      ),
      ...checks.flatMap(({ patterns = [], path }) => patterns.map((pattern) => ({ pattern, path }))),
    ],
  };
}

function patternsOf(
  columns: Readonly<Record<string, ColumnSchema>>,
  path: readonly (string | number)[],
): Plan['patterns'] {
  return Object.entries(columns).flatMap(([name, { pattern }]) =>
    pattern === undefined ? [] : [{ pattern, path: [...path, name, 'pattern'] }],
  );
}

function columnOf(known: ReadonlyMap<string, KnownColumn>, name: string): KnownColumn {
  const column = known.get(name);
  if (column) return column;
  const near = nearest(name, [...known.keys()]);
  throw new UserError(`there is no column ${JSON.stringify(name)} in the data`, {
    mend:
      near === undefined
        ? `columns there are: ${shortList([...known.keys()])}`
        : `did you mean ${JSON.stringify(near)}?`,
  });
}

function storedType({ storage }: TableColumn): string {
  if (storage.kind === 'native') return storage.type.toLowerCase();
  return storage.kind === 'json' ? 'json' : 'string';
}

function readableCheck(table: SourceTable): readonly PlannedCheck[] {
  const unit = table.rowsAre === 'lines' ? 'line' : 'row';
  if (table.rowsAre === 'rows' && table.rejected === 0) return [];
  const named = table.rejections.map(({ place, reason }) => {
    const file = table.files.length > 1 ? `${place.file}:` : `${unit} `;
    return `${file}${place.number}: ${reason}`;
  });
  return [
    {
      ...decided(`every ${unit} can be read`, {
        failing: table.rejected,
        total: table.read + table.rejected,
        places: table.rejections.map(({ place }) => place),
      }),
      detail: named.length > 0 ? named.join('; ') : null,
      path: ['source'],
    },
  ];
}

function extraColumns(config: DatasetConfig, table: SourceTable): readonly PlannedCheck[] {
  if (config.extra_columns === 'allow') return [];
  const extra = table.columns.filter(({ name }) => !Object.hasOwn(config.columns, name));
  const shown = extra.slice(0, 10).map(({ name }) => JSON.stringify(name));
  if (extra.length > shown.length) shown.push(`and ${extra.length - shown.length} more`);
  return [
    {
      ...decided('no column that is not declared', { failing: extra.length, total: table.columns.length }),
      severity: config.extra_columns === 'warn' ? 'warn' : 'error',
      detail: shown.length > 0 ? `not declared: ${shown.join(', ')}` : null,
      path: ['extra_columns'],
    },
  ];
}

/** A dataset without a row passes every other check, so it is said, unless assay.yml speaks of the number of rows itself. */
function emptyCheck(config: DatasetConfig, table: SourceTable): readonly PlannedCheck[] {
  if (config.checks.some((check) => 'rows' in check)) return [];
  return [
    {
      ...decided('rows: at least 1', { failing: table.read === 0 ? 1 : 0, total: 1 }),
      detail: table.read === 0 ? 'the dataset has no rows' : null,
      path: ['source'],
    },
  ];
}

function absentColumn(
  name: string,
  schema: ColumnSchema,
  config: DatasetConfig,
  table: SourceTable,
): readonly PlannedCheck[] {
  const optional = schema.required === false;
  const undeclared = table.columns
    .map((column) => column.name)
    .filter((other) => !Object.hasOwn(config.columns, other));
  const near = nearest(name, undeclared);
  const detail = `missing column${near === undefined ? '' : `; nearest: ${JSON.stringify(near)}`}`;
  return [
    {
      ...decided(`${name}: exists`, { failing: optional ? 0 : 1, total: 1 }),
      column: name,
      severity: schema.severity ?? 'error',
      detail: optional ? `${detail} (allowed by required: false)` : detail,
      path: ['columns', name],
    },
  ];
}

/** A check whose answer is known without looking at rows. */
export function decided(
  check: string,
  counts: { readonly failing: number; readonly total: number; readonly places?: readonly Place[] },
): Omit<PlannedCheck, 'path'> {
  const { places, ...judged } = counts;
  return {
    check,
    column: null,
    severity: 'error',
    maxFailing: 0,
    finding: { kind: 'decided', judged, ...(places && { places }) },
    reads: [],
    value: null,
    detail: null,
  };
}
