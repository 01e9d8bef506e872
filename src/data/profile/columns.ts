import { createHash } from 'node:crypto';
import { assertNever } from '../../errors.js';
import type { SqlEngine } from '../ports.js';
import { SortedCollector, type SortedValues } from '../sorted-values.js';
import { clusterNumbers, type DescribedNumbers } from './cluster.js';
import { histogramOf } from './histogram.js';
import { momentsOf } from './moments.js';
import { QUANTILES, quantileName, quantilesOf, stepsOf } from './quantiles.js';
import type { ProfileColumn } from './record.js';
import type { TypedColumn } from './typed.js';

/** One column's part of a profile: a grouped, sorted scan for numbers and times, a grouped one for texts. */

export interface ColumnOptions {
  readonly engine: SqlEngine;
  /** Rows of the dataset. */
  readonly rows: number;
  readonly showValues: boolean;
  readonly detail: Detail;
  /** A column of more distinct numbers is described on the cluster, where there is one. */
  readonly gathered: number;
}

/** So many distinct numbers of one column are brought here, 16 bytes each; the answer is then the same to the last bit. */
export const MOST_GATHERED = 1_000_000;

/** How much of a distribution is kept: less of each column when there are many, so that the record stays small. */
export interface Detail {
  readonly steps: number;
  readonly top: number;
}

export function detailFor(columns: number): Detail {
  return columns <= 60
    ? { steps: 128, top: 100 }
    : columns <= 500
      ? { steps: 32, top: 20 }
      : { steps: 11, top: 10 };
}

/** Fewer rows of one value than this could point at a person: its hash is not kept. */
const FEWEST_ROWS_OF_HASH = 5;
/** From so many rows on, a column in which no value repeats is taken for an identifier. */
const FEWEST_ROWS_OF_IDENTIFIER = 100;
const MICROSECONDS = 1e6;

export async function profileOf(column: TypedColumn, options: ColumnOptions): Promise<ProfileColumn> {
  const { rows } = options;
  const base = {
    name: column.name,
    type: column.type,
    declared: column.declared,
    present: column.present,
    missing: rows - column.present,
    invalid: column.present - column.valid,
    numbers: null,
    times: null,
    lengths: null,
    categories: null,
  };
  if (column.valid === 0) return { ...base, distinct: 0, identifier: false };
  switch (column.type) {
    case 'integer':
    case 'number': {
      const described = await describedNumbers(column, options, 1);
      const { distinct } = described;
      const identifier = column.type === 'integer' && isIdentifier(column, distinct);
      const hidden = identifier && !options.showValues;
      return { ...base, distinct, identifier, numbers: hidden ? null : numbersOf(described) };
    }
    case 'date':
    case 'timestamp': {
      const described = await describedNumbers(column, options, MICROSECONDS);
      const { distinct } = described;
      return { ...base, distinct, identifier: false, times: timesOf(described, column.type) };
    }
    case 'boolean':
    case 'string':
    case 'other': {
      const { distinct, top } = await topValues(column, options);
      const identifier = column.type === 'string' && isIdentifier(column, distinct);
      return {
        ...base,
        distinct,
        identifier,
        lengths: column.type === 'string' ? await lengthsOf(column, options) : null,
        categories: {
          top,
          other: {
            rows: column.valid - top.reduce((sum, { count }) => sum + count, 0),
            distinct: distinct - top.length,
          },
        },
      };
    }
    default:
      return assertNever(column.type);
  }
}

function isIdentifier({ valid }: TypedColumn, distinct: number): boolean {
  return distinct === valid && valid >= FEWEST_ROWS_OF_IDENTIFIER;
}

/** The numbers of a column in ascending order, with the exact number of distinct values. */
export async function sortedColumn(
  engine: SqlEngine,
  column: Pick<TypedColumn, 'relation' | 'sql' | 'wide' | 'valid' | 'roughlyDistinct'>,
): Promise<{ readonly sorted: SortedValues; readonly distinct: number }> {
  const { relation, sql, valid, roughlyDistinct } = column;
  const collector = new SortedCollector(Math.min(valid, roughlyDistinct * 1.1 + 16));
  const source = `SELECT ${sql} AS v FROM ${relation} WHERE ${sql} IS NOT NULL`;
  // Mostly distinct: grouping would only cost. Integers that may collide as doubles are grouped all the same.
  const grouped = column.wide || roughlyDistinct < valid / 5;
  const query = grouped
    ? `SELECT CAST(v AS DOUBLE), CAST(count(*) AS DOUBLE) FROM (${source}) AS s GROUP BY v ORDER BY v`
    : `SELECT CAST(v AS DOUBLE) FROM (${source}) AS s ORDER BY v`;
  for await (const [values, counts] of engine.numbers(query)) {
    if (values) collector.add(values, counts);
  }
  const sorted = collector.result();
  return { sorted, distinct: column.wide ? collector.added : sorted.values.length };
}

/** @param unit what a value is divided by */
async function describedNumbers(
  column: TypedColumn,
  { engine, detail, gathered }: ColumnOptions,
  unit: number,
): Promise<DescribedNumbers> {
  if (engine.cluster && column.roughlyDistinct > gathered) {
    return clusterNumbers(engine.cluster, column, { detail, unit });
  }
  const { sorted, distinct } = await sortedColumn(engine, column);
  const { counts } = sorted;
  const values = unit === 1 ? sorted.values : sorted.values.map((value) => value / unit);
  const inUnits = { ...sorted, values };
  let [zeros, negative] = [0, 0];
  for (let i = 0; i < values.length && (values[i] as number) <= 0; i++) {
    if (values[i] === 0) zeros += counts[i] as number;
    else negative += counts[i] as number;
  }
  return {
    distinct,
    zeros,
    negative,
    quantiles: quantilesOf(inUnits, QUANTILES),
    moments: momentsOf(inUnits),
    histogram: histogramOf(inUnits),
    steps: stepsOf(inUnits, detail.steps),
    ...(unit === 1 ? { weekdays: [], hours: [] } : cyclesOf(inUnits)),
  };
}

function numbersOf(described: DescribedNumbers): ProfileColumn['numbers'] {
  const { moments, zeros, negative, quantiles, histogram, steps } = described;
  return {
    ...moments,
    zeros,
    negative,
    quantiles: Object.fromEntries(QUANTILES.map((share, i) => [quantileName(share), quantiles[i] as number])),
    histogram,
    steps,
  };
}

function timesOf(described: DescribedNumbers, type: 'date' | 'timestamp'): ProfileColumn['times'] {
  const { quantiles, histogram, steps, weekdays, hours } = described;
  return {
    quantiles: Object.fromEntries(
      QUANTILES.map((share, i) => [quantileName(share), timeText(quantiles[i] as number, type)]),
    ),
    histogram,
    steps,
    weekdays: [...weekdays],
    hours: type === 'date' ? null : [...hours],
  };
}

/** Rows per day of the week (Monday first) and per hour, both UTC. */
export function cyclesOf(seconds: SortedValues): {
  readonly weekdays: readonly number[];
  readonly hours: readonly number[];
} {
  const weekdays = new Array<number>(7).fill(0);
  const hours = new Array<number>(24).fill(0);
  seconds.values.forEach((second, i) => {
    const count = seconds.counts[i] as number;
    const day = Math.floor(second / 86_400);
    // 1 January 1970 was a Thursday.
    const weekday = (((day + 3) % 7) + 7) % 7;
    const hour = Math.floor((second - day * 86_400) / 3600);
    weekdays[weekday] = (weekdays[weekday] as number) + count;
    hours[hour] = (hours[hour] as number) + count;
  });
  return { weekdays, hours };
}

/** JavaScript's dates end in the year 275760; engines know later ones. */
function timeText(seconds: number, type: 'date' | 'timestamp'): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds} s`;
  return type === 'date' ? date.toISOString().slice(0, 10) : date.toISOString();
}

type TopValue = NonNullable<ProfileColumn['categories']>['top'][number];

async function topValues(
  { relation, sql, name, type }: TypedColumn,
  { engine, showValues, detail }: ColumnOptions,
): Promise<{
  readonly distinct: number;
  readonly top: TopValue[];
}> {
  const found = await engine.query(
    `WITH f AS MATERIALIZED (SELECT CAST(${sql} AS VARCHAR) AS v, count(*) AS n FROM ${relation} WHERE ${sql} IS NOT NULL GROUP BY ${sql}) ` +
      `SELECT v, n, (SELECT count(*) FROM f) AS d FROM f ORDER BY n DESC, v LIMIT ${detail.top}`,
  );
  return {
    distinct: Number(found[0]?.d ?? 0),
    top: found.flatMap(({ v, n }): readonly TopValue[] => {
      const value = String(v);
      const count = Number(n);
      const shown = showValues || type === 'boolean';
      if (count < FEWEST_ROWS_OF_HASH && !shown) return [];
      return [{ value: shown ? cutValue(value) : null, hash: hashOf(name, value), count }];
    }),
  };
}

const LONGEST_VALUE = 100;
function cutValue(value: string): string {
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
}

/** Recognises a value in another profile of the same column; whoever guesses the value can confirm the guess. */
export function hashOf(column: string, value: string): string {
  return createHash('sha256').update(`${column}\0${value}`).digest('hex').slice(0, 16);
}

async function lengthsOf(
  { relation, sql }: TypedColumn,
  { engine, detail }: ColumnOptions,
): Promise<ProfileColumn['lengths']> {
  const sorted = await sortedLengths(engine, { relation, sql });
  const { values } = sorted;
  return {
    mean: momentsOf(sorted).mean,
    min: values[0] as number,
    max: values[values.length - 1] as number,
    steps: stepsOf(sorted, detail.steps),
  };
}

/** Lengths in characters. */
export async function sortedLengths(
  engine: SqlEngine,
  { relation, sql }: Pick<TypedColumn, 'relation' | 'sql'>,
): Promise<SortedValues> {
  const collector = new SortedCollector();
  const query = `SELECT CAST(length(${sql}) AS DOUBLE) AS x, CAST(count(*) AS DOUBLE) FROM ${relation} WHERE ${sql} IS NOT NULL GROUP BY x ORDER BY x`;
  for await (const [values, counts] of engine.numbers(query)) if (values) collector.add(values, counts);
  return collector.result();
}
