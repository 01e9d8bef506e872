import {
  centred,
  type Measure,
  meanMeasure,
  undefinedMeasure,
  type WeightedRows,
  weightedMean,
  weightedRows,
} from './measure.js';
import { totalWeight } from './sums.js';

/** Metrics of numbers predicted. Definitions as in scikit-learn 1.9. */

export interface RegressionSample {
  readonly labels: Float64Array;
  readonly predicted: Float64Array;
  readonly weights: Float64Array | null;
}

export function scoreRegression(sample: RegressionSample): readonly Measure[] {
  const { labels, predicted, weights } = sample;
  const rows = weightedRows(weights, labels.length);
  const error = predicted.map((value, i) => value - (labels[i] as number));
  const absolute = error.map(Math.abs);
  const squared = error.map((value) => value * value);
  const mse = meanMeasure('mse', squared, rows);
  return [
    meanMeasure('mae', absolute, rows),
    mse,
    rmseFrom(mse),
    ...sharesOfVariance({ labels, error, squared, mse }, rows),
    { name: 'median_absolute_error', value: weightedMedian(absolute, weights), influence: null },
    { name: 'max_error', value: absolute.reduce((a, b) => Math.max(a, b), 0), influence: null },
    mape(labels, absolute, rows),
    meanMeasure('bias', error, rows),
  ];
}

function rmseFrom(mse: Measure & { readonly value: number }): Measure {
  const value = Math.sqrt(mse.value);
  const influence = mse.influence;
  // d√m = dm / 2√m; a perfect prediction has no slope.
  return {
    name: 'rmse',
    value,
    influence: influence && value > 0 ? () => influence().map((pull) => pull / (2 * value)) : null,
  };
}

/** r² and explained variance: 1 − A/B, so that the pull of a row is −a/B + A·b/B². */
function sharesOfVariance(
  of: {
    readonly labels: Float64Array;
    readonly error: Float64Array;
    readonly squared: Float64Array;
    readonly mse: Measure & { readonly value: number };
  },
  rows: WeightedRows,
): readonly Measure[] {
  const names = ['r2', 'explained_variance'] as const;
  const labelSquares = squaresAroundMean(of.labels, rows);
  const variance = weightedMean(labelSquares, rows);
  if (!(variance > 0)) return names.map((name) => undefinedMeasure(name, 'all labels are equal'));
  const errorSquares = squaresAroundMean(of.error, rows);
  const share = (name: string, numeratorTerms: Float64Array): Measure => {
    const numerator = weightedMean(numeratorTerms, rows);
    return {
      name,
      value: 1 - numerator / variance,
      influence: () => {
        const top = centred(numeratorTerms, numerator, rows);
        const bottom = centred(labelSquares, variance, rows);
        return top.map((a, i) => (-a + (numerator / variance) * (bottom[i] as number)) / variance);
      },
    };
  };
  return [share('r2', of.squared), share('explained_variance', errorSquares)];
}

function squaresAroundMean(terms: Float64Array, rows: WeightedRows): Float64Array {
  const mean = weightedMean(terms, rows);
  return terms.map((term) => (term - mean) ** 2);
}

function mape(labels: Float64Array, absolute: Float64Array, rows: WeightedRows): Measure {
  if (labels.includes(0)) return undefinedMeasure('mape', 'it divides by the label, and some labels are 0');
  return meanMeasure(
    'mape',
    absolute.map((error, i) => error / Math.abs(labels[i] as number)),
    rows,
  );
}

/**
 * Half of the weight lies on either side; where a step of the distribution hits the half exactly, the middle of its
 * two ends (quantile type "averaged inverted cdf", as scikit-learn's weighted median).
 */
function weightedMedian(terms: Float64Array, weights: Float64Array | null): number {
  if (!weights) {
    const sorted = terms.slice().sort();
    const middle = sorted.length >> 1;
    const upper = sorted[middle] as number;
    return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
  }
  const order = Array.from(terms.keys())
    .filter((i) => (weights[i] as number) > 0)
    .sort((a, b) => (terms[a] as number) - (terms[b] as number));
  const half = totalWeight(weights, terms.length) / 2;
  let below = 0;
  for (const [position, i] of order.entries()) {
    below += weights[i] as number;
    if (below < half) continue;
    const next = order[position + 1];
    const value = terms[i] as number;
    return below === half && next !== undefined ? (value + (terms[next] as number)) / 2 : value;
  }
  return terms[order.at(-1) as number] as number;
}
