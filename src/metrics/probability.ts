import {
  type Measure,
  meanMeasure,
  shareExplained,
  undefinedMeasure,
  type WeightedRows,
  weightedMean,
  weightedRows,
} from './measure.js';
import { SumsBy, weightedSum } from './sums.js';

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

/**
 * Log loss, Brier score (mean squared distance of the probability from 0 or 1) and how much better each is than that of always
 * saying the share of positives (D², scikit-learn's d2_log_loss_score and d2_brier_score).
 */
export function scoreLosses(sample: ProbabilitySample): readonly Measure[] {
  const { labels, scores, weights } = sample;
  const rows = rowsOf(sample);
  const share = weightedSum(labels, weights) / rows.total;
  const loss = new Float64Array(scores.length);
  const squares = new Float64Array(scores.length);
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    const given = labels[i] === 1 ? score : 1 - score;
    loss[i] = surprise(given);
    squares[i] = (1 - given) ** 2;
  }
  const constant = (of: number, ofNegative: number) => {
    const terms = new Float64Array(labels.length);
    for (let i = 0; i < terms.length; i++) terms[i] = labels[i] === 1 ? of : ofNegative;
    return terms;
  };
  return [
    meanMeasure('log_loss', loss, rows),
    meanMeasure('brier', squares, rows),
    shareExplainedBy('d2_log_loss', loss, constant(surprise(share), surprise(1 - share)), rows),
    shareExplainedBy('d2_brier', squares, constant((1 - share) ** 2, share ** 2), rows),
  ];
}

/** 1 − loss / loss of a constant prediction; undefined where the constant prediction has no loss. */
export function shareExplainedBy(
  name: string,
  model: Float64Array,
  constant: Float64Array,
  rows: WeightedRows,
): Measure {
  if (model.length < 2) return undefinedMeasure(name, 'it needs at least 2 rows');
  // With one class the constant prediction is always right, but for the clipping of its probability.
  if (!(weightedMean(constant, rows) > 2 * EPSILON)) {
    return undefinedMeasure(name, 'only one class among the labels');
  }
  return shareExplained(name, { model, constant }, rows);
}

/**
 * Expected and maximum calibration error over ten bins of equal width (Naeini, Cooper and Hauskrecht, AAAI 2015): the mean over
 * bins of |share of positives − mean score|, weighted by the rows in each, and the largest. Absolute values are biased
 * upwards in small samples and have no slope at 0, so there is no influence.
 */
export function calibrationErrors(sample: ProbabilitySample): readonly Measure[] {
  const { total } = rowsOf(sample);
  const bins = calibrationBins(sample);
  // Σ weight·|share − score| from the sums themselves: one rounding less than from the two means.
  const expected = bins.reduce((sum, { gap }) => sum + Math.abs(gap), 0) / total;
  const largest = bins.reduce((most, { gap, weight }) => Math.max(most, Math.abs(gap) / weight), 0);
  return [
    { name: 'ece_10_equal_width', value: expected, influence: null },
    { name: 'mce_10_equal_width', value: largest, influence: null },
  ];
}

export interface CalibrationBin {
  /** From 0 to 9. */
  readonly bin: number;
  /** Of its rows; their number without weights. */
  readonly weight: number;
  readonly score: number;
  /** Of positives. */
  readonly share: number;
  /** Σ weight · (label − score). */
  readonly gap: number;
}

/** Mean score and share of positives in ten bins of equal width, those that have rows. */
export function calibrationBins({ labels, scores, weights }: ProbabilitySample): readonly CalibrationBin[] {
  const [size, score, positive, gap] = [new SumsBy(10), new SumsBy(10), new SumsBy(10), new SumsBy(10)];
  for (let i = 0; i < scores.length; i++) {
    const value = scores[i] as number;
    const label = labels[i] as number;
    const weight = weights ? (weights[i] as number) : 1;
    const bin = binOf(value);
    size.add(bin, weight);
    score.add(bin, weight * value);
    positive.add(bin, weight * label);
    gap.add(bin, weight * (label - value));
  }
  const [sizes, ofScore, ofPositive, gaps] = [size.values(), score.values(), positive.values(), gap.values()];
  return Array.from(sizes.keys()).flatMap((bin) => {
    const weight = sizes[bin] as number;
    const mean = (sums: Float64Array) => (sums[bin] as number) / weight;
    if (!(weight > 0)) return [];
    return [{ bin, weight, score: mean(ofScore), share: mean(ofPositive), gap: gaps[bin] as number }];
  });
}

/** Upper ends of all bins but the last, as NumPy's linspace has them: 3 · 0.1 is above 0.3. */
const ENDS = Array.from({ length: 9 }, (_, bin) => (bin + 1) * 0.1);

/**
 * Bins [0, 0.1], (0.1, 0.2] … (0.9, 1], closed above as those of Guo et al. (ICML 2017) and of scikit-learn's calibration_curve, with
 * its ends to the last bit.
 */
function binOf(score: number): number {
  let bin = Math.min(9, Math.floor(score * 10));
  while (bin > 0 && score <= (ENDS[bin - 1] as number)) bin--;
  while (bin < 9 && score > (ENDS[bin] as number)) bin++;
  return bin;
}

function rowsOf(sample: ProbabilitySample): WeightedRows {
  return weightedRows(sample.weights, sample.labels.length);
}
