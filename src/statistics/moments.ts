import { StableSum } from './sums.js';

/** A sum of independent terms with mean 0, and how well its own terms tell its variance. */
export interface SumError {
  readonly variance: number;
  /** At least 1, at most one less than the terms; null when nothing varies. */
  readonly degreesOfFreedom: number | null;
  /** Σ d³ / (Σ d²)^1.5: the skewness of one term over √n. */
  readonly skewness: number;
}

/**
 * Variance Σ d², with the degrees of freedom of the chi-squared distribution that has the mean and variance of that estimate (Satterthwaite,
 * Biometrics Bulletin 2, 1946): 2 (Σ d²)² / (Σ d⁴ − (Σ d²)²/n). For normal terms that is n; where a few large terms make the
 * variance, as few as those, and the t distribution then widens the interval that Wald's would make too narrow.
 * @param terms centred; `times` how often each occurs, by default once
 */
export function sumError(terms: ArrayLike<number>, times?: ArrayLike<number>): SumError {
  // Relative to the largest, so that fourth powers neither overflow nor vanish.
  let scale = 0;
  for (let i = 0; i < terms.length; i++) scale = Math.max(scale, Math.abs(terms[i] as number));
  if (scale === 0 || !Number.isFinite(scale)) return { variance: 0, degreesOfFreedom: null, skewness: 0 };
  const [squares, cubes, fourths] = [new StableSum(), new StableSum(), new StableSum()];
  let count = 0;
  for (let i = 0; i < terms.length; i++) {
    const term = (terms[i] as number) / scale;
    const square = term * term;
    const weight = times ? (times[i] as number) : 1;
    cubes.add(weight * square * term);
    squares.add(weight * square);
    fourths.add(weight * square * square);
    count += weight;
  }
  const sum = squares.value;
  const spread = fourths.value - (sum * sum) / count;
  const matched = spread > 0 ? (2 * sum * sum) / spread : Number.POSITIVE_INFINITY;
  return {
    variance: sum * scale * scale,
    degreesOfFreedom: Math.max(1, Math.min(count - 1, matched)),
    skewness: cubes.value / sum ** 1.5,
  };
}

/**
 * The interval of an estimate whose terms are skewed: on each side the farther of Student's and of that by Hall's monotone cubic (JRSS B 54, 1992),
 * which takes the skewness out of Student's ratio. Hall's alone is too short for few rows of little skewness, Student's for much.
 * Without skewness both are estimate ± quantile · error; with many rows they become so.
 * @param of.quantile of the t distribution, such as 1.96
 */
export function skewedInterval(of: {
  readonly estimate: number;
  readonly standardError: number;
  readonly skewness: number;
  readonly quantile: number;
}): readonly [number, number] {
  const { estimate, standardError, skewness, quantile } = of;
  // The inverse of g(t) = t + κt²/3 + κ²t³/27 + κ/6.
  const ratio = (x: number) =>
    Math.abs(skewness) < 1e-8 ? x : (3 * (Math.cbrt(1 + skewness * (x - skewness / 6)) - 1)) / skewness;
  return [
    estimate - standardError * Math.max(quantile, ratio(quantile)),
    estimate + standardError * Math.max(quantile, -ratio(-quantile)),
  ];
}
