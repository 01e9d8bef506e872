import type { DatasetConfig } from '../../config/data.js';
import { assertNever } from '../../errors.js';
import type { SqlEngine } from '../ports.js';
import type { SourceTable, TableColumn } from '../table.js';
import { textOf, typedValueOf } from '../values.js';
import { guessType, type ProfileType, wider } from './infer.js';

/**
 * A column with its type settled, and the SQL of its values: BIGINT or HUGEINT for integers, DOUBLE for numbers, BOOLEAN,
 * microseconds since 1970 (BIGINT) for dates and timestamps, VARCHAR for the rest. NULL when missing or not of the type.
 */
export interface TypedColumn {
  readonly name: string;
  readonly type: ProfileType;
  /** True when assay.yml gives the type. */
  readonly declared: boolean;
  readonly relation: string;
  readonly sql: string;
  /** Values that are there, of the type or not. */
  readonly present: number;
  /** Values of the type. */
  readonly valid: number;
  /** About how many distinct values, within some percent; for numbers and times. */
  readonly roughlyDistinct: number;
  /** Integers beyond 2^53, where two may be the same double. */
  readonly wide: boolean;
}

interface Attempt {
  readonly column: TableColumn;
  readonly type: ProfileType;
  readonly declared: boolean;
  /** Integers beyond 64 bits were seen. */
  readonly huge: boolean;
}

const SAMPLE = 1000;
/** Aggregates of one statement: one scan for most datasets, and a bounded statement for all. */
const COLUMNS_AT_ONCE = 200;

/**
 * Settles the type of every column. A file of typed columns (Parquet) is read where it is; any other is parsed once, into
 * a table of typed values. An undeclared type that does not fit every value is widened, and the table made again.
 */
export async function typeColumns(options: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly config: Pick<DatasetConfig, 'columns'>;
}): Promise<readonly TypedColumn[]> {
  const { engine, table, config } = options;
  const samples = await samplesOf(engine, table);
  let attempts: readonly Attempt[] = table.columns.map((column, i) => {
    const declared = Object.hasOwn(config.columns, column.name)
      ? config.columns[column.name]?.type
      : undefined;
    const type = declared ?? guessType(column, samples[i] ?? []);
    return { column, type, declared: declared !== undefined, huge: false };
  });
  // On a cluster every value is wanted many times, and is kept there.
  const inPlace = !engine.cluster && table.columns.every(({ storage }) => storage.kind === 'native');
  for (let round = 0; ; round++) {
    const places = inPlace
      ? attempts.map((attempt) => ({
          relation: table.relation,
          sql: sqlOf(attempt),
          there: `${attempt.column.sql} IS NOT NULL`,
        }))
      : await parse(engine, table, { attempts, name: `typed${round}` });
    const counted = await countColumns(engine, attempts, places);
    const next = attempts.map((attempt, i) => nextAttempt(attempt, counted[i] as Counted));
    if (next.every((attempt, i) => attempt === attempts[i])) {
      return attempts.map(({ column, type, declared }, i) => {
        const { relation, sql } = places[i] as Parsed;
        return { name: column.name, type, declared, relation, sql, ...(counted[i] as Counted) };
      });
    }
    if (!inPlace) await engine.query(`DROP TABLE typed${round}`);
    attempts = next;
  }
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

/** Where a column's values are, and SQL that is true where there is a value at all. */
interface Parsed {
  readonly relation: string;
  readonly sql: string;
  readonly there: string;
}

async function parse(
  engine: SqlEngine,
  table: SourceTable,
  { attempts, name }: { readonly attempts: readonly Attempt[]; readonly name: string },
): Promise<readonly Parsed[]> {
  const always = ({ column, type }: Attempt) => type === 'string' && column.storage.kind === 'text';
  const selected = attempts.flatMap((attempt, i) => [
    `${sqlOf(attempt)} AS p${i}`,
    ...(always(attempt) ? [] : [`${attempt.column.sql} IS NOT NULL AS n${i}`]),
  ]);
  await engine.query(`CREATE TABLE ${name} AS SELECT ${selected.join(', ')} FROM ${table.relation}`);
  return attempts.map((attempt, i) => ({
    relation: name,
    sql: `p${i}`,
    there: always(attempt) ? `p${i} IS NOT NULL` : `n${i}`,
  }));
}

function sqlOf({ column, type, huge }: Attempt): string {
  switch (type) {
    case 'integer': {
      const exact = typedValueOf(column, 'integer');
      if (huge) return exact;
      const { kind } = column.storage;
      const short = `TRY_CAST(${exact} AS BIGINT)`;
      if (kind === 'native') return short;
      // What is written back as it was read needs no regular expression: three times as fast.
      const quick = `TRY_CAST(${column.sql} AS BIGINT)`;
      return `CASE WHEN CAST(${quick} AS VARCHAR) = ${column.sql} THEN ${quick} ELSE ${short} END`;
    }
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

type Counted = Pick<TypedColumn, 'present' | 'valid' | 'roughlyDistinct' | 'wide'>;

async function countColumns(
  engine: SqlEngine,
  attempts: readonly Attempt[],
  places: readonly Parsed[],
): Promise<readonly Counted[]> {
  const counted: Counted[] = [];
  for (let at = 0; at < places.length; at += COLUMNS_AT_ONCE) {
    const some = places.slice(at, at + COLUMNS_AT_ONCE);
    const terms = some.flatMap(({ sql, there }, i) => {
      const type = attempts[at + i]?.type;
      const numeric = type === 'integer' || type === 'number' || type === 'date' || type === 'timestamp';
      return [
        `count(*) FILTER (WHERE ${there}) AS n${i}`,
        `count(${sql}) AS v${i}`,
        ...(numeric ? [`approx_count_distinct(${sql}) AS d${i}`] : []),
        ...(type === 'integer' ? [`min(${sql}) < -${2 ** 53} OR max(${sql}) > ${2 ** 53} AS w${i}`] : []),
      ];
    });
    const [row] = await engine.query(`SELECT ${terms.join(', ')} FROM ${some[0]?.relation}`);
    some.forEach((_, i) => {
      counted.push({
        present: Number(row?.[`n${i}`]),
        valid: Number(row?.[`v${i}`]),
        roughlyDistinct: Number(row?.[`d${i}`] ?? 0),
        wide: row?.[`w${i}`] === true,
      });
    });
  }
  return counted;
}

/** The same attempt when it holds. */
function nextAttempt(attempt: Attempt, { present, valid }: Counted): Attempt {
  if (valid === present) return attempt;
  if (attempt.type === 'integer' && !attempt.huge) return { ...attempt, huge: true };
  // A file's own types are taken as they are: a NaN among numbers is a value that is none.
  if (attempt.declared || attempt.column.storage.kind === 'native') return attempt;
  const type = wider(attempt.type, attempt.column);
  return type === attempt.type ? attempt : { ...attempt, type, huge: false };
}
