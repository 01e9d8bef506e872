import type { DatasetConfig } from '../../config/data.js';
import { assertNever } from '../../errors.js';
import type { SqlEngine } from '../ports.js';
import type { SourceTable, TableColumn } from '../table.js';
import { textOf, typedValueOf, writtenAs } from '../values.js';
import { guessType, type ProfileType, wider } from './infer.js';

/** A column with the type that is tried on it. */
export interface Attempt {
  readonly column: TableColumn;
  readonly type: ProfileType;
  /** True when assay.yml gives the type. */
  readonly declared: boolean;
}

/** How many values are there, and how many of them are of the type. */
export interface Counted {
  readonly present: number;
  readonly valid: number;
}

const SAMPLE = 1000;

/** The declared types, and guesses from some present values; whether they hold is counted when all are read. */
export async function firstAttempts(options: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly config: Pick<DatasetConfig, 'columns'>;
}): Promise<readonly Attempt[]> {
  const { engine, table, config } = options;
  const samples = await samplesOf(engine, table);
  return table.columns.map((column, i) => {
    const declared = Object.hasOwn(config.columns, column.name)
      ? config.columns[column.name]?.type
      : undefined;
    return {
      column,
      type: declared ?? guessType(column, samples[i] ?? []),
      declared: declared !== undefined,
    };
  });
}

/** What to try next; the same attempt when it holds. */
export function nextAttempt(attempt: Attempt, { present, valid }: Counted): Attempt {
  // A file's own types are taken as they are: a NaN among numbers is a value that is none.
  if (valid === present || attempt.declared || attempt.column.storage.kind === 'native') return attempt;
  const type = wider(attempt.type, attempt.column);
  return type === attempt.type ? attempt : { ...attempt, type };
}

/**
 * SQL of a column's value: HUGEINT for integers, DOUBLE for numbers, BOOLEAN, microseconds since 1970 (BIGINT) for dates and
 * timestamps, VARCHAR for the rest. NULL when missing or not of the type.
 */
export function valueSql({ column, type }: Attempt): string {
  switch (type) {
    case 'integer':
    case 'number':
    case 'boolean':
    case 'string':
      return typedValueOf(column, type);
    case 'date':
    case 'timestamp': {
      const time = typedValueOf(column, type);
      return `CASE WHEN isfinite(${time}) THEN epoch_us(${time}) END`;
    }
    case 'other':
      return textOf(column);
    default:
      return assertNever(type);
  }
}

export type NumericType = 'integer' | 'number' | 'date' | 'timestamp';

export function isNumeric(type: ProfileType): type is NumericType {
  return type === 'integer' || type === 'number' || type === 'date' || type === 'timestamp';
}

/** The value of a numeric column as DOUBLE: NaN when it is missing, infinite when it is not of the type. */
export function numberSql(attempt: Attempt & { readonly type: NumericType }): string {
  const { type, column } = attempt;
  const { sql, storage } = column;
  const cases = [`WHEN ${sql} IS NULL THEN CAST('nan' AS DOUBLE)`];
  const valid = (value: string) => `COALESCE(CAST(${value} AS DOUBLE), CAST('inf' AS DOUBLE))`;
  if (storage.kind === 'text') {
    // Spelled out, so that neither the pattern nor the cast is tried twice.
    const { matches, value } = writtenAs(sql, type);
    if (type === 'integer') {
      // What is written back as it was read needs no pattern: three times as fast.
      const quick = `TRY_CAST(${sql} AS BIGINT)`;
      cases.unshift(`WHEN CAST(${quick} AS VARCHAR) = ${sql} THEN CAST(${quick} AS DOUBLE)`);
    }
    const number = type === 'date' || type === 'timestamp' ? `epoch_us(${value})` : value;
    cases.push(`WHEN ${matches} THEN ${valid(number)}`, `ELSE CAST('inf' AS DOUBLE)`);
  } else cases.push(`ELSE ${valid(valueSql(attempt))}`);
  return `CASE ${cases.join(' ')} END`;
}

/** Some present values of each column that the file does not type; columns without any in the first rows are sought further. */
async function samplesOf(engine: SqlEngine, table: SourceTable): Promise<readonly (readonly string[])[]> {
  const samples: string[][] = table.columns.map(() => []);
  const open = table.columns.flatMap(({ storage, sql }, i) =>
    storage.kind === 'native' ? [] : [{ i, sql }],
  );
  if (open.length === 0) return samples;
  const texts = (rows: readonly Readonly<Record<string, unknown>>[], i: number) =>
    rows.flatMap((row) => (row[`v${i}`] === null ? [] : [String(row[`v${i}`])]));
  const selected = open.map(({ sql, i }) => `${sql} AS v${i}`).join(', ');
  const rows = await engine.query(`SELECT ${selected} FROM ${table.relation} LIMIT ${SAMPLE}`);
  for (const { i, sql } of open) {
    samples[i] = texts(rows, i);
    if (samples[i].length > 0 || rows.length < SAMPLE) continue;
    const present = `SELECT ${sql} AS v${i} FROM ${table.relation} WHERE ${sql} IS NOT NULL LIMIT ${SAMPLE}`;
    samples[i] = texts(await engine.query(present), i);
  }
  return samples;
}
