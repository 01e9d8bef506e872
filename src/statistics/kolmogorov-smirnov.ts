import { type Alternative, hasNaN, type TestResult, UNDEFINED_RESULT } from './alternative.js';
import { kolmogorovSf } from './distributions/kolmogorov.js';

/**
 * The two-sample test of Kolmogorov and Smirnov: the largest distance between two empirical distributions. Exact p-values count
 * lattice paths and hold for continuous data; with ties they are conservative.
 */

export interface KsOptions {
  readonly alternative?: Alternative;
  /** `auto`: exact while that is at most ten million steps. */
  readonly method?: 'auto' | 'exact' | 'asymptotic';
}

const MOST_STEPS = 1e7;

/**
 * @param a at least one value, in any order; `b` likewise
 * @returns NaN when a sample is empty or has NaN
 */
export function kolmogorovSmirnov(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: KsOptions = {},
): TestResult {
  if (a.length === 0 || b.length === 0 || hasNaN(a) || hasNaN(b)) return UNDEFINED_RESULT;
  const { alternative = 'two-sided', method = 'auto' } = options;
  const steps = ksSteps(Float64Array.from(a).sort(), Float64Array.from(b).sort(), alternative);
  const [n, m] = [a.length, b.length];
  const divisor = greatestCommonDivisor(n, m);
  const statistic = steps / (n * m);
  const isExact = method === 'exact' || (method === 'auto' && n * m <= MOST_STEPS);
  if (!isExact) return { statistic, p: asymptoticP(n, m, statistic, alternative) };
  // Distances are multiples of 1/lcm.
  return { statistic, p: exactP({ n, m, reach: steps / divisor, divisor, alternative }) };
}

/** The largest distance in units of 1/(n·m), a whole number, so that nothing is rounded. */
function ksSteps(a: Float64Array, b: Float64Array, alternative: Alternative): number {
  const [n, m] = [a.length, b.length];
  let [i, j, above, below] = [0, 0, 0, 0];
  while (i < n || j < m) {
    const value = Math.min(
      i < n ? (a[i] as number) : Number.POSITIVE_INFINITY,
      j < m ? (b[j] as number) : Number.POSITIVE_INFINITY,
    );
    while (i < n && (a[i] as number) <= value) i++;
    while (j < m && (b[j] as number) <= value) j++;
    above = Math.max(above, i * m - j * n);
    below = Math.max(below, j * n - i * m);
  }
  if (alternative === 'greater') return above;
  return alternative === 'less' ? below : Math.max(above, below);
}

function asymptoticP(n: number, m: number, statistic: number, alternative: Alternative): number {
  const [large, small] = [Math.max(n, m), Math.min(n, m)];
  const effective = (large * small) / (large + small);
  if (alternative === 'two-sided') return kolmogorovSf(roundHalfToEven(effective), statistic);
  // Hodges (Arkiv för Matematik 3, 1958), equation 5.3.
  const z = Math.sqrt(effective) * statistic;
  const correction = (2 * z * (large + 2 * small)) / Math.sqrt(large * small * (large + small)) / 3;
  return Math.min(1, Math.exp(-2 * z * z - correction));
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The chance that a random order of the two samples is at least as far apart somewhere: for each (i, j), the share of the orders of the
 * first i and j values that were. All terms are positive, so small p-values keep their digits; O(n·m).
 */
function exactP(options: {
  readonly n: number;
  readonly m: number;
  /** Of the statistic, in units of 1/lcm. */
  readonly reach: number;
  readonly divisor: number;
  readonly alternative: Alternative;
}): number {
  const { reach, alternative } = options;
  if (reach === 0) return 1;
  // By symmetry `less` is `greater` with the samples exchanged.
  const [n, m] = alternative === 'less' ? [options.m, options.n] : [options.n, options.m];
  const [perRow, perColumn] = [m / options.divisor, n / options.divisor];
  const isOutside = (i: number, j: number) => {
    const distance = i * perRow - j * perColumn;
    return alternative === 'two-sided' ? Math.abs(distance) >= reach : distance >= reach;
  };
  return shareOfPaths({ n, m, isOutside });
}

/**
 * Share of the orders of n and m values (lattice paths from (0, 0) to (n, m), all as likely) that meet a point for which
 * `isOutside` is true: Hodges (1958), "The significance probability of the Smirnov two-sample test". O(n·m) time, O(m) memory.
 */
export function shareOfPaths(of: {
  readonly n: number;
  readonly m: number;
  readonly isOutside: (i: number, j: number) => boolean;
}): number {
  const { n, m, isOutside } = of;
  /** Share of the orders of the first i and j values that met one. */
  const outside = new Float64Array(m + 1);
  for (let j = 1; j <= m; j++) outside[j] = isOutside(0, j) || outside[j - 1] === 1 ? 1 : 0;
  for (let i = 1; i <= n; i++) {
    outside[0] = isOutside(i, 0) || outside[0] === 1 ? 1 : 0;
    for (let j = 1; j <= m; j++) {
      outside[j] = isOutside(i, j)
        ? 1
        : ((outside[j] as number) * i + (outside[j - 1] as number) * j) / (i + j);
    }
  }
  return Math.min(1, outside[m] as number);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
