import { twoSidedP, twoSidedQuantile } from '../statistics/distributions/student.js';
import type { MetricSide } from './record.js';
import type { Repeats } from './repeats.js';
import { type Component, seedCount, seedNoise } from './seed-noise.js';

/**
 * The difference of two runs in one metric, with all the noise that is known about it.
 *
 * Two sources of noise are told apart and added as variances: the rows a metric was computed from (the evaluation data
 * are a sample), and the seeds of training (the same code gives other models). Each has its degrees of freedom; their sum
 * gets those of Welch (1947) and Satterthwaite (1946), so few seeds give wide intervals. When both runs scored
 * the same rows, the rows' part is that of the paired difference, which is far smaller.
 */

export const LEVEL = 0.95;

/** What is known of the difference from rows that both runs scored. */
export interface PairedRows {
  readonly standardError: number;
  /** Of the t distribution that goes with the standard error. */
  readonly degreesOfFreedom: number;
  readonly rows: number;
  /** `paired rows, DeLong` … */
  readonly method: string;
  /** At `LEVEL`, of candidate minus baseline, where a method has a better one than t would be. */
  readonly interval?: readonly [number, number];
  /** Two-sided, of no difference, where there is a better test than t. */
  readonly p?: number;
}

export interface Difference {
  /** Candidate minus baseline, in the metric's unit. */
  readonly value: number;
  /** Null when nothing is known about its noise, or only a part of it. */
  readonly noise: Noise | null;
  /** It was computed from rows, but how much they matter is not known: the noise of seeds alone would claim too much. */
  readonly rowsUnknown: boolean;
  /** Why the rows are too few to know; then nothing can be told, whatever the tolerance. */
  readonly refused?: string;
}

export interface Noise {
  readonly standardError: number;
  /** Null means normal. */
  readonly degreesOfFreedom: number | null;
  readonly interval: readonly [number, number];
  readonly p: number;
  readonly method: string;
  readonly rowVariance: number;
  /** Variance of the difference for one seed each; 0 when seeds are not known to matter. */
  readonly seedVariance: number;
  readonly seeds: number;
  readonly rows: number | null;
}

export interface KnownNoise {
  /** Null when the two runs cannot be compared row by row. */
  readonly paired?: PairedRows | null;
  /** Why the rows do not tell how much they matter, where they should. */
  readonly refused?: string | undefined;
  /** The history's own noise in this metric, for runs that tell none of their own. */
  readonly repeats?: Repeats | null;
  /** Value i of both runs comes from the same seed. */
  readonly sameSeeds?: boolean;
}

/** @throws never: sides without a value are the caller's to exclude */
export function differenceOf(
  sides: { readonly candidate: MetricSide; readonly baseline: MetricSide },
  { paired = null, refused, repeats = null, sameSeeds = false }: KnownNoise = {},
): Difference {
  const { candidate, baseline } = sides;
  const value = (candidate.value ?? Number.NaN) - (baseline.value ?? Number.NaN);
  if (refused !== undefined) return { value, noise: null, rowsUnknown: true, refused };
  const rows = rowComponent(sides, paired);
  const rowsUnknown = rows === null && value !== 0 && (candidate.n !== null || baseline.n !== null);
  if (rowsUnknown) return { value, noise: null, rowsUnknown };
  const seeds = seedNoise(sides, { repeats, sameSeeds });
  const components = [...(rows ? [rows.component] : []), ...(seeds?.components ?? [])];
  const variance = components.reduce((sum, part) => sum + part.variance, 0);
  // Runs that agree on every row and seed differ by nothing, and that is certain; a difference without any
  // variance is not: something varied that was not measured.
  if (components.length === 0 || (variance === 0 && value !== 0)) return { value, noise: null, rowsUnknown };

  const standardError = Math.sqrt(variance);
  const degreesOfFreedom = welchSatterthwaite(components, variance);
  const byT = variance === 0 ? 1 : twoSidedP(value / standardError, degreesOfFreedom);
  const p = pOf({ byT, rows: paired?.p, seeds: seeds?.p, hasRows: rows !== null, hasSeeds: seeds !== null });
  return {
    value,
    rowsUnknown,
    noise: {
      standardError,
      degreesOfFreedom,
      interval: consistent(intervalOf({ value, paired, seeds: seeds?.components ?? [], components }), p),
      p,
      method: [rows?.method, seeds?.method].filter(Boolean).join(' + '),
      rowVariance: rows?.component.variance ?? 0,
      seedVariance: seeds?.perSeed ?? 0,
      seeds: Math.min(seedCount(candidate), seedCount(baseline)),
      rows: rows?.rows ?? null,
    },
  };
}

/** A test of one source of noise alone answers for both only as far as t, which knows both, agrees. */
function pOf(of: {
  readonly byT: number;
  readonly rows: number | undefined;
  readonly seeds: number | undefined;
  readonly hasRows: boolean;
  readonly hasSeeds: boolean;
}): number {
  if (!of.hasSeeds) return of.rows ?? of.byT;
  if (!of.hasRows) return of.seeds ?? of.byT;
  return Math.max(of.byT, of.rows ?? 0, of.seeds ?? 0);
}

/**
 * By t; or, where the rows have an interval of their own, each side of it widened by the noise of seeds as independent errors add (the method of variance
 * estimates recovery: Zou and Donner, Statistics in Medicine 27, 2008).
 */
function intervalOf(of: {
  readonly value: number;
  readonly paired: PairedRows | null;
  readonly seeds: readonly Component[];
  readonly components: readonly Component[];
}): readonly [number, number] {
  const { value, paired } = of;
  const reach = (parts: readonly Component[]) => {
    const variance = parts.reduce((sum, part) => sum + part.variance, 0);
    return variance === 0
      ? 0
      : twoSidedQuantile(LEVEL, welchSatterthwaite(parts, variance)) * Math.sqrt(variance);
  };
  if (!paired?.interval) {
    const half = reach(of.components);
    return [value - half, value + half];
  }
  const bySeeds = reach(of.seeds);
  const [low, high] = paired.interval;
  return [
    value - Math.hypot(Math.max(0, value - low), bySeeds),
    value + Math.hypot(Math.max(0, high - value), bySeeds),
  ];
}

/** An interval never claims what the test beside it denies: it reaches to 0 where p is above 5 %. */
function consistent(interval: readonly [number, number], p: number): readonly [number, number] {
  return p > 1 - LEVEL ? [Math.min(interval[0], 0), Math.max(interval[1], 0)] : interval;
}

function rowComponent(
  sides: { readonly candidate: MetricSide; readonly baseline: MetricSide },
  paired: PairedRows | null,
): { component: Component; method: string; rows: number } | null {
  if (paired && paired.rows > 1) {
    return {
      component: { variance: paired.standardError ** 2, degreesOfFreedom: paired.degreesOfFreedom },
      method: paired.method,
      rows: paired.rows,
    };
  }
  const { candidate, baseline } = sides;
  if (candidate.stderr === null || baseline.stderr === null) return null;
  const rows = Math.min(candidate.n ?? Number.POSITIVE_INFINITY, baseline.n ?? Number.POSITIVE_INFINITY);
  return {
    component: {
      variance: candidate.stderr ** 2 + baseline.stderr ** 2,
      degreesOfFreedom: Math.max(1, rows - 1),
    },
    method: 'standard errors',
    rows: Number.isFinite(rows) ? rows : 0,
  };
}

function welchSatterthwaite(components: readonly Component[], variance: number): number | null {
  const denominator = components.reduce((sum, part) => sum + part.variance ** 2 / part.degreesOfFreedom, 0);
  const degrees = denominator === 0 ? Number.POSITIVE_INFINITY : variance ** 2 / denominator;
  return Number.isFinite(degrees) ? degrees : null;
}
