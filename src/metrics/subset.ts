import type { Predictions, PredictionsBase } from './columnar.js';

/** Some of the rows of a predictions file, as if the others had not been there. @param rows ascending */
export function takeRows(predictions: Predictions, rows: Int32Array): Predictions {
  const base: PredictionsBase = {
    file: predictions.file,
    rows: rows.length,
    ids: predictions.ids && Array.from(rows, (row) => predictions.ids?.[row] as string),
    weights: predictions.weights && take(predictions.weights, rows),
    slices: new Map(
      [...predictions.slices].map(([name, { codes, values }]) => [
        name,
        { codes: take(codes, rows), values },
      ]),
    ),
  };
  switch (predictions.task) {
    case 'binary':
      return {
        ...predictions,
        ...base,
        labels: take(predictions.labels, rows),
        predicted: take(predictions.predicted, rows),
        scores: predictions.scores && take(predictions.scores, rows),
      };
    case 'multiclass':
      return {
        ...predictions,
        ...base,
        labels: take(predictions.labels, rows),
        predicted: take(predictions.predicted, rows),
        scores: predictions.scores?.map((column) => take(column, rows)) ?? null,
      };
    case 'multilabel':
      return {
        ...predictions,
        ...base,
        labels: predictions.labels.map((column) => take(column, rows)),
        predicted: predictions.predicted.map((column) => take(column, rows)),
        scores: predictions.scores?.map((column) => take(column, rows)) ?? null,
      };
    case 'regression':
      return {
        ...predictions,
        ...base,
        labels: take(predictions.labels, rows),
        predicted: take(predictions.predicted, rows),
        ...(predictions.quantiles ? { quantiles: takeQuantiles(predictions.quantiles, rows) } : {}),
      };
    case 'ranking':
      return {
        ...predictions,
        ...base,
        labels: take(predictions.labels, rows),
        scores: take(predictions.scores, rows),
        queries: { codes: take(predictions.queries.codes, rows), values: predictions.queries.values },
      };
    case 'forecast':
      return {
        ...predictions,
        ...base,
        labels: take(predictions.labels, rows),
        predicted: take(predictions.predicted, rows),
        quantiles: takeQuantiles(predictions.quantiles, rows),
        series: { codes: take(predictions.series.codes, rows), values: predictions.series.values },
      };
  }
}

function takeQuantiles<T extends { readonly values: Float64Array }>(
  quantiles: readonly T[],
  rows: Int32Array,
): T[] {
  return quantiles.map((quantile) => ({ ...quantile, values: take(quantile.values, rows) }));
}

function take<T extends Float64Array | Int32Array | Uint8Array>(values: T, rows: Int32Array): T {
  const Typed = values.constructor as new (length: number) => T;
  const taken = new Typed(rows.length);
  for (let i = 0; i < rows.length; i++) taken[i] = values[rows[i] as number] as number;
  return taken;
}
