import type { Alternative } from './alternative.js';
import { betaQuantile, betaUpperQuantile } from './distributions/beta.js';
import { binomialAtLeast, binomialCdf, binomialPmf } from './distributions/binomial.js';
import { normalQuantile } from './distributions/normal.js';

/** Intervals and tests of a proportion: k of n. */

export type Interval = readonly [number, number];

export interface Proportion {
  /** Whole, 0 to n. */
  readonly k: number;
  /** Whole, at least 1. */
  readonly n: number;
  /** Of the interval; 0.95 by default. */
  readonly level?: number;
}

const criticalOf = (level: number) => -normalQuantile((1 - level) / 2);

/** Wilson's score interval (JASA 22, 1927): near its level also for few rows and shares near 0 or 1. */
export function wilson({ k, n, level = 0.95 }: Proportion): Interval {
  const z2 = criticalOf(level) ** 2;
  const share = k / n;
  const scale = 1 + z2 / n;
  const centre = (share + z2 / (2 * n)) / scale;
  const half = (Math.sqrt(z2) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))) / scale;
  return [k === 0 ? 0 : clip(centre - half), k === n ? 1 : clip(centre + half)];
}

/** Wilson's centre with the width of Wald's at that centre (Agresti and Coull, The American Statistician 52, 1998). */
export function agrestiCoull({ k, n, level = 0.95 }: Proportion): Interval {
  const z = criticalOf(level);
  const rows = n + z * z;
  const share = (k + (z * z) / 2) / rows;
  const half = z * Math.sqrt((share * (1 - share)) / rows);
  return [clip(share - half), clip(share + half)];
}

/** Equal-tailed, with Jeffreys' prior. */
export function jeffreys({ k, n, level = 0.95 }: Proportion): Interval {
  const tail = (1 - level) / 2;
  return [betaQuantile(tail, k + 0.5, n - k + 0.5), betaUpperQuantile(tail, k + 0.5, n - k + 0.5)];
}

/** Never covers less than its level (Clopper and Pearson, Biometrika 26, 1934). */
export function clopperPearson({ k, n, level = 0.95 }: Proportion): Interval {
  const tail = (1 - level) / 2;
  return [
    k === 0 ? 0 : betaQuantile(tail, k, n - k + 1),
    k === n ? 1 : betaUpperQuantile(tail, k + 1, n - k),
  ];
}

/** Exact; two-sided by the counts that are at most as likely. @param expected the chance to test, 0 to 1 */
export function binomialTest(
  { k, n }: Proportion,
  expected: number,
  alternative: Alternative = 'two-sided',
): number {
  if (alternative === 'less') return binomialCdf(k, n, expected);
  if (alternative === 'greater') return binomialAtLeast(k, n, expected);
  if (k === expected * n) return 1;
  // Equally likely but for rounding counts as equal.
  const bound = binomialPmf(k, n, expected) * (1 + 1e-7);
  const isRare = (count: number) => binomialPmf(count, n, expected) <= bound;
  if (k < expected * n) {
    const first = firstWhere(Math.ceil(expected * n), n + 1, isRare);
    return Math.min(1, binomialCdf(k, n, expected) + binomialAtLeast(first, n, expected));
  }
  const common = firstWhere(0, Math.floor(expected * n) + 1, (count) => !isRare(count));
  return Math.min(1, binomialCdf(common - 1, n, expected) + binomialAtLeast(k, n, expected));
}

/** The first whole number from `low` on, below `high`, for which it holds (and from there on does); else `high`. */
function firstWhere(low: number, high: number, holds: (count: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

function clip(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/**
 * The difference of two paired shares, b/n − c/n, by inverting the score test (Tango, Statistics in Medicine 17, 1998): holds its level also
 * for few rows, for shares near 0 or 1, and where the two never disagree.
 * @param counts whole: rows where only the first, and where only the second is right, of `n` rows
 */
export function pairedShares(
  counts: { readonly onlyFirst: number; readonly onlySecond: number; readonly n: number },
  level = 0.95,
): Interval {
  const z = criticalOf(level);
  const { onlyFirst: b, onlySecond: c, n } = counts;
  const score = (gap: number) => {
    const linear = -b - c + (2 * n - b + c) * gap;
    const constant = -c * gap * (1 - gap);
    const nuisance = (Math.sqrt(Math.max(0, linear ** 2 - 8 * n * constant)) - linear) / (4 * n);
    const variance = n * (2 * nuisance + gap * (1 - gap));
    return variance <= 0
      ? Math.sign(b - c - n * gap) * Number.POSITIVE_INFINITY
      : (b - c - n * gap) / Math.sqrt(variance);
  };
  const estimate = (b - c) / n;
  // The score falls as the gap grows.
  const where = (from: number, to: number, target: number) => {
    let [low, high] = [from, to];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (score(middle) > target) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  return [where(-1, estimate, z), where(estimate, 1, -z)];
}
