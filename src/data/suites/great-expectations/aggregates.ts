import { boundLiteral } from '../../checks/bounds.js';
import { deviationFinding, meanFinding, sumFinding } from '../../checks/distribution.js';
import type { Judged, Measured } from '../../checks/finding.js';
import { comparable, membership, type PandasColumn } from '../pandas-column.js';
import {
  between,
  type Context,
  type Expected,
  needNumbers,
  type Planner,
  raises,
  theColumn,
} from './context.js';

/** Expectations on a number that a whole column has. */

export const AGGREGATES: Readonly<Record<string, Planner>> = {
  expect_column_mean_to_be_between: (context) => numeric(context, meanFinding),
  expect_column_stdev_to_be_between: (context) => numeric(context, deviationFinding),
  expect_column_sum_to_be_between: (context) =>
    // pandas gives 0 for the sum of nothing.
    numeric(context, (sql, judge) => sumFinding(sql, (sum) => judge(sum ?? 0))),
  expect_column_median_to_be_between: (context) =>
    numeric(context, (sql, judge) => one(`quantile_cont(${sql}, 0.5)`, (value) => judge(numberOf(value)))),
  expect_column_min_to_be_between: (context) => extreme(context, 'min'),
  expect_column_max_to_be_between: (context) => extreme(context, 'max'),
  expect_column_quantile_values_to_be_between: quantiles,
  expect_column_unique_value_count_to_be_between: (context) => {
    const { column, sql, reads } = compared(context);
    return {
      finding: one(`count(DISTINCT ${sql})`, (n) => between(context.kwargs, Number(n))),
      reads: [...column.known.reads, ...reads],
    };
  },
  expect_column_proportion_of_unique_values_to_be_between: (context) => {
    const { sql, reads } = compared(context);
    return share(context, `count(DISTINCT ${sql})`, `count(${sql})`, reads);
  },
  expect_column_proportion_of_non_null_values_to_be_between: (context) => {
    const { known } = theColumn(context);
    return share(context, `count(${known.stored})`, 'count(*)', known.reads);
  },
  expect_column_distinct_values_to_be_in_set: (context) =>
    distinctValues(context, { within: true, whole: false }),
  expect_column_distinct_values_to_contain_set: (context) =>
    distinctValues(context, { within: false, whole: true }),
  expect_column_distinct_values_to_equal_set: (context) =>
    distinctValues(context, { within: true, whole: true }),
  expect_column_most_common_value_to_be_in_set: mostCommon,
};

function compared(context: Context): { readonly column: PandasColumn } & ReturnType<typeof comparable> {
  const column = theColumn(context);
  return { column, ...comparable(column) };
}

function one(term: string, judge: (value: unknown) => Judged): Measured {
  return { kind: 'measured', terms: [term], judge: ([value]) => judge(value), failing: null };
}

function numberOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function numeric(
  context: Context,
  finding: (sql: string, judge: (value: number | null) => Judged) => Measured,
): Expected {
  const column = theColumn(context);
  needNumbers(column);
  const read = column.known.as('number');
  return {
    finding: finding(read.alias, (value) => between(context.kwargs, value)),
    reads: [...column.known.reads, read],
  };
}

function extreme(context: Context, which: 'min' | 'max'): Expected {
  const column = theColumn(context);
  const { kwargs } = context;
  const bounds = [kwargs.bound('min_value'), kwargs.bound('max_value')];
  if (!bounds.some((bound) => typeof bound === 'string')) {
    return numeric(context, (sql, judge) => one(`${which}(${sql})`, (value) => judge(numberOf(value))));
  }
  if (column.numeric) return raises('numbers cannot be compared with texts');
  // Great Expectations takes such bounds for times, and the texts of the column with them.
  const time =
    column.dtype === 'datetime64[ns]' || column.facts.type === 'date' || column.facts.type === 'timestamp';
  if (!time) return raises('the values are not all dates or times in ISO 8601');
  const read = column.known.as('timestamp');
  const literal = (bound: number | string) => boundLiteral(String(bound), 'timestamp');
  const [min, max] = bounds;
  // The extreme is within a bound when no value, or when some value, is on the right side of it.
  const value = read.alias;
  const low =
    min === undefined ? 'false' : `${value} ${kwargs.flag('strict_min') ? '<=' : '<'} ${literal(min)}`;
  const high =
    max === undefined ? 'false' : `${value} ${kwargs.flag('strict_max') ? '>=' : '>'} ${literal(max)}`;
  const terms = [low, high].map((outside) => `count(${value}) FILTER (WHERE ${outside})`);
  return {
    finding: {
      kind: 'measured',
      terms: [`count(${value})`, ...terms],
      judge: ([count, below, above]) => {
        const n = Number(count);
        const within =
          which === 'min'
            ? [Number(below) === 0, Number(above) < n]
            : [Number(below) < n, Number(above) === 0];
        const passed = n > 0 && within.every(Boolean);
        return { failing: passed ? 0 : 1, total: 1, passed };
      },
      failing: null,
    },
    reads: [...column.known.reads, read],
  };
}

function share(context: Context, part: string, whole: string, reads: Expected['reads']): Expected {
  const { known } = theColumn(context);
  return {
    finding: {
      kind: 'measured',
      terms: [part, whole],
      judge: ([n, all]) => between(context.kwargs, Number(all) > 0 ? Number(n) / Number(all) : 0),
      failing: null,
    },
    reads: [...known.reads, ...reads],
  };
}

/** Order statistics nearest to each level, as pandas takes them; bounds hold with a tolerance of 1e-4 of the bound. */
function quantiles(context: Context): Expected {
  const { kwargs } = context;
  const column = theColumn(context);
  needNumbers(column);
  const ranges = kwargs.get('quantile_ranges') as { quantiles?: unknown; value_ranges?: unknown } | undefined;
  const levels = Array.isArray(ranges?.quantiles) ? ranges.quantiles.map(Number) : undefined;
  const bounds = Array.isArray(ranges?.value_ranges)
    ? (ranges.value_ranges as (number | null)[][])
    : undefined;
  if (!levels || !bounds || levels.length !== bounds.length)
    throw kwargs.problem('quantile_ranges is not of the form { quantiles, value_ranges }');
  const interpolation = kwargs.get('allow_relative_error') || 'nearest';
  const read = column.known.as('number');
  const judge = (values: readonly unknown[]): Judged => {
    const bad = levels.filter((_, i) => !inRange(numberOf(values[i]), bounds[i] ?? []));
    return {
      failing: bad.length,
      total: levels.length,
      passed: bad.length === 0,
      ...(bad.length > 0 && { detail: `outside at ${bad.join(', ')}` }),
    };
  };
  const reads = [...column.known.reads, read];
  if (interpolation === 'linear') {
    const terms = levels.map((level) => `quantile_cont(${read.alias}, ${level})`);
    return { finding: { kind: 'measured', terms, judge, failing: null }, reads };
  }
  if (interpolation !== 'nearest' && interpolation !== 'lower' && interpolation !== 'higher') {
    throw kwargs.problem(`allow_relative_error ${JSON.stringify(interpolation)} is not supported`);
  }
  const index = (level: number, n: number) => {
    const at = level * (n - 1);
    if (interpolation === 'lower') return Math.floor(at);
    return interpolation === 'higher' ? Math.ceil(at) : roundHalfEven(at);
  };
  const finding: Measured = {
    kind: 'measured',
    terms: [`count(${read.alias})`],
    judge: ([count]) => {
      const n = Number(count);
      if (n === 0) return judge([]);
      // The level that is sure to pick the value at this index of the sorted values.
      const terms = levels.map((level) => `quantile_disc(${read.alias}, ${(index(level, n) + 0.5) / n})`);
      return { kind: 'measured', terms, judge, failing: null };
    },
    failing: null,
  };
  return { finding, reads };
}

function inRange(value: number | null, [low, high]: readonly (number | null)[]): boolean {
  if (value === null) return false;
  const min = low ?? Number.NEGATIVE_INFINITY;
  const max = high ?? Number.POSITIVE_INFINITY;
  const close = (bound: number) =>
    Number.isFinite(bound) && Math.abs(value - bound) <= 1e-8 + 1e-4 * Math.abs(bound);
  return close(min) || close(max) || (min <= value && value <= max);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function distinctValues(
  context: Context,
  asked: { readonly within: boolean; readonly whole: boolean },
): Expected {
  const { kwargs } = context;
  const column = theColumn(context);
  const values = [...new Set(kwargs.list('value_set').filter((value) => value !== null))];
  const { sql } = comparable(column);
  const members = values.map((value) => membership(column, [value]));
  const inside = membership(column, values);
  const terms = [
    `count(DISTINCT ${sql}) FILTER (WHERE NOT (${inside.sql}))`,
    ...members.map((member) => `count(*) FILTER (WHERE ${member.sql})`),
  ];
  return {
    finding: {
      kind: 'measured',
      terms,
      judge: ([outside, ...found]) => {
        const foreign = asked.within ? Number(outside) : 0;
        const absent = asked.whole ? found.filter((count) => Number(count) === 0).length : 0;
        const detail = [
          ...(foreign > 0 ? [`${foreign} distinct values outside the set`] : []),
          ...(absent > 0 ? [`${absent} values of the set do not occur`] : []),
        ].join(', ');
        return {
          failing: foreign + absent,
          total: Math.max(values.length, foreign + absent),
          passed: foreign + absent === 0,
          ...(detail && { detail }),
        };
      },
      failing: null,
    },
    reads: [...column.known.reads, ...inside.reads],
  };
}

function mostCommon(context: Context): Expected {
  const { kwargs } = context;
  const column = theColumn(context);
  const values = Array.isArray(kwargs.get('value_set')) ? kwargs.list('value_set') : [];
  const { sql, reads } = comparable(column);
  const inside = membership(column, values);
  return {
    finding: {
      kind: 'measured',
      terms: [`count(${sql})`],
      judge: () => ({
        kind: 'grouped',
        keys: [sql],
        considered: `${sql} IS NOT NULL`,
        terms: ['count(*) FILTER (WHERE n = most)', `count(*) FILTER (WHERE n = most AND ${inside.sql})`],
        judge: ([modes, among]) => {
          const passed = kwargs.flag('ties_okay')
            ? Number(among) > 0
            : Number(modes) === 1 && Number(among) === 1;
          return { failing: passed ? 0 : 1, total: 1, passed };
        },
      }),
      failing: null,
    },
    reads: [...column.known.reads, ...reads],
  };
}
