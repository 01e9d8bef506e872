import { UserError } from '../errors.js';
import { plural } from '../format.js';
import type {
  ForecastPredictions,
  RankingPredictions,
  ReadColumns,
  RegressionPredictions,
  SliceColumn,
} from './columnar.js';
import { NumberColumn } from './columns.js';
import { naiveErrors } from './forecast.js';
import type { Quantile } from './intervals.js';
import type { Sink } from './rows.js';

/** Predictions files whose labels are numbers: regression, ranking and forecast. */

export function readRegression(read: ReadColumns): RegressionPredictions {
  const { columns } = read.config;
  const labels = numbers(read, read.label, columns.label);
  const quantiles = quantilesOf(read);
  const predicted = predictionOf(read, quantiles, 'whole');
  read.defects.throwIfAny();
  return { ...read.base, task: 'regression', labels, predicted, quantiles };
}

export function readRanking(read: ReadColumns): RankingPredictions {
  const { base, config, defects } = read;
  const { columns } = config;
  const labels = numbers(read, read.label, columns.label);
  const scores = read.score
    ? numbers(read, read.score, columns.score)
    : numbers(read, read.prediction, columns.prediction);
  const negative = labels.findIndex((label) => label < 0);
  if (negative >= 0) {
    defects.add(
      `${columns.label} is negative in row ${negative + 1}`,
      undefined,
      'relevance is a number of at least 0',
    );
  }
  const queries = groupOf(read, 'query');
  checkQueryWeights(read, queries);
  defects.throwIfAny();
  return { ...base, task: 'ranking', labels, scores, queries, at: config.at };
}

/** A query is the unit that counts: its rows share one weight. */
function checkQueryWeights(read: ReadColumns, queries: SliceColumn): void {
  const { weights } = read.base;
  if (!weights) return;
  const first = new Float64Array(queries.values.length).fill(Number.NaN);
  for (let row = 0; row < queries.codes.length; row++) {
    const query = queries.codes[row] as number;
    if (Number.isNaN(first[query])) first[query] = weights[row] as number;
    if (first[query] === weights[row]) continue;
    const what = `${read.config.columns.weight} differs within one query (row ${row + 1})`;
    read.defects.add(what, undefined, 'give all rows of a query the same weight');
    return;
  }
}

export function readForecast(read: ReadColumns): ForecastPredictions {
  const { base, config, defects } = read;
  const { columns } = config;
  const labels = numbers(read, read.label, columns.label);
  const quantiles = quantilesOf(read);
  const predicted = predictionOf(read, quantiles, 'after history');
  const series = read.group ?? { codes: new Int32Array(base.rows), values: [''] };
  const isForecast = (row: number) => !Number.isNaN(predicted[row]);
  const rowsOf = seriesRows(read, series);
  checkHoles(read, rowsOf, isForecast);
  defects.throwIfAny();
  const kept = Int32Array.from(predicted.keys()).filter(isForecast);
  if (kept.length === 0) {
    throw new UserError('no row has a forecast', {
      location: { file: base.file },
      mend: `rows with an empty ${columns.prediction} are history; those to score need a number`,
    });
  }
  const history = rowsOf.map((rows) =>
    rows.filter((row) => !isForecast(row)).map((row) => labels[row] as number),
  );
  const pick = (values: Float64Array) => Float64Array.from(kept, (row) => values[row] as number);
  const pickCodes = (column: SliceColumn): SliceColumn => ({
    ...column,
    codes: Int32Array.from(kept, (row) => column.codes[row] as number),
  });
  return {
    file: base.file,
    rows: kept.length,
    ids: base.ids && Array.from(kept, (row) => base.ids?.[row] as string),
    weights: base.weights && pick(base.weights),
    slices: new Map(Array.from(base.slices, ([name, column]) => [name, pickCodes(column)])),
    task: 'forecast',
    labels: pick(labels),
    predicted: pick(predicted),
    quantiles: quantiles.map(({ level, values }) => ({ level, values: pick(values) })),
    series: pickCodes(series),
    naive: naiveErrors(history, config.season),
  };
}

/** The rows of each series in order of time; in the order of the file where no column says the time. */
function seriesRows(read: ReadColumns, series: SliceColumn): readonly (readonly number[])[] {
  const rowsOf = series.values.map(() => [] as number[]);
  series.codes.forEach((code, row) => {
    rowsOf[code]?.push(row);
  });
  const { time } = read;
  if (!time) return rowsOf;
  const isNumber = time.every((text) => text !== '' && Number.isFinite(Number(text)));
  const before = (a: number, b: number) => {
    const [one, other] = [time[a] as string, time[b] as string];
    return isNumber ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0;
  };
  return rowsOf.map((rows) => rows.sort(before));
}

/** A forecast that is missing between others is a model that failed, not history. */
function checkHoles(
  read: ReadColumns,
  rowsOf: readonly (readonly number[])[],
  isForecast: (row: number) => boolean,
): void {
  const name = read.config.columns.prediction;
  const holes = rowsOf.flatMap((rows) => {
    const first = rows.findIndex(isForecast);
    return first < 0 ? [] : rows.slice(first).filter((row) => !isForecast(row));
  });
  if (holes.length > 0) {
    const places = holes.slice(0, 5).map((row) => row + 1);
    const more = holes.length > places.length ? ' …' : '';
    read.defects.add(
      `${name} is missing or NaN after the first forecast of its series in ${plural(holes.length, 'row')}: ${places.join(', ')}${more} (counted without the header)`,
      undefined,
      'only the history before the first forecast may be without one; columns: { time: … } names the order',
    );
  }
}

function quantilesOf(read: ReadColumns): readonly Quantile[] {
  const { score } = read.config.columns;
  const found = Array.from(read.classScores, ([text, column]) => {
    const level = Number(text);
    const name = score.replace('{label}', () => text);
    if (!(level > 0 && level < 1)) {
      read.defects.add(
        `${name} is no quantile: ${text} is not between 0 and 1`,
        1,
        "columns of quantiles are named by their level: score: 'q[{label}]' for q[0.1], q[0.5], q[0.9]",
      );
    }
    read.defects.addLines(`${name} is not a number`, column.invalid, 'quantiles are numbers');
    return { level, values: column.values, name, missing: column.missing };
  });
  const isForecast = read.config.task === 'forecast';
  for (const { name, missing } of found) {
    if (!isForecast) read.defects.addLines(`${name} is missing or NaN`, missing, 'predict every row');
  }
  return found.sort((a, b) => a.level - b.level).map(({ level, values }) => ({ level, values }));
}

/** The prediction column; without one the median of the quantiles. */
function predictionOf(
  read: ReadColumns,
  quantiles: readonly Quantile[],
  may: 'whole' | 'after history',
): Float64Array {
  const { prediction } = read.config.columns;
  if (read.prediction) {
    if (may === 'whole') return numbers(read, read.prediction, prediction);
    const column = numberColumn(read.prediction, prediction);
    read.defects.addLines(`${prediction} is not a number`, column.invalid, 'forecasts are numbers');
    return column.values;
  }
  const median = quantiles.find(({ level }) => level === 0.5);
  if (median) return median.values;
  throw new UserError(
    `there is neither a column ${JSON.stringify(prediction)} nor a median among the quantiles`,
    {
      location: { file: read.base.file, line: 1 },
      mend: `write ${prediction}, or the quantile 0.5`,
    },
  );
}

function groupOf(read: ReadColumns, what: string): SliceColumn {
  if (read.group) return read.group;
  throw new Error(`the column of the ${what} was not read`);
}

function numberColumn(column: Sink | null, name: string): NumberColumn {
  if (column instanceof NumberColumn) return column;
  throw new Error(`${name} was not read as numbers`);
}

function numbers(read: ReadColumns, sink: Sink | null, name: string): Float64Array {
  const column = numberColumn(sink, name);
  read.defects.addLines(`${name} is missing or NaN`, column.missing, 'score only rows whose value is known');
  read.defects.addLines(`${name} is not a number`, column.invalid, 'classes are task: binary or multiclass');
  return column.values;
}
