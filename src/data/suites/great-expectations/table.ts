import { plural } from '../../../format.js';
import { between, type Context, columnNamed, type Expected, type Planner, yesOrNo } from './context.js';

/** Expectations on the table as a whole, and on the types of columns. */

export const TABLE: Readonly<Record<string, Planner>> = {
  expect_table_row_count_to_be_between: (context) => rowCount(context, (n) => between(context.kwargs, n)),
  expect_table_row_count_to_equal: (context) => {
    const expected = context.kwargs.required('value');
    return rowCount(context, (n) => ({ failing: n === expected ? 0 : 1, total: 1, passed: n === expected }));
  },
  expect_table_column_count_to_be_between: (context) =>
    decided(context, between(context.kwargs, context.scope.table.columns.length).passed === true),
  expect_table_column_count_to_equal: (context) =>
    decided(context, context.scope.table.columns.length === context.kwargs.required('value')),
  expect_table_columns_to_match_ordered_list: (context) => {
    const expected = context.kwargs.texts('column_list');
    return yesOrNo(JSON.stringify(expected) === JSON.stringify(names(context)));
  },
  expect_table_columns_to_match_set: (context) => {
    const expected = new Set(context.kwargs.texts('column_set'));
    const found = new Set(names(context));
    const absent = [...expected].filter((name) => !found.has(name));
    const extra = context.kwargs.flag('exact_match', true)
      ? [...found].filter((name) => !expected.has(name))
      : [];
    const list = (items: readonly string[]) =>
      items
        .slice(0, 10)
        .map((name) => JSON.stringify(name))
        .join(', ');
    const detail = [
      ...(absent.length > 0 ? [`absent: ${list(absent)}`] : []),
      ...(extra.length > 0 ? [`not expected: ${list(extra)}`] : []),
    ].join('; ');
    return yesOrNo(absent.length + extra.length === 0, detail || undefined);
  },
  expect_column_to_exist: (context) => {
    const { kwargs } = context;
    const name = kwargs.text('column');
    // 0 asks for no place, as in Great Expectations.
    const index = kwargs.number('column_index');
    return yesOrNo(index ? names(context)[index] === name : names(context).includes(name));
  },
  expect_column_values_to_be_of_type: (context) => ofType(context, [context.kwargs.text('type_')]),
  expect_column_values_to_be_in_type_list: (context) =>
    context.kwargs.get('type_list') === undefined
      ? yesOrNo(true)
      : ofType(context, context.kwargs.texts('type_list')),
  unexpected_rows_expectation: unexpectedRows,
};

function names({ scope }: Context): readonly string[] {
  return scope.table.columns.map(({ name }) => name);
}

function decided(context: Context, passed: boolean): Expected {
  return yesOrNo(passed, `there are ${plural(context.scope.table.columns.length, 'column')}`);
}

function rowCount(_context: Context, judge: (rows: number) => ReturnType<typeof between>): Expected {
  return {
    finding: {
      kind: 'measured',
      terms: ['count(*)'],
      judge: ([count]) => ({ ...judge(Number(count)), detail: `there are ${plural(Number(count), 'row')}` }),
      failing: null,
    },
    reads: [],
  };
}

/** Names that Great Expectations resolves for each kind of pandas column, through NumPy and its own table. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  int64: ['int64', 'int', 'int_', 'i8', 'longlong', 'q', 'l', 'long'],
  int32: ['int32', 'i4', 'intc', 'i'],
  int16: ['int16', 'i2', 'short', 'h'],
  int8: ['int8', 'i1', 'byte', 'b'],
  float64: ['float64', 'float', 'f8', 'double', 'd'],
  float32: ['float32', 'f4', 'single', 'f'],
  bool: ['bool', 'bool_', '?', 'b1'],
  str: ['str', 'string_types', 'object', 'O', 'object_', 'StringDtype'],
  object: ['object', 'O', 'object_'],
  'datetime64[ns]': [
    'datetime64[ns]',
    'datetime64',
    'M8[ns]',
    'M8',
    'datetime64[us]',
    'datetime64[ms]',
    'datetime64[s]',
  ],
};

function ofType(context: Context, types: readonly string[]): Expected {
  const column = columnNamed(context, context.kwargs.text('column'));
  const aliases = ALIASES[column.dtype] ?? [column.dtype];
  const text = ['str', 'string_types', 'StringDtype'];
  const passed = types.some(
    (type) => aliases.includes(type) && (column.dtype !== 'str' || text.includes(type)),
  );
  return yesOrNo(passed, `its type is ${column.dtype}`);
}

/** A query in the suite's own SQL; `{batch}` stands for the data. */
function unexpectedRows({ kwargs }: Context): Expected {
  const query = kwargs.text('unexpected_rows_query').replaceAll('{batch}', 'data');
  return { finding: { kind: 'query', sql: query }, reads: [] };
}
