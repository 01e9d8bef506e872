import { UserError } from '../../errors.js';
import type { JsonValue } from './json-text.js';
import { finiteOrNull, metricOf, notFiniteText } from './number.js';
import { MOST_METRICS, type Reading, type ReadMetric, type ReadSeries } from './reader.js';
import { repeatedMetric } from './repeats.js';

/** Columns of rows that count steps, in the order in which one is chosen. */
export const STEP_NAMES = ['step', 'global_step', 'iteration', 'iter', 'epoch'];
/** Columns of rows that tell repetitions of a measurement apart. */
const REPETITION_NAMES = ['seed', 'fold', 'cv_fold', 'random_seed', 'random_state', 'repetition'];

/**
 * Metrics of a nested value (JSON, YAML):
 * - a number is a metric; names within names are joined by dots;
 * - a list of numbers is a series, and its last value the metric (as XGBoost and Keras write their history);
 * - a list of maps is a table with a row each (as the Trainer of transformers writes its log): per column a series and,
 *   as the metric, its last value; where every row has `name` and `value`, each row is a metric of its own; where the rows
 *   have a `seed` or `fold`, each column is one metric with a value per seed or fold (the last, when there are several);
 * - the texts `NaN`, `Infinity` and their like, which some tools write in quotes, are failed metrics;
 * - other texts, booleans and null are no metrics.
 */
export function readNested(value: JsonValue, file: string): Reading {
  const metrics: ReadMetric[] = [];
  const series: ReadSeries[] = [];
  const add = (metric: ReadMetric): void => {
    if (metrics.push(metric) > MOST_METRICS) throw tooMany(file);
  };
  const visit = (inner: JsonValue, path: string): void => {
    if (typeof inner === 'string') {
      const number = notFiniteText(inner);
      if (number !== undefined) add(metricOf(path, number, file));
    } else if (typeof inner === 'number') {
      add(metricOf(path, inner, file));
    } else if (isList(inner)) {
      const found = readList(inner, { path, file });
      for (const metric of found.metrics) add(metric);
      series.push(...found.series);
    } else if (typeof inner === 'object' && inner !== null) {
      for (const [name, entry] of Object.entries(inner)) visit(entry, joined(path, name));
    }
  };
  visit(value, '');
  return { metrics, series };
}

export function tooMany(file: string): UserError {
  return new UserError(`${file} has more than ${MOST_METRICS.toLocaleString('en-US')} numbers`, {
    mend: 'write only the metrics to it; other results can be files in $ASSAY_OUT, which are kept as artifacts',
  });
}

export type Row = { readonly [name: string]: JsonValue };

function readList(list: readonly JsonValue[], at: { readonly path: string; readonly file: string }): Reading {
  const { path, file } = at;
  if (list.length > 0 && list.every((item) => typeof item === 'number')) {
    const series = { name: path, steps: list.map((_, index) => index), values: list.map(finiteOrNull) };
    return { metrics: [metricOf(path, list.at(-1) ?? Number.NaN, file)], series: [series] };
  }
  if (list.length === 0 || !list.every(isRow)) return { metrics: [], series: [] };
  if (list.every((row) => typeof row.name === 'string' && typeof row.value === 'number')) {
    return {
      metrics: list.map((row) => metricOf(joined(path, String(row.name)), Number(row.value), file)),
      series: [],
    };
  }
  return readRepetitions(list, at) ?? readRows(list, at);
}

/** Rows told apart by a seed or fold; undefined when they are not. Rows without its number are sums over the others. */
export function readRepetitions(
  rows: readonly Row[],
  at: { readonly path: string; readonly file: string },
): Reading | undefined {
  const own = (row: Row, name: string): JsonValue => (Object.hasOwn(row, name) ? (row[name] ?? null) : null);
  const column = REPETITION_NAMES.find((name) => rows.some((row) => typeof own(row, name) === 'number'));
  if (column === undefined) return undefined;
  const groups = new Map<number, Map<string, number>>();
  for (const row of rows) {
    const repetition = own(row, column);
    if (typeof repetition !== 'number') continue;
    const values = groups.get(repetition) ?? new Map<string, number>();
    groups.set(repetition, values);
    for (const [name, cell] of Object.entries(row)) {
      if (typeof cell === 'number' && name !== column && !STEP_NAMES.includes(name)) values.set(name, cell);
    }
  }
  if (groups.size < 2) return undefined;
  const names = [...new Set([...groups.values()].flatMap((values) => [...values.keys()]))];
  const what = column.replace(/^.*_/, '');
  const metrics = names.flatMap((name) =>
    repeatedMetric(joined(at.path, name), {
      values: [...groups.values()].map((values) => values.get(name) ?? null),
      file: at.file,
      what,
    }),
  );
  return { metrics, series: [] };
}

function readRows(rows: readonly Row[], at: { readonly path: string; readonly file: string }): Reading {
  const stepName = STEP_NAMES.find((name) => rows.every((row) => typeof row[name] === 'number'));
  const columns = new Map<string, { steps: number[]; values: number[] }>();
  for (const [index, row] of rows.entries()) {
    for (const [name, cell] of Object.entries(row)) {
      if (typeof cell !== 'number' || STEP_NAMES.includes(name)) continue;
      const column = columns.get(name) ?? { steps: [], values: [] };
      columns.set(name, column);
      column.steps.push(stepName === undefined ? index : Number(row[stepName]));
      column.values.push(cell);
    }
  }
  return readColumns(columns, at);
}

/** Per column its last value as the metric and, where there are several, the series. */
export function readColumns(
  columns: ReadonlyMap<string, { readonly steps: readonly number[]; readonly values: readonly number[] }>,
  at: { readonly path: string; readonly file: string },
): Reading {
  const metrics: ReadMetric[] = [];
  const series: ReadSeries[] = [];
  for (const [column, { steps, values }] of columns) {
    const name = joined(at.path, column);
    metrics.push(metricOf(name, values.at(-1) ?? Number.NaN, at.file));
    if (values.length > 1) series.push({ name, steps, values: values.map(finiteOrNull) });
  }
  return { metrics, series };
}

function isRow(value: JsonValue): value is Row {
  return typeof value === 'object' && value !== null && !isList(value);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
