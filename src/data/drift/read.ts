import type { DatasetConfig } from '../../config/data.js';
import { type Random, randomOf } from '../../statistics/random.js';
import { textLiteral } from '../literals.js';
import type { SqlEngine } from '../ports.js';
import { cyclesOf } from '../profile/columns.js';
import { type NumberColumn, readNumbers, type Scratch, sortedColumn } from '../profile/read-numbers.js';
import { readTexts, sortedLengths, type TextColumn } from '../profile/read-texts.js';
import type { ProfileColumn } from '../profile/record.js';
import { firstAttempts } from '../profile/typed.js';
import { SortedCollector, type SortedValues } from '../sorted-values.js';
import type { SourceTable } from '../table.js';
import type { ColumnEvidence } from './evidence.js';

/** Evidence of a column, from the data or from a profile. */

const MICROSECONDS = 1e6;
/** Categories that may be named in a report when values are shown. */
const MOST_LABELS = 100;

/** The columns of a dataset, read once. */
export async function readSide(options: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly config: Pick<DatasetConfig, 'columns'>;
  readonly scratch?: (() => Scratch) | undefined;
}): Promise<readonly (NumberColumn | TextColumn)[]> {
  const read = await readNumbers({ ...options, attempts: await firstAttempts(options) });
  const attempts = read.flatMap((column) => ('values' in column ? [] : [column]));
  const texts = (await readTexts({ ...options, attempts, into: 'texts' })).values();
  return read.flatMap((column) => ('values' in column ? column : (texts.next().value ?? [])));
}

export async function readColumn(options: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly column: NumberColumn | TextColumn;
  readonly showValues: boolean;
}): Promise<ColumnEvidence> {
  const { engine, table, column, showValues } = options;
  const { name, type, valid, present } = column;
  const base = {
    name,
    type,
    rows: table.read,
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
  if ('counts' in column) {
    const keys = await sortedKeys(engine, column);
    return {
      ...base,
      distinct: keys.values.length,
      categories: { keys, other: { rows: 0, distinct: 0 } },
      lengths: type === 'string' ? { kind: 'all', sorted: await sortedLengths(engine, column) } : null,
      labels: showValues || type === 'boolean' ? await labelsOf(engine, column) : base.labels,
    };
  }
  const { sorted, distinct } = await sortedColumn({ engine, relation: table.relation }, column);
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

async function sortedKeys(engine: SqlEngine, { counts, name }: TextColumn): Promise<SortedValues> {
  const collector = new SortedCollector();
  const query = `SELECT ${keySql(name, 'v')} AS x, CAST(n AS DOUBLE) AS n FROM ${counts} AS g ORDER BY x`;
  for await (const [values, rows] of engine.numbers(query)) if (values) collector.add(values, rows);
  return collector.result();
}

async function labelsOf(
  engine: SqlEngine,
  { counts, name }: TextColumn,
): Promise<ReadonlyMap<number, string>> {
  const frequent = `SELECT v, n FROM ${counts} AS c ORDER BY n DESC, v LIMIT ${MOST_LABELS}`;
  const rows = await engine.query(`SELECT v, ${keySql(name, 'v')} AS x FROM (${frequent}) AS g`);
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
  readonly table: SourceTable;
  readonly columns: readonly (NumberColumn | TextColumn)[];
  readonly most: number;
  readonly seed: number;
}): Promise<readonly Float64Array[]> {
  const { engine, table, columns, most, seed } = options;
  const chosen = chooseRows({ rows: table.read, most, random: randomOf(seed) });
  const keys = columns.flatMap((column) => ('counts' in column ? [column] : []));
  const taken = new Map<NumberColumn | TextColumn, Float64Array>();
  const batches = keys.length > 0 ? engine.numbers(hashesSql(keys, table)) : [];
  for (const [i, values] of (await takeRows(batches, { columns: keys.length, chosen })).entries()) {
    taken.set(keys[i] as TextColumn, values);
  }
  for (const column of columns) {
    if (!('values' in column)) continue;
    const { of, at } = column.values;
    const [values] = await takeRows(of.blocks([at]), { columns: 1, chosen });
    taken.set(column, values as Float64Array);
  }
  return columns.map((column) => taken.get(column) as Float64Array);
}

function hashesSql(columns: readonly TextColumn[], { relation }: SourceTable): string {
  const hashes = columns.map(
    ({ sql }) =>
      `CASE WHEN ${sql} IS NULL THEN CAST('nan' AS DOUBLE) ELSE CAST(hash(CAST(${sql} AS VARCHAR)) >> 11 AS DOUBLE) END`,
  );
  return `SELECT ${hashes.join(', ')} FROM ${relation}`;
}

/** Indexes in ascending order (Knuth, volume 2, 3.4.2, algorithm S). */
function chooseRows(of: {
  readonly rows: number;
  readonly most: number;
  readonly random: Random;
}): Uint32Array {
  const { rows, random } = of;
  const chosen = new Uint32Array(Math.min(rows, of.most));
  for (let row = 0, taken = 0; taken < chosen.length; row++) {
    if ((rows - row) * random.uniform() < chosen.length - taken) chosen[taken++] = row;
  }
  return chosen;
}

async function takeRows(
  batches: AsyncIterable<readonly Float64Array[]> | readonly (readonly Float64Array[])[],
  { columns, chosen }: { readonly columns: number; readonly chosen: Uint32Array },
): Promise<readonly Float64Array[]> {
  const taken = Array.from({ length: columns }, () => new Float64Array(chosen.length));
  let [first, next] = [0, 0];
  for await (const batch of batches) {
    const length = batch[0]?.length ?? 0;
    for (; next < chosen.length && (chosen[next] as number) < first + length; next++) {
      for (const [c, values] of batch.entries()) {
        (taken[c] as Float64Array)[next] = values[(chosen[next] as number) - first] as number;
      }
    }
    first += length;
  }
  return taken;
}
