import type { ColumnSchema, DataCheck, DatasetConfig, Severity } from '../config/data.js';
import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';
import { formatNumber, plural } from '../format.js';
import { allowedLiterals, boundLiteral, effectiveType } from './bounds.js';
import { listLiteral, textLiteral } from './literals.js';
import type { Place } from './places.js';
import type { SourceTable, TableColumn } from './table.js';
import { textOf, typedValueOf, type ValueType } from './values.js';

/**
 * Compiles columns and checks into SQL. Missing values are skipped by every check but `required` and `max_missing`;
 * a value that is not of its column's type fails that check alone and is skipped by the others.
 */

/** How a check's failing rows are found. SQL speaks of the relation `v` (see `valuesRelation`), row index `r`. */
export type Finding =
  /** Decided by the schema or the number of rows alone. */
  | {
      readonly kind: 'decided';
      readonly failing: number;
      readonly total: number;
      /** Where, when it is about lines of the files. */
      readonly places?: readonly Place[];
    }
  /** Rows where the condition holds fail; `total` counts what was looked at. */
  | { readonly kind: 'rows'; readonly failing: string; readonly total: string }
  /** Rows that repeat an earlier key fail; rows with a missing part of the key are skipped. */
  | { readonly kind: 'unique'; readonly keys: readonly string[] }
  /** Rows that go against the direction, compared with the present value before, fail. */
  | { readonly kind: 'monotonic'; readonly value: string; readonly direction: 'increasing' | 'decreasing' };

export interface PlannedCheck {
  /** What is asked, in words. */
  readonly check: string;
  readonly column: string | null;
  readonly severity: Severity;
  /** Largest share of failing values that still passes. */
  readonly maxFailing: number;
  readonly finding: Finding;
  /** SQL of the offending value as text; null when there is none to show. */
  readonly value: string | null;
  readonly detail: string | null;
  /** Where it stands below the dataset in assay.yml. */
  readonly path: readonly (string | number)[];
}

export interface Plan {
  readonly checks: readonly PlannedCheck[];
  /** Every column of the file, with the type it is held against or, when none is declared, the file's. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** SQL of the relation that the checks speak of, to stand behind FROM. */
  readonly relation: string;
  /** Regular expressions to try before anything else, and where they stand. */
  readonly patterns: readonly { readonly pattern: string; readonly path: readonly (string | number)[] }[];
}

interface KnownColumn {
  readonly column: TableColumn;
  readonly type: ValueType | undefined;
  /** Names in `v`: the value as stored, as text and as its type. */
  readonly stored: string;
  readonly text: string;
  readonly typed: string;
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
    relation: valuesRelation(table, [...known.values()]),
    patterns: Object.entries(config.columns).flatMap(([name, { pattern }]) =>
      pattern === undefined ? [] : [{ pattern, path: ['columns', name, 'pattern'] }],
    ),
  };
}

function storedType({ storage }: TableColumn): string {
  if (storage.kind === 'native') return storage.type.toLowerCase();
  return storage.kind === 'json' ? 'json' : 'string';
}

function valuesRelation(table: SourceTable, columns: readonly KnownColumn[]): string {
  const expressions = columns.flatMap(({ column, type, stored, text, typed }) => [
    `${column.sql} AS ${stored}`,
    `${textOf(column)} AS ${text}`,
    ...(type ? [`${typedValueOf(column, type)} AS ${typed}`] : []),
  ]);
  return `(SELECT ${[`${table.row} AS r`, ...expressions].join(', ')} FROM ${table.relation}) AS v`;
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
    value: null,
    detail: null,
  };
}

function columnChecks(name: string, schema: ColumnSchema, known: KnownColumn): readonly PlannedCheck[] {
  const { stored, text, typed, type } = known;
  const base = {
    column: name,
    severity: schema.severity ?? ('error' as const),
    maxFailing: schema.max_failing ?? 0,
    value: text,
    detail: null,
  };
  const ask = (key: string, words: string, finding: Finding, rest: Partial<PlannedCheck> = {}) => ({
    ...base,
    check: `${name}: ${words}`,
    finding,
    path: ['columns', name, key],
    ...rest,
  });
  /** Values that are there and of the type are counted; those that meet the condition fail. */
  const where = (condition: string): Finding => ({
    kind: 'rows',
    failing: `${typed} IS NOT NULL AND (${condition})`,
    total: `${typed} IS NOT NULL`,
  });
  const checks: PlannedCheck[] = [];

  const maxMissing = schema.required ? 0 : schema.max_missing;
  if (maxMissing !== undefined) {
    const words =
      maxMissing === 0 ? 'no missing value' : `at most ${formatNumber(maxMissing * 100)}% missing values`;
    const finding: Finding = { kind: 'rows', failing: `${stored} IS NULL`, total: 'true' };
    checks.push(
      ask(schema.required ? 'required' : 'max_missing', words, finding, {
        maxFailing: maxMissing,
        value: null,
      }),
    );
  }
  if (type) {
    const finding: Finding = {
      kind: 'rows',
      failing: `${stored} IS NOT NULL AND ${typed} IS NULL`,
      total: `${stored} IS NOT NULL`,
    };
    const { storage } = known.column;
    const detail = storage.kind === 'native' ? `stored as ${storage.type}` : null;
    checks.push(ask(schema.type ? 'type' : impliedBy(schema), type, finding, { detail }));
  }
  if (schema.min !== undefined || schema.max !== undefined) {
    const conditions = [
      ...(schema.min === undefined ? [] : [`${typed} < ${boundLiteral(schema.min, type)}`]),
      ...(schema.max === undefined ? [] : [`${typed} > ${boundLiteral(schema.max, type)}`]),
    ];
    checks.push(
      ask(
        schema.min === undefined ? 'max' : 'min',
        range(schema.min, schema.max),
        where(conditions.join(' OR ')),
      ),
    );
  }
  if (schema.min_length !== undefined || schema.max_length !== undefined) {
    const conditions = [
      ...(schema.min_length === undefined ? [] : [`length(${text}) < ${schema.min_length}`]),
      ...(schema.max_length === undefined ? [] : [`length(${text}) > ${schema.max_length}`]),
    ];
    const words = `length ${range(schema.min_length, schema.max_length)}`;
    checks.push(
      ask(
        schema.min_length === undefined ? 'max_length' : 'min_length',
        words,
        where(conditions.join(' OR ')),
      ),
    );
  }
  if (schema.pattern !== undefined) {
    const condition = `NOT regexp_matches(${text}, ${textLiteral(schema.pattern)})`;
    checks.push(ask('pattern', `matches ${schema.pattern}`, where(condition)));
  }
  if (schema.allowed) {
    const { items, compare } = allowedLiterals(schema.allowed, type);
    const condition = `${compare === 'typed' ? typed : text} NOT IN ${listLiteral(items)}`;
    checks.push(ask('allowed', `one of ${shortList(schema.allowed.map(String))}`, where(condition)));
  }
  if (schema.unique) checks.push(ask('unique', 'unique', { kind: 'unique', keys: [typed] }));
  if (schema.monotonic) {
    const finding: Finding = { kind: 'monotonic', value: typed, direction: schema.monotonic };
    checks.push(
      ask('monotonic', `never ${schema.monotonic === 'increasing' ? 'decreasing' : 'increasing'}`, finding),
    );
  }
  return checks;
}

function impliedBy(schema: ColumnSchema): string {
  if (schema.min !== undefined) return 'min';
  return schema.max === undefined ? 'allowed' : 'max';
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
    const keys = check.unique.map((name) => {
      const column = known.get(name);
      if (column) return column.typed;
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
      finding: { kind: 'unique', keys },
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

function range(min: number | string | undefined, max: number | string | undefined): string {
  if (min === undefined) return max === undefined ? 'any' : `at most ${max}`;
  return max === undefined ? `at least ${min}` : `between ${min} and ${max}`;
}

function shortList(items: readonly string[]): string {
  return items.length <= 10
    ? items.join(', ')
    : `${items.slice(0, 10).join(', ')} and ${items.length - 10} more`;
}
