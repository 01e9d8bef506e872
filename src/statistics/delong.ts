import { normalQuantile, normalTwoSided } from './distributions/normal.js';
import { rank } from './ranks.js';
import { StableSum, stableSum } from './sums.js';

/**
 * Areas under two ROC curves on the same rows, with their variances and covariance (DeLong, DeLong and Clarke-Pearson, Biometrics
 * 44, 1988), from mid-ranks in O(n log n) (Sun and Xu, IEEE Signal Processing Letters 21, 2014).
 */
export interface DeLong {
  readonly first: number;
  readonly second: number;
  readonly variances: readonly [number, number];
  readonly covariance: number;
  /** Of the difference; NaN when it has no variance. */
  readonly z: number;
  readonly p: number;
}

/**
 * @param labels truthy for the positive class
 * @returns NaN without rows of both classes; variances are NaN with one row of a class
 */
export function delong(
  labels: ArrayLike<number | boolean>,
  scores: { readonly first: ArrayLike<number>; readonly second: ArrayLike<number> },
): DeLong {
  const [a, b] = [components(labels, scores.first), components(labels, scores.second)];
  const covariance = (left: Components, right: Components) =>
    momentOf(left.positives, right.positives) + momentOf(left.negatives, right.negatives);
  const variances = [covariance(a, a), covariance(b, b)] as const;
  const between = covariance(a, b);
  const variance = variances[0] + variances[1] - 2 * between;
  const z = (a.area - b.area) / Math.sqrt(variance);
  return { first: a.area, second: b.area, variances, covariance: between, z, p: normalTwoSided(z) };
}

/** Wald's interval of one area. */
export function areaInterval(area: number, variance: number, level = 0.95): readonly [number, number] {
  const half = -normalQuantile((1 - level) / 2) * Math.sqrt(variance);
  return [area - half, area + half];
}

interface Components {
  readonly area: number;
  /** Of each positive row: the share of negative rows below it, half for ties; and the other way round. */
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

function components(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>): Components {
  const [positive, negative]: [number[], number[]] = [[], []];
  for (let i = 0; i < scores.length; i++) (labels[i] ? positive : negative).push(scores[i] as number);
  const [m, n] = [positive.length, negative.length];
  const pooled = rank([...positive, ...negative]).ranks;
  const [ownPositive, ownNegative] = [rank(positive).ranks, rank(negative).ranks];
  const positives = ownPositive.map((own, i) => ((pooled[i] as number) - own) / n);
  const negatives = ownNegative.map((own, j) => 1 - ((pooled[m + j] as number) - own) / m);
  return { area: stableSum(positives) / m, positives, negatives };
}

/** Sample covariance over its size. */
function momentOf(a: Float64Array, b: Float64Array): number {
  const size = a.length;
  if (size < 2) return Number.NaN;
  const [centreA, centreB] = [stableSum(a) / size, stableSum(b) / size];
  const sum = new StableSum();
  for (let i = 0; i < size; i++) sum.add(((a[i] as number) - centreA) * ((b[i] as number) - centreB));
  return sum.value / (size - 1) / size;
}
