import { countUpTo } from './ranks.js';
import { stableSum } from './sums.js';

/** The k-sample test of Anderson and Darling in the form of Scholz and Stephens (JASA 82, 1987), for ties by mid-ranks (their A²akN). */

export interface AndersonDarling {
  /** Standardised: about 0 when the samples come from one distribution. */
  readonly statistic: number;
  /** Interpolated in the table of Scholz and Stephens, so never below 0.001 nor above 0.25. */
  readonly p: number;
  /** At the levels of `ANDERSON_LEVELS`. */
  readonly criticalValues: readonly number[];
}

export const ANDERSON_LEVELS = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001] as const;

/** Table 2 of Scholz and Stephens: coefficients of 1, 1/√m and 1/m, m = k − 1. */
const TABLE = [
  [0.675, -0.245, -0.105],
  [1.281, 0.25, -0.305],
  [1.645, 0.678, -0.362],
  [1.96, 1.149, -0.391],
  [2.326, 1.822, -0.396],
  [2.573, 2.364, -0.345],
  [3.085, 3.615, -0.154],
] as const;

/**
 * @param samples at least two, each of at least one value, not all values equal, none NaN
 * @returns NaN where the test is undefined; fewer than four values in all have no variance
 */
export function andersonDarling(samples: readonly ArrayLike<number>[]): AndersonDarling {
  const k = samples.length;
  const sorted = samples.map((sample) => Float64Array.from(sample).sort());
  const pooled = Float64Array.from(sorted.flatMap((sample) => [...sample])).sort();
  const criticalValues = TABLE.map(([a, b, c]) => a + b / Math.sqrt(k - 1) + c / (k - 1));
  const isUndefined =
    k < 2 ||
    sorted.some((sample) => sample.length === 0) ||
    pooled[0] === pooled.at(-1) ||
    pooled.some(Number.isNaN);
  if (isUndefined) return { statistic: Number.NaN, p: Number.NaN, criticalValues };
  const raw = midRankStatistic(sorted, pooled);
  const deviation = Math.sqrt(
    variance(
      sorted.map((sample) => sample.length),
      pooled.length,
    ),
  );
  const statistic = (raw - (k - 1)) / deviation;
  return { statistic, p: interpolatedP(statistic, criticalValues), criticalValues };
}

/** A²akN, equation 7. */
function midRankStatistic(samples: readonly Float64Array[], pooled: Float64Array): number {
  const all = pooled.length;
  const terms: number[] = [];
  const below = samples.map(() => 0);
  for (let from = 0; from < all; ) {
    const value = pooled[from] as number;
    const to = countUpTo(pooled, value);
    const tied = to - from;
    const middle = from + tied / 2;
    samples.forEach((sample, s) => {
      const before = below[s] as number;
      const after = tied === 0 ? before : advance(sample, before, value);
      below[s] = after;
      const rank = (before + after) / 2;
      const distance = all * rank - middle * sample.length;
      const scale = middle * (all - middle) - (all * tied) / 4;
      terms.push(((tied / all) * distance ** 2) / scale / sample.length);
    });
    from = to;
  }
  return (stableSum(terms) * (all - 1)) / all;
}

function advance(sample: Float64Array, from: number, value: number): number {
  let at = from;
  while (at < sample.length && (sample[at] as number) <= value) at++;
  return at;
}

/** Equation 4. */
function variance(sizes: readonly number[], all: number): number {
  const k = sizes.length;
  const H = stableSum(sizes.map((size) => 1 / size));
  let partial = 0;
  let g = 0;
  for (let i = 1; i <= all - 2; i++) {
    partial += 1 / (all - i);
    g += partial / (i + 1);
  }
  const h = partial + 1;
  const a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * H;
  const b = (2 * g - 4) * k ** 2 + 8 * h * k + (2 * g - 14 * h - 4) * H - 8 * h + 4 * g - 6;
  const c = (6 * h + 2 * g - 2) * k ** 2 + (4 * h - 4 * g + 6) * k + (2 * h - 6) * H + 4 * h;
  const d = (2 * h + 6) * k ** 2 - 4 * h * k;
  return (a * all ** 3 + b * all ** 2 + c * all + d) / ((all - 1) * (all - 2) * (all - 3));
}

/** Quadratic through log level by the critical value, fitted by least squares, as SciPy does. */
function interpolatedP(statistic: number, critical: readonly number[]): number {
  const [first = 0, last = 0] = [critical[0], critical.at(-1)];
  if (Number.isNaN(statistic)) return Number.NaN;
  if (statistic < first) return ANDERSON_LEVELS[0];
  if (statistic > last) return ANDERSON_LEVELS[6];
  const curve = orthogonalFit(
    critical,
    ANDERSON_LEVELS.map((level) => Math.log(level)),
  );
  return Math.exp(curve(statistic));
}

/** Least squares by a quadratic in orthogonal polynomials (Forsythe, 1957), which needs no ill-conditioned equations. */
function orthogonalFit(x: readonly number[], y: readonly number[]): (at: number) => number {
  const dot = (a: readonly number[], b: readonly number[]) =>
    stableSum(a.map((value, i) => value * (b[i] ?? 0)));
  const one = x.map(() => 1);
  const centre = stableSum(x) / x.length;
  const linear = x.map((value) => value - centre);
  const spread = dot(linear, linear);
  const shift =
    dot(
      linear.map((value, i) => value * (x[i] ?? 0)),
      linear,
    ) / spread;
  const scale = spread / x.length;
  const square = (value: number) => (value - shift) * (value - centre) - scale;
  const quadratic = x.map(square);
  const [a, b, c] = [one, linear, quadratic].map((basis) => dot(basis, y) / dot(basis, basis));
  return (at) => (a ?? 0) + (b ?? 0) * (at - centre) + (c ?? 0) * square(at);
}
