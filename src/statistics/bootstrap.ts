import { normalCdf, normalQuantile } from './distributions/normal.js';
import { sampleVariance, stableSum } from './sums.js';

/** Intervals from bootstrap replicates of a statistic (Efron, JASA 82, 1987). */

export interface BootstrapIntervals {
  /** Bias correction: the normal quantile of the share of replicates below the estimate, half of those equal. */
  readonly z0: number;
  readonly acceleration: number;
  /** The quantiles that BCa takes instead of the nominal ones. */
  readonly alpha: readonly [number, number];
  readonly bca: readonly [number, number];
  readonly percentile: readonly [number, number];
  readonly basic: readonly [number, number];
  readonly standardError: number;
}

/**
 * @param estimate of all rows
 * @param replicates of resampled rows, at least two
 * @param jackknife the statistic without each row (or group of rows) in turn; or influences with their sign turned
 * @param level such as 0.95
 */
export function bootstrapIntervals(options: {
  readonly estimate: number;
  readonly replicates: ArrayLike<number>;
  readonly jackknife: ArrayLike<number>;
  readonly level: number;
}): BootstrapIntervals {
  const { estimate, level } = options;
  const sorted = Float64Array.from(options.replicates).sort();
  let [below, equal] = [0, 0];
  for (const replicate of sorted) {
    if (replicate < estimate) below++;
    else if (replicate === estimate) equal++;
  }
  const z0 = normalQuantile((below + equal / 2) / sorted.length);
  const acceleration = accelerationOf(options.jackknife);
  const tail = (1 - level) / 2;
  const adjusted = (z: number) => normalCdf(z0 + (z0 + z) / (1 - acceleration * (z0 + z)));
  const alpha = [adjusted(normalQuantile(tail)), adjusted(-normalQuantile(tail))] as const;
  const percentile = [quantile(sorted, tail), quantile(sorted, 1 - tail)] as const;
  return {
    z0,
    acceleration,
    alpha,
    bca: [quantile(sorted, alpha[0]), quantile(sorted, alpha[1])],
    percentile,
    basic: [2 * estimate - percentile[1], 2 * estimate - percentile[0]],
    standardError: Math.sqrt(sampleVariance(sorted)),
  };
}

/** Σ d³ / (6 (Σ d²)^1.5), d the mean of the jackknife values minus each. */
export function accelerationOf(jackknife: ArrayLike<number>): number {
  const centre = stableSum(jackknife) / jackknife.length;
  const gaps = Array.from(jackknife, (value) => centre - value);
  return stableSum(gaps.map((gap) => gap ** 3)) / (6 * stableSum(gaps.map((gap) => gap * gap)) ** 1.5);
}

/** Linear between order statistics (type 7 of Hyndman and Fan, 1996). @param sorted ascending, not empty */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (Number.isNaN(share) || sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * Math.min(1, Math.max(0, share));
  const floor = Math.floor(at);
  const low = sorted[floor] as number;
  const high = sorted[Math.min(floor + 1, sorted.length - 1)] as number;
  return at === floor ? low : low + (high - low) * (at - floor);
}
