import type { ColumnSchema, DataCheck, DatasetConfig } from '../config/data.js';
import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';
import { plural } from '../format.js';
import { effectiveType } from './bounds.js';
import { columnChecks, type KnownColumn, type PlannedCheck, range, shortList } from './column-checks.js';
import type { Place } from './places.js';
import type { SourceTable, TableColumn } from './table.js';

/**
 * Compiles columns and checks into SQL. Missing values are skipped by every check but `required` and `max_missing`;
 * a value that is not of its column's type fails that check alone and is skipped by the others.
 */

export interface Plan {
  readonly checks: readonly PlannedCheck[];
  /** Every column of the file, with the type it is held against or, when none is declared, the file's. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Regular expressions to try before anything else, and where they stand. */
  readonly patterns: readonly { readonly pattern: string; readonly path: readonly (string | number)[] }[];
}

/** Throws UserError, placed by `locate` (paths below the dataset), for a check that cannot be asked of this dataset. */
export function planChecks(
  config: DatasetConfig,
  table: SourceTable,
  locate: (path: readonly (string | number)[]) => UserError['location'],
): Plan {
  const known = new Map<string, KnownColumn>(
    table.columns.map((column, i) => {
      const schema = config.columns[column.name];
      const type = schema && effectiveType(schema);
      return [column.name, { column, type, stored: `p${i}`, text: `s${i}`, typed: type ? `t${i}` : `s${i}` }];
    }),
  );
  const placing = <T>(path: readonly (string | number)[], build: () => T): T => {
    try {
      return build();
    } catch (error) {
      if (!(error instanceof UserError) || error.location) throw error;
      const location = locate(path);
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
    ...config.checks.map((check, i) =>
      placing(['checks', i], () => datasetCheck(check, i, { known, table })),
    ),
    ...emptyCheck(config, table),
  ];
  return {
    checks,
    columns: [...known.values()].map(({ column, type }) => ({
      name: column.name,
      type: type ?? storedType(column),
    })),
    patterns: Object.entries(config.columns).flatMap(([name, { pattern }]) =>
      pattern === undefined ? [] : [{ pattern, path: ['columns', name, 'pattern'] }],
    ),
  };
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

function decided(
  check: string,
  counts: { readonly failing: number; readonly total: number; readonly places?: readonly Place[] },
): Omit<PlannedCheck, 'path'> {
  return {
    check,
    column: null,
    severity: 'error',
    maxFailing: 0,
    finding: { kind: 'decided', ...counts },
    reads: [],
    value: null,
    detail: null,
  };
}

function datasetCheck(
  check: DataCheck,
  index: number,
  { known, table }: { readonly known: ReadonlyMap<string, KnownColumn>; readonly table: SourceTable },
): PlannedCheck {
  const base = {
    column: null,
    severity: check.severity ?? ('error' as const),
    maxFailing: check.max_failing ?? 0,
    reads: [],
    value: null,
    detail: null,
    path: ['checks', index],
  };
  if ('rows' in check) {
    const { min, max } = check.rows;
    const fits = table.read >= (min ?? 0) && table.read <= (max ?? Number.POSITIVE_INFINITY);
    return {
      ...base,
      check: check.name ?? `rows: ${range(min, max)}`,
      finding: { kind: 'decided', failing: fits ? 0 : 1, total: 1 },
      detail: `the dataset has ${table.read === 0 ? 'no rows' : plural(table.read, 'row')}`,
    };
  }
  if ('unique' in check) {
    const reads = check.unique.map((name) => {
      const column = known.get(name);
      if (column) return column;
      const near = nearest(name, [...known.keys()]);
      throw new UserError(`there is no column ${JSON.stringify(name)} in the data`, {
        mend:
          near === undefined
            ? `columns there are: ${shortList([...known.keys()])}`
            : `did you mean ${JSON.stringify(near)}?`,
      });
    });
    return {
      ...base,
      check: check.name ?? `${check.unique.join(', ')}: unique`,
      finding: { kind: 'unique', keys: reads.map(({ typed }) => typed) },
      reads,
    };
  }
  throw new UserError(`the check "${checkKind(check)}" is not available in this version`, {
    mend: 'checks there are: rows, unique, and those of columns',
  });
}

/** The kinds that are refused; does not compile when the schema learns a kind that is handled nowhere. */
function checkKind(check: Exclude<DataCheck, { rows: unknown } | { unique: unknown }>): string {
  if ('sql' in check) return 'sql';
  if ('expectations' in check) return 'expectations';
  if ('freshness' in check) return 'freshness';
  return 'foreign_key' satisfies keyof typeof check;
}
