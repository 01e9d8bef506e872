import { createHash } from 'node:crypto';
import type { SqlEngine } from '../ports.js';
import type { SortedValues } from '../sorted-values.js';
import { type Histogram, histogramOf } from './histogram.js';
import { type Moments, momentsOf } from './moments.js';
import { QUANTILES, quantileName, quantilesOf, type Steps, stepsOf } from './quantiles.js';
import type { NumberColumn } from './read-numbers.js';
import { sortedLengths, type TextColumn } from './read-texts.js';
import type { ProfileColumn } from './record.js';

/** One column's part of a profile, from its numbers in ascending order or from the counts of its values. */

export interface ColumnOptions {
  /** Rows of the dataset. */
  readonly rows: number;
  readonly showValues: boolean;
  readonly detail: Detail;
}

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

/** What a profile says of the numbers of a column, or of its times in seconds. */
export interface DescribedNumbers {
  readonly distinct: number;
  readonly zeros: number;
  readonly negative: number;
  readonly moments: Moments;
  /** In the order of QUANTILES. */
  readonly quantiles: readonly number[];
  readonly histogram: Histogram;
  readonly steps: Steps;
  /** Of times: rows per day of the week (Monday first) and per hour, both UTC. */
  readonly weekdays: readonly number[];
  readonly hours: readonly number[];
}

type ColumnFacts = Pick<NumberColumn, 'name' | 'type' | 'declared' | 'present' | 'valid'>;

/** What a value of the type is divided by to be a number or a second. */
export function unitOf(type: ColumnFacts['type']): number {
  return type === 'date' || type === 'timestamp' ? MICROSECONDS : 1;
}

const NOTHING = { numbers: null, times: null, lengths: null, categories: null };

function factsOf({ name, type, declared, present, valid }: ColumnFacts, rows: number) {
  return { name, type, declared, present, missing: rows - present, invalid: present - valid };
}

export function numberProfile(
  column: ColumnFacts,
  { sorted, distinct }: { readonly sorted: SortedValues; readonly distinct: number },
  options: ColumnOptions,
): ProfileColumn {
  if (column.valid === 0)
    return { ...factsOf(column, options.rows), ...NOTHING, distinct, identifier: false };
  return describedProfile(column, described(column, { sorted, distinct }, options.detail), options);
}

/** @param numbers of a column with a value */
export function describedProfile(
  column: ColumnFacts,
  numbers: DescribedNumbers,
  { rows, showValues }: ColumnOptions,
): ProfileColumn {
  const { type } = column;
  const { distinct } = numbers;
  const base = { ...factsOf(column, rows), ...NOTHING, distinct, identifier: false };
  if (type === 'date' || type === 'timestamp') return { ...base, times: timesOf(numbers, type) };
  const identifier = type === 'integer' && isIdentifier(column, distinct);
  return { ...base, identifier, numbers: identifier && !showValues ? null : numbersOf(numbers) };
}

export async function textProfile(
  column: TextColumn,
  engine: SqlEngine,
  options: ColumnOptions,
): Promise<ProfileColumn> {
  const { type, valid } = column;
  const base = { ...factsOf(column, options.rows), ...NOTHING };
  if (valid === 0) return { ...base, distinct: 0, identifier: false };
  const { distinct, top } = await topValues(column, engine, options);
  return {
    ...base,
    distinct,
    identifier: type === 'string' && isIdentifier(column, distinct),
    lengths: type === 'string' ? lengthsOf(await sortedLengths(engine, column), options.detail) : null,
    categories: {
      top,
      other: {
        rows: valid - top.reduce((sum, { count }) => sum + count, 0),
        distinct: distinct - top.length,
      },
    },
  };
}

function isIdentifier({ valid }: { readonly valid: number }, distinct: number): boolean {
  return distinct === valid && valid >= FEWEST_ROWS_OF_IDENTIFIER;
}

function described(
  { type }: ColumnFacts,
  { sorted, distinct }: { readonly sorted: SortedValues; readonly distinct: number },
  detail: Detail,
): DescribedNumbers {
  const unit = unitOf(type);
  const values = unit === 1 ? sorted.values : sorted.values.map((value) => value / unit);
  const numbers = { ...sorted, values };
  const { counts } = sorted;
  let [zeros, negative] = [0, 0];
  for (let i = 0; i < values.length && (values[i] as number) <= 0; i++) {
    if (values[i] === 0) zeros += counts[i] as number;
    else negative += counts[i] as number;
  }
  return {
    distinct,
    zeros,
    negative,
    moments: momentsOf(numbers),
    quantiles: quantilesOf(numbers, QUANTILES),
    histogram: histogramOf(numbers),
    steps: stepsOf(numbers, detail.steps),
    ...(unit === 1 ? { weekdays: [], hours: [] } : cyclesOf(numbers)),
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
  { counts, name, type }: TextColumn,
  engine: SqlEngine,
  { showValues, detail }: ColumnOptions,
): Promise<{
  readonly distinct: number;
  readonly top: TopValue[];
}> {
  const found = await engine.query(
    `WITH f AS MATERIALIZED (SELECT v, n FROM ${counts} AS c) SELECT v, n, (SELECT count(*) FROM f) AS d FROM f ORDER BY n DESC, v LIMIT ${detail.top}`,
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

function lengthsOf(sorted: SortedValues, detail: Detail): ProfileColumn['lengths'] {
  const { values } = sorted;
  return {
    mean: momentsOf(sorted).mean,
    min: values[0] as number,
    max: values[values.length - 1] as number,
    steps: stepsOf(sorted, detail.steps),
  };
}
