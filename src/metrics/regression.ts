import { type Quantile, scoreQuantiles } from './intervals.js';
import {
  centred,
  type Measure,
  meanMeasure,
  shareExplained,
  undefinedMeasure,
  type WeightedRows,
  weightedMean,
  weightedRows,
} from './measure.js';
import { weightedMedian } from './quantile.js';
import { weightedSum } from './sums.js';

/** Metrics of numbers predicted. Definitions as in scikit-learn 1.9 where it has them; docs/metrics.md lists all. */

export interface RegressionSample {
  readonly labels: Float64Array;
  readonly predicted: Float64Array;
  readonly quantiles?: readonly Quantile[];
  readonly weights: Float64Array | null;
}

export function scoreRegression(sample: RegressionSample): readonly Measure[] {
  const { labels, weights } = sample;
  const rows = weightedRows(weights, labels.length);
  return [
    ...scoreErrors(sample, rows),
    ...correlations(sample, rows),
    ...deviances(sample, rows),
    ...scoreQuantiles(labels, sample.quantiles ?? [], rows),
  ];
}

/** The metrics that regression and forecast share: of the error in the unit of the label, and relative to it. */
export function scoreErrors(sample: RegressionSample, rows: WeightedRows): readonly Measure[] {
  const { labels, predicted, weights } = sample;
  const error = predicted.map((value, i) => value - (labels[i] as number));
  const absolute = error.map(Math.abs);
  const squared = error.map((value) => value * value);
  const mse = meanMeasure('mse', squared, rows);
  return [
    meanMeasure('mae', absolute, rows),
    mse,
    rootOf('rmse', mse),
    ...sharesOfVariance({ ...sample, error, squared }, rows),
    shareOfAbsoluteError(sample, absolute, rows),
    { name: 'median_absolute_error', value: weightedMedian(absolute, weights), influence: null },
    { name: 'max_error', value: absolute.reduce((a, b) => Math.max(a, b), 0), influence: null },
    mape(labels, absolute, rows),
    ...shareErrors(sample, absolute, rows),
    meanMeasure('bias', error, rows),
  ];
}

function rootOf(name: string, square: Measure): Measure {
  if (square.value === null) return { ...square, name };
  const value = Math.sqrt(square.value);
  const influence = square.influence;
  // d√m = dm / 2√m; a perfect prediction has no slope.
  return {
    name,
    value,
    influence: influence && value > 0 ? () => influence().map((pull) => pull / (2 * value)) : null,
  };
}

const ONE_ROW = 'it needs at least 2 rows';

/** With labels that are all equal scikit-learn gives 1 for no error at all and 0 for any (its force_finite). */
function withConstantLabels(name: string, isPerfect: boolean): Measure {
  const reason = `0/0 counts as ${isPerfect ? 1 : 0}: all labels are equal`;
  return { name, value: isPerfect ? 1 : 0, reason, influence: null };
}

function sharesOfVariance(
  of: RegressionSample & { readonly error: Float64Array; readonly squared: Float64Array },
  rows: WeightedRows,
): readonly Measure[] {
  const { labels, error, squared } = of;
  const around = squaresAroundMean(error, rows);
  const isConstant = allEqual(labels, rows.weights);
  const constant = isConstant ? new Float64Array(labels.length) : squaresAroundMean(labels, rows);
  const share = (name: string, model: Float64Array) =>
    isConstant || !(weightedMean(constant, rows) > 0)
      ? withConstantLabels(name, weightedMean(model, rows) === 0)
      : shareExplained(name, { model, constant }, rows);
  return [
    labels.length < 2 ? undefinedMeasure('r2', ONE_ROW) : share('r2', squared),
    allEqual(error, rows.weights) && isConstant
      ? withConstantLabels('explained_variance', true)
      : share('explained_variance', around),
  ];
}

/** D² with absolute error: 1 − MAE / MAE of the median (Hastie, Tibshirani and Wainwright, 2015; d2_absolute_error_score). */
function shareOfAbsoluteError(of: RegressionSample, absolute: Float64Array, rows: WeightedRows): Measure {
  const name = 'd2_absolute_error';
  if (of.labels.length < 2) return undefinedMeasure(name, ONE_ROW);
  const median = weightedMedian(of.labels, of.weights);
  const constant = of.labels.map((label) => Math.abs(label - median));
  if (!(weightedMean(constant, rows) > 0))
    return withConstantLabels(name, weightedMean(absolute, rows) === 0);
  return shareExplained(name, { model: absolute, constant }, rows);
}

function squaresAroundMean(terms: Float64Array, rows: WeightedRows): Float64Array {
  const mean = weightedMean(terms, rows);
  return terms.map((term) => (term - mean) ** 2);
}

function allEqual(terms: Float64Array, weights: Float64Array | null): boolean {
  let first: number | undefined;
  for (let i = 0; i < terms.length; i++) {
    if (weights && !((weights[i] as number) > 0)) continue;
    first ??= terms[i] as number;
    if (terms[i] !== first) return false;
  }
  return true;
}

/** As scikit-learn, a label of 0 counts as the smallest step of float64, which makes the value huge: the reason says so. */
function mape(labels: Float64Array, absolute: Float64Array, rows: WeightedRows): Measure {
  const shares = absolute.map((error, i) => error / Math.max(Math.abs(labels[i] as number), Number.EPSILON));
  const measure = meanMeasure('mape', shares, rows);
  const reason = 'it divides by the label, and labels of 0 count as 2.2e-16';
  return labels.includes(0) ? { ...measure, reason, influence: null } : measure;
}

/** Symmetric MAPE from 0 to 2 (Makridakis, 1993; 0/0 is 0) and Σ|error| / Σ|label| (Kolassa and Schütz, Foresight 6, 2007). */
function shareErrors(of: RegressionSample, absolute: Float64Array, rows: WeightedRows): readonly Measure[] {
  const { labels, predicted } = of;
  const symmetric = absolute.map((error, i) => {
    const size = Math.abs(labels[i] as number) + Math.abs(predicted[i] as number);
    return size > 0 ? (2 * error) / size : 0;
  });
  return [meanMeasure('smape', symmetric, rows), ratioOfMeans('wape', absolute, labels.map(Math.abs), rows)];
}

/** A/B with the pull (a − (A/B)·b) / B of a row. */
function ratioOfMeans(name: string, top: Float64Array, bottom: Float64Array, rows: WeightedRows): Measure {
  const divisor = weightedMean(bottom, rows);
  if (!(divisor > 0)) return undefinedMeasure(name, 'all labels are 0');
  const value = weightedMean(top, rows) / divisor;
  return {
    name,
    value,
    influence: () => {
      const above = centred(top, value * divisor, rows);
      const below = centred(bottom, divisor, rows);
      return above.map((a, i) => (a - value * (below[i] as number)) / divisor);
    },
  };
}

/** Pearson's and Spearman's correlation of labels and predictions (the latter: Pearson's of the ranks, ties at their mean). */
function correlations(of: RegressionSample, rows: WeightedRows): readonly Measure[] {
  const { labels, predicted, weights } = of;
  const names = ['pearson', 'spearman'] as const;
  for (const [column, what] of [
    [labels, 'labels'],
    [predicted, 'predictions'],
  ] as const) {
    if (allEqual(column, weights)) {
      return names.map((name) => undefinedMeasure(name, `all ${what} are equal`));
    }
  }
  return [
    pearson('pearson', labels, predicted, rows),
    weights
      ? undefinedMeasure('spearman', 'ranks have no weights')
      : { ...pearson('spearman', ranks(labels), ranks(predicted), rows), influence: null },
  ];
}

function pearson(name: string, x: Float64Array, y: Float64Array, rows: WeightedRows): Measure {
  const [meanX, meanY] = [weightedMean(x, rows), weightedMean(y, rows)];
  const [dx, dy] = [x.map((value) => value - meanX), y.map((value) => value - meanY)];
  const spread = (terms: Float64Array) =>
    Math.sqrt(
      weightedMean(
        terms.map((term) => term * term),
        rows,
      ),
    );
  const [sx, sy] = [spread(dx), spread(dy)];
  // Divided before they are multiplied: squares of huge values overflow, of tiny ones vanish.
  const [zx, zy] = [dx.map((term) => term / sx), dy.map((term) => term / sy)];
  const value = Math.min(
    1,
    Math.max(
      -1,
      weightedMean(
        zx.map((z, i) => z * (zy[i] as number)),
        rows,
      ),
    ),
  );
  return {
    name,
    value: Number.isFinite(value) ? value : null,
    ...(Number.isFinite(value) ? {} : { reason: 'the spread is too small or too large for a number' }),
    influence: () =>
      centred(
        zx.map((z, i) => z * (zy[i] as number) - (value * (z * z + (zy[i] as number) ** 2)) / 2),
        0,
        rows,
      ),
  };
}

/** Ranks from 1, equal values at the mean of theirs. */
function ranks(values: Float64Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
  const rank = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (let at = from; at < to; at++) rank[order[at] as number] = (from + 1 + to) / 2;
    from = to;
  }
  return rank;
}

interface Deviance {
  readonly name: string;
  readonly fits: (label: number) => boolean;
  readonly fitsPrediction: (prediction: number) => boolean;
  readonly of: (label: number, prediction: number) => number;
  readonly d2?: string;
  readonly needs: string;
}

const isPositive = (value: number) => value > 0;
/** Squared log error and unit deviances of exponential families (Jørgensen, The Theory of Dispersion Models, 1997). */
const DEVIANCES: readonly Deviance[] = [
  {
    name: 'msle',
    fits: (label) => label > -1,
    fitsPrediction: (value) => value > -1,
    of: (label, value) => (Math.log1p(label) - Math.log1p(value)) ** 2,
    needs: 'above −1',
  },
  {
    name: 'poisson_deviance',
    d2: 'd2_poisson',
    fits: (label) => label >= 0,
    fitsPrediction: isPositive,
    of: (label, value) => 2 * ((label > 0 ? label * Math.log(label / value) : 0) - label + value),
    needs: 'above 0',
  },
  {
    name: 'gamma_deviance',
    d2: 'd2_gamma',
    fits: isPositive,
    fitsPrediction: isPositive,
    of: (label, value) => 2 * (Math.log(value / label) + label / value - 1),
    needs: 'above 0',
  },
  {
    name: 'tweedie_deviance_1_5',
    fits: (label) => label >= 0,
    fitsPrediction: isPositive,
    of: (label, value) => 2 * (label ** 0.5 / -0.25 - (label * value ** -0.5) / -0.5 + value ** 0.5 / 0.5),
    needs: 'above 0',
  },
];

/** Left out where the labels themselves do not fit: then the metric is not of this task. */
function deviances(of: RegressionSample, rows: WeightedRows): readonly Measure[] {
  const { labels, predicted } = of;
  return DEVIANCES.flatMap((deviance) => {
    if (!labels.every(deviance.fits)) return [];
    const named = [
      deviance.name,
      ...(deviance.name === 'msle' ? ['rmsle'] : []),
      ...(deviance.d2 ? [deviance.d2] : []),
    ];
    if (!predicted.every(deviance.fitsPrediction)) {
      return named.map((name) => undefinedMeasure(name, `it needs predictions ${deviance.needs}`));
    }
    const model = labels.map((label, i) => deviance.of(label, predicted[i] as number));
    const measure = meanMeasure(deviance.name, model, rows);
    if (deviance.name === 'msle') return [measure, rootOf('rmsle', measure)];
    return deviance.d2 ? [measure, shareOfDeviance(deviance, { of, model }, rows)] : [measure];
  });
}

function shareOfDeviance(
  deviance: Deviance,
  { of, model }: { readonly of: RegressionSample; readonly model: Float64Array },
  rows: WeightedRows,
): Measure {
  const name = deviance.d2 ?? deviance.name;
  if (of.labels.length < 2) return undefinedMeasure(name, ONE_ROW);
  if (allEqual(of.labels, of.weights)) return undefinedMeasure(name, 'all labels are equal');
  const mean = weightedSum(of.labels, of.weights) / rows.total;
  return shareExplained(name, { model, constant: of.labels.map((label) => deviance.of(label, mean)) }, rows);
}
