import type { EvaluateConfig, MetricRule } from '../config/model.js';
import { type BinarySample, scoreBinary } from './binary.js';
import type { Predictions } from './columnar.js';
import { directionOf } from './direction.js';
import { type Measure, standardError } from './measure.js';
import type { Metric, Slice } from './metric.js';
import { scoreMulticlass } from './multiclass.js';
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
  regression: ['rmse', 'mae', 'r2', 'median_absolute_error', 'bias'],
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
 * Every metric on all rows and on each slice. Influences are computed only when asked for; of two models on the same rows, the
 * difference in a metric has se = √Σ (aᵢ − bᵢ)² / n over the rows matched by id.
 */
export function scoreAll(
  predictions: Predictions,
  config: Pick<EvaluateConfig, 'slices'>,
): readonly ScoredRows[] {
  return slicesOf(predictions, config.slices).map(({ slice, rows }) => ({
    slice,
    rows,
    measures: measuresOf(predictions, slice === null ? null : rows),
  }));
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
  return scoreAll(predictions, config).flatMap(({ slice, rows, measures }) =>
    measures
      // That a file has no scores is said once, not again for each slice.
      .filter((measure) => slice === null || measure.reason !== noScores(predictions))
      .map((measure) =>
        asMetric(measure, { slice, n: rows.length, predictions, split: config.split, rules }),
      ),
  );
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
    direction:
      OWN_DIRECTIONS[name] && !of.rules[name]?.direction ? OWN_DIRECTIONS[name] : directionOf(name, of.rules),
    split: of.split,
    slice: of.slice,
    n: of.n,
    stderr: finite && measure.influence ? standardError(measure.influence()) : null,
    seed_values: null,
    source: of.predictions.file,
  };
}

/** Names whose direction is known only because they are computed here: elsewhere a Gini may be an impurity, a KS statistic drift. */
const OWN_DIRECTIONS: Readonly<Record<string, 'higher'>> = { gini: 'higher', ks_statistic: 'higher' };

/** @param rows null for all of them, which then are not copied */
function measuresOf(predictions: Predictions, rows: Int32Array | null): readonly Measure[] {
  const weights = predictions.weights && pick(predictions.weights, rows);
  if (weights?.every((weight) => weight === 0)) return [];
  switch (predictions.task) {
    case 'binary': {
      const { labels, predicted, scores } = predictions;
      const sample: BinarySample = {
        labels: pick(labels, rows),
        predicted: pick(predicted, rows),
        scores: scores && pick(scores, rows),
        weights,
      };
      return scoreBinary(sample, noScores(predictions));
    }
    case 'multiclass': {
      const { labels, predicted, scores, classes } = predictions;
      return scoreMulticlass(
        {
          classes,
          labels: pick(labels, rows),
          predicted: pick(predicted, rows),
          scores: scores?.map((column) => pick(column, rows)) ?? null,
          weights,
        },
        noScores(predictions),
      );
    }
    case 'regression': {
      const { labels, predicted } = predictions;
      return scoreRegression({ labels: pick(labels, rows), predicted: pick(predicted, rows), weights });
    }
  }
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
