import { numberLiteral } from '../../literals.js';
import { comparable, membership, type PandasColumn } from '../pandas-column.js';
import {
  type Context,
  columnNamed,
  type Expected,
  mappedRows,
  needNumbers,
  type Planner,
  raises,
} from './context.js';
import { duplicates } from './values.js';

/** Expectations on several columns of a row. `ignore_row_if` says which rows with missing values are left out. */

export const ROWS: Readonly<Record<string, Planner>> = {
  expect_column_pair_values_a_to_be_greater_than_b: greater,
  expect_column_pair_values_to_be_equal: equal,
  expect_column_pair_values_to_be_in_set: pairInSet,
  expect_compound_columns_to_be_unique: compound,
  expect_multicolumn_values_to_be_unique: within,
  expect_select_column_values_to_be_unique_within_record: within,
  expect_multicolumn_sum_to_equal: sum,
  expect_multicolumn_values_to_be_equal: allEqual,
};

interface Several {
  readonly columns: readonly PandasColumn[];
  /** Condition of the rows that are looked at. */
  readonly considered: string;
  readonly reads: Expected['reads'];
}

function several(context: Context, columns: readonly PandasColumn[], rule: string): Several {
  const present = columns.map(({ known }) => `${known.stored} IS NOT NULL`);
  const reads = columns.flatMap(({ known }) => known.reads);
  switch (rule) {
    case 'both_values_are_missing':
    case 'all_values_are_missing':
      return { columns, considered: `(${present.join(' OR ')})`, reads };
    case 'either_value_is_missing':
    case 'any_value_is_missing':
      return { columns, considered: `(${present.join(' AND ')})`, reads };
    case 'neither':
    case 'never':
      return { columns, considered: 'true', reads };
    default:
      throw context.kwargs.problem(`ignore_row_if ${JSON.stringify(rule)} is not known`);
  }
}

function pair(context: Context): Several & { readonly a: PandasColumn; readonly b: PandasColumn } {
  const { kwargs } = context;
  const a = columnNamed(context, kwargs.text('column_A'));
  const b = columnNamed(context, kwargs.text('column_B'));
  return {
    a,
    b,
    ...several(context, [a, b], String(kwargs.get('ignore_row_if') ?? 'both_values_are_missing')),
  };
}

function listed(context: Context): Several {
  const { kwargs } = context;
  const columns = kwargs.texts('column_list').map((name) => columnNamed(context, name));
  return several(context, columns, String(kwargs.get('ignore_row_if') ?? 'all_values_are_missing'));
}

/** Both as numbers, or both as texts; Python compares nothing else. */
function sameKind(columns: readonly PandasColumn[]): boolean {
  return columns.every(({ numeric }) => numeric) || columns.every(({ numeric }) => !numeric);
}

function greater(context: Context): Expected {
  const { a, b, considered, reads } = pair(context);
  if (!sameKind([a, b])) return raises('numbers cannot be compared with texts');
  const [left, right] = [comparable(a), comparable(b)];
  const holds = `${left.sql} ${context.kwargs.flag('or_equal') ? '>=' : '>'} ${right.sql}`;
  return mappedRows(context.kwargs, {
    unexpected: `NOT (${holds})`,
    considered,
    reads: [...reads, ...left.reads, ...right.reads],
  });
}

function equal(context: Context): Expected {
  const { a, b, considered, reads } = pair(context);
  const [left, right] = [comparable(a), comparable(b)];
  const holds = sameKind([a, b]) ? `${left.sql} = ${right.sql}` : 'false';
  return mappedRows(context.kwargs, {
    unexpected: `NOT (${holds})`,
    considered,
    reads: [...reads, ...left.reads, ...right.reads],
  });
}

function pairInSet(context: Context): Expected {
  const { kwargs } = context;
  const { a, b, considered, reads } = pair(context);
  if (kwargs.get('value_pairs_set') === undefined)
    return mappedRows(kwargs, { unexpected: 'false', considered, reads });
  const matches = (column: PandasColumn, value: unknown) =>
    value === null ? { sql: `${column.known.stored} IS NULL`, reads: [] } : membership(column, [value]);
  const pairs = kwargs.list('value_pairs_set').map((item) => {
    if (!Array.isArray(item) || item.length !== 2)
      throw kwargs.problem('value_pairs_set holds something that is no pair');
    const [left, right] = [matches(a, item[0]), matches(b, item[1])];
    return { sql: `(${left.sql} AND ${right.sql})`, reads: [...left.reads, ...right.reads] };
  });
  const some = pairs.length > 0 ? pairs.map(({ sql }) => sql).join(' OR ') : 'false';
  return mappedRows(kwargs, {
    unexpected: `NOT coalesce(${some}, false)`,
    considered,
    reads: [...reads, ...pairs.flatMap((one) => one.reads)],
  });
}

function compound(context: Context): Expected {
  const { columns, considered, reads } = listed(context);
  const keys = columns.map(comparable);
  return {
    ...duplicates(
      context,
      keys.map(({ sql }) => sql),
      considered,
    ),
    reads: [...reads, ...keys.flatMap((key) => key.reads)],
  };
}

/** No two of the columns have the same value in a row; two missing values are the same. */
function within(context: Context): Expected {
  const { columns, considered, reads } = listed(context);
  const keys = columns.map((column) => ({ column, ...comparable(column) }));
  const same = keys.flatMap((left, i) =>
    keys
      .slice(i + 1)
      .map((right) =>
        sameKind([left.column, right.column])
          ? `${left.sql} IS NOT DISTINCT FROM ${right.sql}`
          : `(${left.column.known.stored} IS NULL AND ${right.column.known.stored} IS NULL)`,
      ),
  );
  return mappedRows(context.kwargs, {
    unexpected: same.length > 0 ? `(${same.join(' OR ')})` : 'false',
    considered,
    reads: [...reads, ...keys.flatMap((key) => key.reads)],
  });
}

function allEqual(context: Context): Expected {
  const { columns, considered, reads } = listed(context);
  const [first, ...rest] = columns.map(comparable);
  const holds = sameKind(columns) && first ? rest.map(({ sql }) => `${first.sql} = ${sql}`) : ['false'];
  return mappedRows(context.kwargs, {
    unexpected: `NOT (${holds.length > 0 ? holds.join(' AND ') : 'true'})`,
    considered,
    reads: [...reads, ...(first?.reads ?? []), ...rest.flatMap((key) => key.reads)],
  });
}

function sum(context: Context): Expected {
  const { kwargs } = context;
  const { columns, considered, reads } = listed(context);
  for (const column of columns) needNumbers(column);
  const keys = columns.map(comparable);
  const total = numberLiteral(kwargs.required('sum_total'), 'DOUBLE');
  return mappedRows(kwargs, {
    unexpected: `(${keys.map(({ sql }) => sql).join(' + ')}) <> ${total}`,
    considered,
    reads: [...reads, ...keys.flatMap((key) => key.reads)],
  });
}
