import { type Measure, meanMeasure, type WeightedRows, weightedRows } from './measure.js';
import { StableSum } from './sums.js';

/** Metrics of probabilities as such: how far they are from what happened. Definitions as in scikit-learn 1.9. */

/** Probabilities are clipped to [ε, 1 − ε] of float64, as scikit-learn does, so that one certain mistake is not infinite. */
const EPSILON = Number.EPSILON;

export interface ProbabilitySample {
  /** 1 for the positive class. */
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly weights: Float64Array | null;
}

/** Minus the log of the probability that was given to what happened. */
export function surprise(probability: number): number {
  return -Math.log(Math.min(Math.max(probability, EPSILON), 1 - EPSILON));
}

export function logLoss(sample: ProbabilitySample): Measure {
  const { labels, scores } = sample;
  const loss = scores.map((score, i) => surprise(labels[i] === 1 ? score : 1 - score));
  return meanMeasure('log_loss', loss, rowsOf(sample));
}

/** Mean squared distance of the probability from 0 or 1. */
export function brier(sample: ProbabilitySample): Measure {
  const { labels, scores } = sample;
  const loss = scores.map((score, i) => (score - (labels[i] as number)) ** 2);
  return meanMeasure('brier', loss, rowsOf(sample));
}

/**
 * Expected calibration error over ten bins of equal width (Naeini, Cooper and Hauskrecht, AAAI 2015): the mean over bins of
 * |share of positives − mean score|, weighted by the rows in each. A sum of absolute values is biased upwards in small
 * samples and has no slope at 0, so it has no influence.
 */
export function expectedCalibrationError(sample: ProbabilitySample): Measure {
  const { labels, scores, weights } = sample;
  const bins = Array.from({ length: 10 }, () => new StableSum());
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    const weight = weights ? (weights[i] as number) : 1;
    bins[Math.min(9, Math.floor(score * 10))]?.add(weight * ((labels[i] as number) - score));
  }
  const value = bins.reduce((sum, bin) => sum + Math.abs(bin.value), 0) / rowsOf(sample).total;
  return { name: 'ece_10_equal_width', value, influence: null };
}

function rowsOf(sample: ProbabilitySample): WeightedRows {
  return weightedRows(sample.weights, sample.labels.length);
}
