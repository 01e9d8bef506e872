import type { Direction, EvaluateConfig, MetricRule } from '../config/model.js';
import { type BinarySample, scoreBinary } from './binary.js';
import { catalogDirection } from './catalog.js';
import type { Predictions } from './columnar.js';
import { directionOf } from './direction.js';
import { scoreForecast } from './forecast.js';
import type { Quantile } from './intervals.js';
import { errorOfMeasure, type Measure } from './measure.js';
import type { Metric, Slice } from './metric.js';
import { scoreMulticlass } from './multiclass.js';
import { scoreMultilabel } from './multilabel.js';
import { RowOrder } from './order.js';
import { scoreRanking } from './queries.js';
import { scoreRegression } from './regression.js';
import { slicesOf } from './slices.js';

/** From predictions to metrics: all rows, then each slice. */

/** The metrics worth reading first, in this order; the others are detail. */
export const HEADLINE_METRICS = {
  binary: [
    'roc_auc',
    'average_precision',
    'log_loss',
    'brier',
    'accuracy',
    'balanced_accuracy',
    'precision_binary',
    'recall_binary',
    'f1_binary',
  ],
  multiclass: ['accuracy', 'balanced_accuracy', 'f1_macro', 'mcc', 'roc_auc_ovr_macro', 'log_loss'],
  multilabel: [
    'f1_macro',
    'f1_micro',
    'accuracy',
    'hamming_loss',
    'roc_auc_macro',
    'average_precision_macro',
  ],
  regression: ['rmse', 'mae', 'r2', 'median_absolute_error', 'bias', 'mean_pinball', 'coverage_80'],
  ranking: ['ndcg_at_10_linear', 'ndcg_linear', 'map', 'mrr', 'precision_at_10', 'recall_at_10'],
  forecast: ['mase', 'wape', 'smape', 'mae', 'rmse', 'bias', 'mean_pinball', 'coverage_80'],
} as const satisfies Record<Predictions['task'], readonly string[]>;

/** Scores of one set of rows. */
export interface ScoredRows {
  /** Null for all rows. */
  readonly slice: Slice | null;
  /** Indices into the predictions, ascending; influences of the measures are in this order. */
  readonly rows: Int32Array;
  readonly measures: readonly Measure[];
}

/**
 * Every metric on all rows and on each slice, one set of rows at a time. Influences are computed only when asked for; of two
 * models on the same rows, the difference in a metric has se = √Σ (aᵢ − bᵢ)² / n over the rows matched by id.
 */
export function* scoreEach(
  predictions: Predictions,
  config: Pick<EvaluateConfig, 'slices'>,
): Generator<ScoredRows> {
  const order = orderOf(predictions);
  for (const { slice, rows } of slicesOf(predictions, config.slices)) {
    yield { slice, rows, measures: measuresOf(predictions, slice === null ? null : rows, order) };
  }
}

/** All of `scoreEach` at once. */
export function scoreAll(
  predictions: Predictions,
  config: Pick<EvaluateConfig, 'slices'>,
): readonly ScoredRows[] {
  return [...scoreEach(predictions, config)];
}

/**
 * The metrics of a predictions file as a run records them: `n` is the number of rows, `stderr` the standard error over rows (null where
 * there is no sound one), `source` the file. Directions are known by name, and rules win.
 */
export function scorePredictions(
  predictions: Predictions,
  config: Pick<EvaluateConfig, 'slices' | 'split'>,
  rules: Readonly<Record<string, MetricRule>>,
): readonly Metric[] {
  const metrics: Metric[] = [];
  for (const { slice, rows, measures } of scoreEach(predictions, config)) {
    for (const measure of measures) {
      // That a file has no scores is said once, not again for each slice.
      if (slice !== null && measure.reason === noScores(predictions)) continue;
      metrics.push(asMetric(measure, { slice, n: rows.length, predictions, split: config.split, rules }));
    }
  }
  return metrics;
}

/** Rows by score, where the metrics need them so; found once for all slices. */
function orderOf(predictions: Predictions): RowOrder | null {
  return predictions.task === 'binary' && predictions.scores ? new RowOrder(predictions.scores) : null;
}

function asMetric(
  measure: Measure,
  of: {
    readonly slice: Slice | null;
    readonly n: number;
    readonly predictions: Predictions;
    readonly split: string;
    readonly rules: Readonly<Record<string, MetricRule>>;
  },
): Metric {
  const { name } = measure;
  const finite = measure.value !== null && Number.isFinite(measure.value);
  const reason = measure.reason ?? (finite ? undefined : 'the result is too large for a number');
  return {
    name,
    value: finite ? measure.value : null,
    ...(reason === undefined ? {} : { reason }),
    direction: knownDirection(name, of.rules),
    split: of.split,
    slice: of.slice,
    n: of.n,
    stderr: finite ? errorOfMeasure(measure, of.n) : null,
    seed_values: null,
    source: of.predictions.file,
  };
}

/** What this room computes has the direction of the catalog, unless a rule says otherwise. */
function knownDirection(name: string, rules: Readonly<Record<string, MetricRule>>): Direction {
  const last = name.split('.').at(-1) ?? name;
  const given = rules[name]?.direction ?? rules[last]?.direction;
  return given ?? catalogDirection(name) ?? directionOf(name, rules);
}

/** @param rows null for all of them, which then are not copied */
function measuresOf(
  predictions: Predictions,
  rows: Int32Array | null,
  order: RowOrder | null,
): readonly Measure[] {
  const weights = predictions.weights && pick(predictions.weights, rows);
  if (weights?.every((weight) => weight === 0)) return [];
  const each = rows === null;
  switch (predictions.task) {
    case 'binary': {
      const { labels, predicted, scores } = predictions;
      const sample: BinarySample = {
        labels: pick(labels, rows),
        predicted: pick(predicted, rows),
        scores: scores && pick(scores, rows),
        weights,
        order: order && (rows ? order.of(rows) : order.all),
      };
      return scoreBinary(sample, noScores(predictions));
    }
    case 'multiclass': {
      const { labels, predicted, scores, classes } = predictions;
      const sample = {
        classes,
        labels: pick(labels, rows),
        predicted: pick(predicted, rows),
        scores: scores?.map((column) => pick(column, rows)) ?? null,
        weights,
      };
      return scoreMulticlass(sample, { noScores: noScores(predictions), each });
    }
    case 'multilabel': {
      const { labels, predicted, scores, classes } = predictions;
      const columns = <T extends Float64Array | Uint8Array>(all: readonly T[]) =>
        all.map((column) => pick(column, rows));
      const sample = { classes, labels: columns(labels), predicted: columns(predicted), weights };
      return scoreMultilabel({ ...sample, scores: scores && columns(scores) }, { each });
    }
    case 'regression': {
      const { labels, predicted, quantiles = [] } = predictions;
      const sample = { labels: pick(labels, rows), predicted: pick(predicted, rows), weights };
      return scoreRegression({ ...sample, quantiles: pickQuantiles(quantiles, rows) });
    }
    case 'ranking': {
      const { labels, scores, queries, ids, at } = predictions;
      return scoreRanking({
        labels: pick(labels, rows),
        scores: pick(scores, rows),
        queries: pick(queries.codes, rows),
        ids: ids && rows ? Array.from(rows, (row) => ids[row] as string) : ids,
        weights,
        at,
      });
    }
    case 'forecast': {
      const { labels, predicted, quantiles, series, naive } = predictions;
      return scoreForecast({
        labels: pick(labels, rows),
        predicted: pick(predicted, rows),
        quantiles: pickQuantiles(quantiles, rows),
        series: pick(series.codes, rows),
        naive,
        weights,
      });
    }
  }
}

function pickQuantiles(quantiles: readonly Quantile[], rows: Int32Array | null): readonly Quantile[] {
  return quantiles.map(({ level, values }) => ({ level, values: pick(values, rows) }));
}

function noScores(predictions: Predictions): string {
  return predictions.task === 'multiclass'
    ? "no score column per class (evaluate: columns: { score: 'p[{label}]' })"
    : 'no score column';
}

function pick<T extends Float64Array | Int32Array | Uint8Array>(values: T, rows: Int32Array | null): T {
  if (!rows) return values;
  const Typed = values.constructor as new (length: number) => T;
  const picked = new Typed(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i] as number] as number;
  return picked;
}
