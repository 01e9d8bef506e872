import { type Measure, meanMeasure, type WeightedRows } from './measure.js';
import { StableSum } from './sums.js';

/** Metrics of predicted quantiles and of the intervals between two of them. */

/** A column of predictions of one quantile. */
export interface Quantile {
  /** Between 0 and 1, exclusive. */
  readonly level: number;
  readonly values: Float64Array;
}

/**
 * Pinball loss of each quantile and their mean (Koenker and Bassett, Econometrica 46, 1978); for each pair of levels α and
 * 1 − α the coverage of the interval, its mean width and its interval score (Winkler, JASA 67, 1972).
 */
export function scoreQuantiles(
  labels: Float64Array,
  quantiles: readonly Quantile[],
  rows: WeightedRows,
): readonly Measure[] {
  if (quantiles.length === 0) return [];
  const losses = quantiles.map(({ level, values }) => pinball(labels, values, level));
  const mean = labels.map((_, i) => {
    const sum = new StableSum();
    for (const loss of losses) sum.add(loss[i] as number);
    return sum.value / losses.length;
  });
  return [
    ...quantiles.map(({ level }, at) =>
      meanMeasure(`pinball_${percent(level)}`, losses[at] as Float64Array, rows),
    ),
    meanMeasure('mean_pinball', mean, rows),
    ...intervalsOf(quantiles).flatMap((interval) => scoreInterval(labels, interval, rows)),
  ];
}

function pinball(labels: Float64Array, values: Float64Array, level: number): Float64Array {
  return labels.map((label, i) => {
    const difference = label - (values[i] as number);
    return difference >= 0 ? level * difference : (level - 1) * difference;
  });
}

interface Interval {
  readonly level: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** Levels that lie symmetrically around the median: 0.1 and 0.9 make an interval of 80 %. */
function intervalsOf(quantiles: readonly Quantile[]): readonly Interval[] {
  return quantiles.flatMap(({ level, values: lower }) => {
    if (level >= 0.5) return [];
    const upper = quantiles.find((other) => Math.abs(other.level - (1 - level)) < 1e-9);
    return upper ? [{ level: upper.level - level, lower, upper: upper.values }] : [];
  });
}

function scoreInterval(labels: Float64Array, interval: Interval, rows: WeightedRows): readonly Measure[] {
  const { level, lower, upper } = interval;
  const inside = labels.map((label, i) =>
    label >= (lower[i] as number) && label <= (upper[i] as number) ? 1 : 0,
  );
  const width = upper.map((end, i) => end - (lower[i] as number));
  const penalty = 2 / (1 - level);
  const score = labels.map((label, i) => {
    const missed = Math.max((lower[i] as number) - label, 0) + Math.max(label - (upper[i] as number), 0);
    return (width[i] as number) + penalty * missed;
  });
  const name = percent(level);
  return [
    meanMeasure(`coverage_${name}`, inside, rows),
    meanMeasure(`interval_width_${name}`, width, rows),
    meanMeasure(`interval_score_${name}`, score, rows),
  ];
}

/** `0.1` is `10`, `0.025` is `2_5`. */
function percent(level: number): string {
  return String(Number((level * 100).toPrecision(10))).replace('.', '_');
}
