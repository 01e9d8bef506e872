import { boundLiteral } from '../../checks/bounds.js';
import { deviationFinding, meanFinding } from '../../checks/distribution.js';
import { keyOf, type Measured } from '../../checks/finding.js';
import { numberLiteral, textLiteral } from '../../literals.js';
import { comparable, membership, pythonText } from '../pandas-column.js';
import {
  type Context,
  type Expected,
  mapped,
  mappedRows,
  mostlyJudged,
  needNumbers,
  type Planner,
  raises,
  theColumn,
} from './context.js';

/** Expectations on every value of a column. Missing values are left out, but by those that speak of them. */

export const VALUES: Readonly<Record<string, Planner>> = {
  expect_column_values_to_not_be_null: (context) => nulls(context, 'IS NULL'),
  expect_column_values_to_be_null: (context) => nulls(context, 'IS NOT NULL'),
  expect_column_values_to_be_unique: unique,
  expect_column_values_to_be_between: valuesBetween,
  expect_column_values_to_be_in_set: (context) => inSet(context, false),
  expect_column_values_to_not_be_in_set: (context) => inSet(context, true),
  expect_column_values_to_be_increasing: (context) => ordered(context, 'increasing'),
  expect_column_values_to_be_decreasing: (context) => ordered(context, 'decreasing'),
  expect_column_value_lengths_to_be_between: lengths,
  expect_column_value_lengths_to_equal: lengths,
  expect_column_values_to_match_regex: (context) =>
    regex(context, [context.kwargs.text('regex')], 'all', false),
  expect_column_values_to_not_match_regex: (context) =>
    regex(context, [context.kwargs.text('regex')], 'any', true),
  expect_column_values_to_match_regex_list: (context) => {
    const matchOn = context.kwargs.get('match_on') ?? 'any';
    if (matchOn !== 'any' && matchOn !== 'all')
      throw context.kwargs.problem('match_on is neither any nor all');
    return regex(context, context.kwargs.texts('regex_list'), matchOn, false);
  },
  expect_column_values_to_not_match_regex_list: (context) =>
    regex(context, context.kwargs.texts('regex_list'), 'any', true),
  expect_column_values_to_match_like_pattern: (context) =>
    like(context, [context.kwargs.text('like_pattern')], 'all', false),
  expect_column_values_to_not_match_like_pattern: (context) =>
    like(context, [context.kwargs.text('like_pattern')], 'any', true),
  expect_column_values_to_match_like_pattern_list: (context) =>
    like(
      context,
      context.kwargs.texts('like_pattern_list'),
      context.kwargs.get('match_on') === 'all' ? 'all' : 'any',
      false,
    ),
  expect_column_values_to_not_match_like_pattern_list: (context) =>
    like(context, context.kwargs.texts('like_pattern_list'), 'any', true),
  expect_column_values_to_match_strftime_format: strftime,
  expect_column_values_to_be_json_parseable: (context) => {
    const column = theColumn(context);
    return mapped(context, column, { unexpected: `NOT json_valid(${column.known.text})` });
  },
  expect_column_value_z_scores_to_be_less_than: zScores,
};

function nulls(context: Context, unexpected: string): Expected {
  const { known } = theColumn(context);
  return mappedRows(context.kwargs, {
    unexpected: `${known.stored} ${unexpected}`,
    considered: 'true',
    reads: known.reads,
  });
}

/** Every row whose value occurs more than once is unexpected, the first of them too. */
function unique(context: Context): Expected {
  const column = theColumn(context);
  const { sql, reads } = comparable(column);
  return {
    ...duplicates(context, [sql], `${column.known.stored} IS NOT NULL`),
    reads,
    value: column.known.text,
  };
}

/**
 * Every row whose key occurs more than once.
 * @param considered condition over `v` of the rows that are looked at; a missing part of a key is a value like others
 */
export function duplicates(
  { kwargs }: Context,
  keys: readonly string[],
  considered: string,
): Pick<Expected, 'finding'> {
  const judge = (failing: number, total: number) => mostlyJudged(kwargs, failing, total);
  return {
    finding: {
      kind: 'measured',
      terms: [
        `count(DISTINCT ${keyOf(keys)}) FILTER (WHERE ${considered})`,
        `count(*) FILTER (WHERE ${considered})`,
      ],
      judge: ([distinct, total]) =>
        Number(distinct) === Number(total)
          ? judge(0, Number(total))
          : {
              kind: 'grouped',
              keys,
              considered,
              terms: ['coalesce(sum(n) FILTER (WHERE n > 1), 0)::BIGINT', 'sum(n)::BIGINT'],
              judge: ([failing, all]) => judge(Number(failing), Number(all)),
            },
      failing: { kind: 'repeats', keys, considered, every: true },
    },
  };
}

function valuesBetween(context: Context): Expected {
  const { kwargs } = context;
  const column = theColumn(context);
  const min = kwargs.bound('min_value');
  const max = kwargs.bound('max_value');
  if (min === undefined && max === undefined)
    throw kwargs.problem('neither min_value nor max_value is given');
  const outside = (value: string, literal: (bound: number | string) => string) =>
    [
      ...(min === undefined ? [] : [`${value} ${kwargs.flag('strict_min') ? '<=' : '<'} ${literal(min)}`]),
      ...(max === undefined ? [] : [`${value} ${kwargs.flag('strict_max') ? '>=' : '>'} ${literal(max)}`]),
    ].join(' OR ');
  if (typeof (min ?? max) === 'number') {
    needNumbers(column);
    const { sql, reads } = comparable(column);
    return mapped(context, column, {
      unexpected: `(${outside(sql, (bound) => numberLiteral(Number(bound), 'DOUBLE'))})`,
      reads,
    });
  }
  if (column.dtype === 'datetime64[ns]') {
    const read = column.known.as('timestamp');
    return mapped(context, column, {
      unexpected: `(${outside(read.alias, (bound) => boundLiteral(String(bound), 'timestamp'))})`,
      reads: [read],
    });
  }
  if (column.numeric) return raises('numbers cannot be compared with texts');
  return mapped(context, column, {
    unexpected: `(${outside(column.known.text, (bound) => textLiteral(String(bound)))})`,
  });
}

function inSet(context: Context, negated: boolean): Expected {
  const column = theColumn(context);
  const values = context.kwargs.get('value_set');
  if (values === undefined) return mapped(context, column, { unexpected: 'false' });
  const member = membership(column, context.kwargs.list('value_set'));
  return mapped(context, column, {
    unexpected: negated ? member.sql : `NOT (${member.sql})`,
    reads: member.reads,
  });
}

function ordered(context: Context, direction: 'increasing' | 'decreasing'): Expected {
  const { kwargs } = context;
  const column = theColumn(context);
  const time = column.dtype === 'datetime64[ns]';
  if (!time) needNumbers(column);
  const read = column.known.as(time ? 'timestamp' : 'number');
  return {
    finding: {
      kind: 'monotonic',
      value: read.alias,
      direction,
      strictly: kwargs.flag('strictly'),
      judge: (failing, total) => mostlyJudged(kwargs, failing, total),
    },
    reads: [...column.known.reads, read],
    value: column.known.text,
  };
}

function lengths(context: Context): Expected {
  const { kwargs } = context;
  const column = theColumn(context);
  if (column.numeric || column.dtype === 'bool') return raises('numbers have no length');
  const length = `length(${column.known.text})`;
  const exact = kwargs.number('value');
  const min = exact ?? kwargs.number('min_value');
  const max = exact ?? kwargs.number('max_value');
  if (min === undefined && max === undefined)
    throw kwargs.problem('neither min_value nor max_value is given');
  const outside = [
    ...(min === undefined
      ? []
      : [`${length} ${kwargs.flag('strict_min') ? '<=' : '<'} ${numberLiteral(min, 'DOUBLE')}`]),
    ...(max === undefined
      ? []
      : [`${length} ${kwargs.flag('strict_max') ? '>=' : '>'} ${numberLiteral(max, 'DOUBLE')}`]),
  ];
  return mapped(context, column, { unexpected: `(${outside.join(' OR ')})` });
}

function regex(
  context: Context,
  patterns: readonly string[],
  match: 'any' | 'all',
  negated: boolean,
): Expected {
  const column = theColumn(context);
  if (patterns.length === 0) throw context.kwargs.problem('there is no regular expression');
  const text = pythonText(column);
  const matches = patterns.map((pattern) => `regexp_matches(${text.sql}, ${textLiteral(pattern)})`);
  const unexpected = unlike(matches, { match, negated });
  return {
    ...mapped(context, column, { unexpected, reads: text.reads }),
    patterns,
  };
}

function like(
  context: Context,
  patterns: readonly string[],
  match: 'any' | 'all',
  negated: boolean,
): Expected {
  const column = theColumn(context);
  if (patterns.length === 0) throw context.kwargs.problem('there is no pattern');
  const matches = patterns.map((pattern) => `${column.known.text} LIKE ${textLiteral(pattern)}`);
  return mapped(context, column, { unexpected: unlike(matches, { match, negated }) });
}

/** Where a value is not as the patterns want it: any or all of them, or none when negated. */
function unlike(
  matches: readonly string[],
  of: { readonly match: 'any' | 'all'; readonly negated: boolean },
): string {
  const matched = `(${matches.join(of.match === 'any' ? ' OR ' : ' AND ')})`;
  return of.negated ? matched : `NOT ${matched}`;
}

/** What both Python's strptime and DuckDB's understand alike. */
const DIRECTIVES = new Set([...'aAbBdHIjmMpSyYf%']);

function strftime(context: Context): Expected {
  const column = theColumn(context);
  const format = context.kwargs.text('strftime_format');
  for (const [, directive = ''] of format.matchAll(/%(.?)/g)) {
    if (!DIRECTIVES.has(directive))
      throw context.kwargs.problem(`the directive %${directive} is not supported here`);
  }
  if (column.numeric || column.dtype === 'bool') return raises('the values are not texts');
  const parsed = `try_strptime(${column.known.text}, ${textLiteral(format)})`;
  return mapped(context, column, { unexpected: `${parsed} IS NULL` });
}

/** Distance from the mean in sample standard deviations; a column that does not vary has no outliers. */
function zScores(context: Context): Expected {
  const { kwargs } = context;
  const column = theColumn(context);
  needNumbers(column);
  const read = column.known.as('number');
  const threshold = kwargs.required('threshold');
  const sided = kwargs.flag('double_sided');
  const reads = [...column.known.reads, read];
  const counted = (mean: number, deviation: number): Measured => {
    const z = `((${read.alias} - (${mean}::DOUBLE)) / (${deviation}::DOUBLE))`;
    const inside = sided
      ? `abs(${z}) < ${numberLiteral(Math.abs(threshold), 'DOUBLE')}`
      : `${z} < ${numberLiteral(threshold, 'DOUBLE')}`;
    const { finding } = mappedRows(kwargs, {
      unexpected: `NOT (${inside})`,
      considered: `${column.known.stored} IS NOT NULL`,
      reads,
    });
    return finding as Measured;
  };
  const none = (total: number) => mostlyJudged(kwargs, 0, total);
  const finding = meanFinding(read.alias, (mean, n) =>
    deviationFinding(read.alias, (deviation) =>
      mean === null || deviation === null || deviation === 0 ? none(n) : counted(mean, deviation),
    ),
  );
  return { finding, reads, value: column.known.text };
}
