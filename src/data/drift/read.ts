import { randomOf } from '../../statistics/random.js';
import { textLiteral } from '../literals.js';
import type { SqlEngine } from '../ports.js';
import { cyclesOf, sortedColumn, sortedLengths } from '../profile/columns.js';
import type { ProfileColumn } from '../profile/record.js';
import type { TypedColumn } from '../profile/typed.js';
import { SortedCollector, type SortedValues } from '../sorted-values.js';
import type { ColumnEvidence } from './evidence.js';

/** Evidence of a column, from the data or from a profile. */

const MICROSECONDS = 1e6;
/** Categories that may be named in a report when values are shown. */
const MOST_LABELS = 100;

export async function readColumn(options: {
  readonly engine: SqlEngine;
  readonly column: TypedColumn;
  readonly rows: number;
  readonly showValues: boolean;
}): Promise<ColumnEvidence> {
  const { engine, column, rows, showValues } = options;
  const { name, type, valid, present } = column;
  const base = {
    name,
    type,
    rows,
    valid,
    invalid: present - valid,
    distinct: 0,
    numbers: null,
    cycles: null,
    lengths: null,
    categories: null,
    labels: new Map<number, string>(),
  };
  if (valid === 0 || type === 'other') return base;
  if (type === 'string' || type === 'boolean') {
    const keys = await sortedKeys(engine, column);
    return {
      ...base,
      distinct: keys.values.length,
      categories: { keys, other: { rows: 0, distinct: 0 } },
      lengths: type === 'string' ? { kind: 'all', sorted: await sortedLengths(engine, column) } : null,
      labels: showValues || type === 'boolean' ? await labelsOf(engine, column) : base.labels,
    };
  }
  const { sorted, distinct } = await sortedColumn(engine, column);
  if (type === 'integer' || type === 'number') return { ...base, distinct, numbers: { kind: 'all', sorted } };
  const seconds = { ...sorted, values: sorted.values.map((time) => time / MICROSECONDS) };
  const { weekdays, hours } = cyclesOf(seconds);
  return {
    ...base,
    distinct,
    numbers: { kind: 'all', sorted: seconds },
    cycles: { weekdays, hours: type === 'date' ? null : hours },
  };
}

/** The first 52 bits of SHA-256 over column, NUL and value: a number that a profile's hash begins with. */
function keySql(column: string, value: string): string {
  return `CAST(CAST('0x' || substr(sha256(${textLiteral(`${column}\0`)} || ${value}), 1, 13) AS UBIGINT) AS DOUBLE)`;
}

function keyOfHash(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16);
}

async function sortedKeys(engine: SqlEngine, { relation, sql, name }: TypedColumn): Promise<SortedValues> {
  const collector = new SortedCollector();
  const grouped = `SELECT CAST(${sql} AS VARCHAR) AS v, count(*) AS n FROM ${relation} WHERE ${sql} IS NOT NULL GROUP BY v`;
  const query = `SELECT ${keySql(name, 'v')} AS x, CAST(n AS DOUBLE) AS n FROM (${grouped}) AS g ORDER BY x`;
  for await (const [values, counts] of engine.numbers(query)) if (values) collector.add(values, counts);
  return collector.result();
}

async function labelsOf(
  engine: SqlEngine,
  { relation, sql, name }: TypedColumn,
): Promise<ReadonlyMap<number, string>> {
  const grouped = `SELECT CAST(${sql} AS VARCHAR) AS v, count(*) AS n FROM ${relation} WHERE ${sql} IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT ${MOST_LABELS}`;
  const rows = await engine.query(`SELECT v, ${keySql(name, 'v')} AS x FROM (${grouped}) AS g`);
  return new Map(rows.map(({ v, x }) => [Number(x), String(v)]));
}

export function profileEvidence(column: ProfileColumn, rows: number): ColumnEvidence {
  const { name, type, present, invalid, distinct, numbers, times, lengths, categories } = column;
  const valid = present - invalid;
  const steps = (numbers ?? times)?.steps;
  const ranked =
    categories?.top.map(({ hash, count, value }) => ({ key: keyOfHash(hash), count, value })) ?? [];
  ranked.sort((x, y) => x.key - y.key);
  return {
    name,
    type,
    rows,
    valid,
    invalid,
    distinct,
    numbers: steps ? { kind: 'steps', steps, total: valid } : null,
    cycles: times ? { weekdays: times.weekdays, hours: times.hours } : null,
    lengths: lengths ? { kind: 'steps', steps: lengths.steps, total: valid } : null,
    categories: categories
      ? {
          keys: {
            values: Float64Array.from(ranked, ({ key }) => key),
            counts: Float64Array.from(ranked, ({ count }) => count),
            total: ranked.reduce((sum, { count }) => sum + count, 0),
          },
          other: categories.other,
        }
      : null,
    labels: new Map(ranked.flatMap(({ key, value }) => (value === null ? [] : [[key, value] as const]))),
  };
}

/**
 * Rows chosen by chance from a seed, at most `most`, as numbers; NaN where a value is missing, keys for categories. Which rows depends on
 * the seed and the number of rows alone.
 */
export async function sampleRows(options: {
  readonly engine: SqlEngine;
  readonly columns: readonly TypedColumn[];
  readonly rows: number;
  readonly most: number;
  readonly seed: number;
}): Promise<readonly Float64Array[]> {
  const { engine, columns, rows, most, seed } = options;
  const size = Math.min(rows, most);
  const chosen = columns.map(() => new Float64Array(size));
  const [first] = columns;
  if (!first || size === 0) return chosen;
  const selected = columns.map(({ sql, type }) => {
    const isCategory = type === 'string' || type === 'boolean';
    const value = isCategory
      ? `CAST(hash(CAST(${sql} AS VARCHAR)) >> 11 AS DOUBLE)`
      : `CAST(${sql} AS DOUBLE)`;
    return `CASE WHEN ${sql} IS NULL THEN CAST('nan' AS DOUBLE) ELSE ${value} END`;
  });
  const random = randomOf(seed);
  let [row, taken] = [0, 0];
  for await (const batch of engine.numbers(`SELECT ${selected.join(', ')} FROM ${first.relation}`)) {
    const length = batch[0]?.length ?? 0;
    for (let i = 0; i < length; i++, row++) {
      // Selection sampling (Knuth, volume 2, 3.4.2, algorithm S).
      if ((rows - row) * random.uniform() >= size - taken) continue;
      for (let c = 0; c < chosen.length; c++) {
        (chosen[c] as Float64Array)[taken] = (batch[c] as Float64Array)[i] as number;
      }
      taken++;
    }
  }
  return chosen;
}
