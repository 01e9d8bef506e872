import type { Alternative } from './alternative.js';
import { studentSf, twoSidedP, twoSidedQuantile } from './distributions/student.js';
import { mean, sampleVariance, stableSum } from './sums.js';

/** Student's tests of means. Everything is NaN where it is undefined: fewer than two values, no variation and no difference. */

export interface TTest {
  readonly t: number;
  readonly p: number;
  readonly degreesOfFreedom: number;
  /** First minus second mean, or the mean difference. */
  readonly difference: number;
  readonly standardError: number;
  /** Two-sided, of the difference. */
  readonly interval: readonly [number, number];
}

export interface TTestOptions {
  readonly alternative?: Alternative;
  /** Of the interval; 0.95 by default. */
  readonly level?: number;
}

/** Two samples with variances of their own (Welch, Biometrika 34, 1947). */
export function welch(a: ArrayLike<number>, b: ArrayLike<number>, options: TTestOptions = {}): TTest {
  const [partA, partB] = [sampleVariance(a) / a.length, sampleVariance(b) / b.length];
  const variance = partA + partB;
  // Shares of the variance, so that squares of tiny ones do not vanish.
  const [shareA, shareB] = [partA / variance, partB / variance];
  const welched = 1 / (shareA ** 2 / (a.length - 1) + shareB ** 2 / (b.length - 1));
  // Without any variance there is nothing to estimate them from; 1, as SciPy has it.
  const degreesOfFreedom = Number.isNaN(welched) ? 1 : welched;
  return tTest(mean(a) - mean(b), Math.sqrt(variance), degreesOfFreedom, options);
}

/** Paired values: the differences against 0. @throws RangeError when the lengths differ */
export function pairedT(a: ArrayLike<number>, b: ArrayLike<number>, options: TTestOptions = {}): TTest {
  if (a.length !== b.length) throw new RangeError('pairs need samples of the same length');
  return oneSampleT(
    Array.from(a, (value, i) => value - (b[i] as number)),
    options,
  );
}

/** Whether the mean of the values is 0. */
export function oneSampleT(values: ArrayLike<number>, options: TTestOptions = {}): TTest {
  const standardError = Math.sqrt(sampleVariance(values) / values.length);
  return tTest(stableSum(values) / values.length, standardError, values.length - 1, options);
}

function tTest(
  difference: number,
  standardError: number,
  degreesOfFreedom: number,
  options: TTestOptions,
): TTest {
  const { alternative = 'two-sided', level = 0.95 } = options;
  const t = difference / standardError;
  const half = twoSidedQuantile(level, degreesOfFreedom) * standardError;
  return {
    t,
    p: pOf(t, degreesOfFreedom, alternative),
    degreesOfFreedom,
    difference,
    standardError,
    interval: [difference - half, difference + half],
  };
}

function pOf(t: number, degreesOfFreedom: number, alternative: Alternative): number {
  if (Number.isNaN(t) || Number.isNaN(degreesOfFreedom)) return Number.NaN;
  if (alternative === 'two-sided') return twoSidedP(t, degreesOfFreedom);
  return studentSf(alternative === 'greater' ? t : -t, degreesOfFreedom);
}
