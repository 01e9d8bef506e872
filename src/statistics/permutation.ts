import type { Alternative, TestResult } from './alternative.js';
import { type Random, randomOf } from './random.js';
import { mean, stableSum } from './sums.js';

/**
 * Permutation tests of means: of two samples by splitting the pooled values in every way, of paired differences by flipping their signs in
 * every way. "Every" is counted, not walked through: sums over two halves are sorted and matched (Horowitz and Sahni, JACM 21,
 * 1974), so 40 values take 2²⁰ steps instead of 2⁴⁰. Above that, seeded random permutations.
 */

export interface PermutationResult extends TestResult {
  /** Permutations at least as extreme, the observed one among them. */
  readonly count: number;
  readonly permutations: number;
  readonly exact: boolean;
}

export interface PermutationOptions {
  readonly alternative?: Alternative;
  /** How much nearer to 0 still counts as extreme; by default 1e-12 of the largest value, so that equal sums are equal. */
  readonly tolerance?: number;
  /** For samples too large to count; at least 1. */
  readonly resamples?: number;
  readonly seed?: number;
}

/** Most values for which all permutations are counted. */
const MOST_VALUES = 36;
const RESAMPLES = 9999;

/** Difference in means, first minus second. @returns NaN when a sample is empty */
export function permuteTwoSamples(
  a: readonly number[],
  b: readonly number[],
  options: PermutationOptions = {},
): PermutationResult {
  const pooled = [...a, ...b];
  const statistic = mean(a) - mean(b);
  if (a.length === 0 || b.length === 0 || Number.isNaN(statistic)) return undefinedResult;
  const total = stableSum(pooled);
  const differenceAt = (sum: number) => sum / a.length - (total - sum) / b.length;
  const question = questionOf(statistic, differenceAt, { ...options, values: pooled });
  if (pooled.length <= MOST_VALUES) {
    const permutations = choose(pooled.length, a.length);
    return exactResult(statistic, countSubsets(pooled, a.length, question), permutations);
  }
  const shuffled = Float64Array.from(pooled);
  return sampled(question, statistic, options, (random) => {
    // The first places of a Fisher–Yates shuffle.
    let sum = 0;
    for (let i = 0; i < a.length; i++) {
      const at = i + random.below(shuffled.length - i);
      const value = shuffled[at] as number;
      shuffled[at] = shuffled[i] as number;
      shuffled[i] = value;
      sum += value;
    }
    return sum;
  });
}

/** Mean of paired differences. @returns NaN when there are none */
export function flipSigns(
  differences: readonly number[],
  options: PermutationOptions = {},
): PermutationResult {
  const n = differences.length;
  const statistic = mean(differences);
  if (n === 0 || Number.isNaN(statistic)) return undefinedResult;
  const total = stableSum(differences);
  // With the sum of those that keep their sign, the mean is (2 · kept − total) / n.
  const question = questionOf(statistic, (kept) => (2 * kept - total) / n, {
    ...options,
    values: differences,
  });
  const moving = differences.filter((d) => d !== 0);
  if (moving.length <= MOST_VALUES) {
    // Flipping a 0 changes nothing: each permutation of the others stands for 2^zeros.
    const times = 2 ** (n - moving.length);
    return exactResult(statistic, countSubsets(moving, null, question) * times, 2 ** n);
  }
  return sampled(question, statistic, options, (random) => {
    let kept = 0;
    for (const d of moving) if (random.uniform() < 0.5) kept += d;
    return kept;
  });
}

/** Signed ranks (halves allowed): the rank sum of the positive ones among all flips; two-sided is twice the smaller tail. */
export function signFlipRanks(signedRanks: readonly number[], alternative: Alternative): number {
  const doubled = signedRanks.filter((value) => value !== 0).map((value) => Math.round(2 * Math.abs(value)));
  const plus = signedRanks.reduce((sum, value) => sum + (value > 0 ? Math.round(2 * value) : 0), 0);
  let shares = new Map([[0, 1]]);
  for (const value of doubled) {
    const next = new Map<number, number>();
    for (const [sum, share] of shares) {
      for (const reached of [sum, sum + value]) next.set(reached, (next.get(reached) ?? 0) + share / 2);
    }
    shares = next;
  }
  let [less, greater] = [0, 0];
  for (const [sum, share] of shares) {
    if (sum <= plus) less += share;
    if (sum >= plus) greater += share;
  }
  if (alternative === 'less') return less;
  return alternative === 'greater' ? greater : Math.min(1, 2 * Math.min(less, greater));
}

/** Which subset sums are extreme: up to `low`, or from `high` on. */
interface Question {
  isLow(sum: number): boolean;
  isHigh(sum: number): boolean;
}

function questionOf(
  observed: number,
  statisticAt: (sum: number) => number,
  options: PermutationOptions & { readonly values: readonly number[] },
): Question {
  const { alternative = 'two-sided', values } = options;
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const tolerance = options.tolerance ?? 1e-12 * scale;
  const reach = Math.abs(observed) - tolerance;
  switch (alternative) {
    case 'less':
      return { isLow: (sum) => statisticAt(sum) <= observed + tolerance, isHigh: () => false };
    case 'greater':
      return { isLow: () => false, isHigh: (sum) => statisticAt(sum) >= observed - tolerance };
    case 'two-sided':
      return {
        isLow: (sum) => -statisticAt(sum) >= reach,
        // What is both (everything, when the observed is 0) counts once.
        isHigh: (sum) => statisticAt(sum) >= reach && !(-statisticAt(sum) >= reach),
      };
  }
}

/** How many subsets (of that size, or of any) have an extreme sum. */
function countSubsets(values: readonly number[], size: number | null, question: Question): number {
  const half = values.length >> 1;
  const left = subsetSums(values.slice(0, half), size !== null);
  const right = subsetSums(values.slice(half), size !== null);
  let count = 0;
  left.forEach((sums, taken) => {
    const partner = right[size === null ? 0 : size - taken];
    if (partner) count += countPairs(sums, partner, question);
  });
  return count;
}

/** Pairs with an extreme sum, of two ascending arrays: as one grows, the places in the other only fall. */
function countPairs(left: Float64Array, right: Float64Array, question: Question): number {
  let count = 0;
  let low = right.length;
  let high = right.length;
  for (const sum of left) {
    while (low > 0 && !question.isLow(sum + (right[low - 1] as number))) low--;
    while (high > 0 && question.isHigh(sum + (right[high - 1] as number))) high--;
    count += low + (right.length - high);
  }
  return count;
}

/** Ascending sums of all subsets, by their size (one array for all when the size does not matter). */
function subsetSums(values: readonly number[], bySize: boolean): Float64Array[] {
  const groups: number[][] = Array.from({ length: bySize ? values.length + 1 : 1 }, () => []);
  const subsets = 2 ** values.length;
  const sums = new Float64Array(subsets);
  const sizes = new Uint8Array(subsets);
  groups[0]?.push(0);
  for (let subset = 1; subset < subsets; subset++) {
    const lowest = 31 - Math.clz32(subset & -subset);
    const rest = subset & (subset - 1);
    sums[subset] = (sums[rest] as number) + (values[lowest] as number);
    sizes[subset] = (sizes[rest] as number) + 1;
    groups[bySize ? (sizes[subset] as number) : 0]?.push(sums[subset] as number);
  }
  return groups.map((group) => Float64Array.from(group).sort());
}

function sampled(
  question: Question,
  statistic: number,
  options: PermutationOptions,
  draw: (random: Random) => number,
): PermutationResult {
  const random = randomOf(options.seed ?? 0);
  const resamples = options.resamples ?? RESAMPLES;
  // The observed one is a permutation too (Phipson and Smyth, 2010): p is never 0.
  let count = 1;
  for (let i = 0; i < resamples; i++) {
    const sum = draw(random);
    if (question.isLow(sum) || question.isHigh(sum)) count++;
  }
  return { statistic, count, permutations: resamples + 1, p: count / (resamples + 1), exact: false };
}

function exactResult(statistic: number, count: number, permutations: number): PermutationResult {
  return { statistic, count, permutations, p: count / permutations, exact: true };
}

const undefinedResult: PermutationResult = {
  statistic: Number.NaN,
  p: Number.NaN,
  count: 0,
  permutations: 0,
  exact: true,
};

/** Exact below 2⁵³. */
export function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) ways = Math.round((ways * (n - i + 1)) / i);
  return ways;
}
