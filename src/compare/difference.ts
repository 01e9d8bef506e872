import { twoSidedP, twoSidedQuantile } from '../statistics/distributions/student.js';
import type { MetricSide } from './record.js';

/**
 * The difference of two runs in one metric, with all the noise that is known about it.
 *
 * Two sources of noise are told apart and added as variances: the rows a metric was computed from (the evaluation data
 * are a sample), and the seeds of training (the same code gives other models). Each has its degrees of freedom; their sum
 * gets those of Welch (1947) and Satterthwaite (1946), so few seeds give wide intervals. When both runs scored
 * the same rows, the rows' part is that of the paired difference, which is far smaller.
 */

export const LEVEL = 0.95;

/** Standard error of the difference over rows that both runs scored. */
export interface PairedRows {
  readonly standardError: number;
  readonly rows: number;
}

interface Component {
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

export interface Difference {
  /** Candidate minus baseline, in the metric's unit. */
  readonly value: number;
  /** Null when nothing is known about its noise, or only a part of it. */
  readonly noise: Noise | null;
  /** It was computed from rows, but how much they matter is not known: the noise of seeds alone would claim too much. */
  readonly rowsUnknown: boolean;
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

/**
 * @param paired null when the two runs cannot be compared row by row
 * @throws never: sides without a value are the caller's to exclude
 */
export function differenceOf(
  sides: { readonly candidate: MetricSide; readonly baseline: MetricSide },
  paired: PairedRows | null,
): Difference {
  const { candidate, baseline } = sides;
  const value = (candidate.value ?? Number.NaN) - (baseline.value ?? Number.NaN);
  const rows = rowComponent(sides, paired);
  const rowsUnknown = rows === null && value !== 0 && (candidate.n !== null || baseline.n !== null);
  if (rowsUnknown) return { value, noise: null, rowsUnknown };
  const seeds = seedComponents(candidate, baseline);
  const components = [...(rows ? [rows.component] : []), ...(seeds?.components ?? [])];
  const variance = components.reduce((sum, part) => sum + part.variance, 0);
  // Runs that agree on every row and seed differ by nothing, and that is certain; a difference without any
  // variance is not: something varied that was not measured.
  if (components.length === 0 || (variance === 0 && value !== 0)) return { value, noise: null, rowsUnknown };

  const standardError = Math.sqrt(variance);
  const degreesOfFreedom = welchSatterthwaite(components, variance);
  const halfWidth = variance === 0 ? 0 : twoSidedQuantile(LEVEL, degreesOfFreedom) * standardError;
  return {
    value,
    rowsUnknown,
    noise: {
      standardError,
      degreesOfFreedom,
      interval: [value - halfWidth, value + halfWidth],
      p: variance === 0 ? 1 : twoSidedP(value / standardError, degreesOfFreedom),
      method: [rows?.method, seeds?.method].filter(Boolean).join(' + '),
      rowVariance: rows?.component.variance ?? 0,
      seedVariance: seeds?.perSeed ?? 0,
      seeds: Math.min(count(candidate), count(baseline)),
      rows: rows?.rows ?? null,
    },
  };
}

function rowComponent(
  sides: { readonly candidate: MetricSide; readonly baseline: MetricSide },
  paired: PairedRows | null,
): { component: Component; method: string; rows: number } | null {
  if (paired && paired.rows > 1) {
    return {
      component: { variance: paired.standardError ** 2, degreesOfFreedom: paired.rows - 1 },
      method: 'paired rows',
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

function seedComponents(
  candidate: MetricSide,
  baseline: MetricSide,
): { components: Component[]; method: string; perSeed: number } | null {
  const a = spread(candidate);
  const b = spread(baseline);
  if (a && b) {
    if (a.variance + b.variance === 0) return null;
    return {
      components: [a, b].map(({ variance, seeds }) => ({
        variance: variance / seeds,
        degreesOfFreedom: seeds - 1,
      })),
      method: 'seeds',
      perSeed: a.variance + b.variance,
    };
  }
  const known = a ?? b;
  if (!known || known.variance === 0) return null;
  // One run with several seeds tells how much seeds matter; the other is taken to vary as much.
  const variance = known.variance * (1 / count(candidate) + 1 / count(baseline));
  return {
    components: [{ variance, degreesOfFreedom: known.seeds - 1 }],
    method: `seeds (the ${a ? 'baseline' : 'candidate'} has one, taken to vary as the other)`,
    perSeed: 2 * known.variance,
  };
}

function seedValues(side: MetricSide): readonly number[] {
  return (side.seed_values ?? []).filter((value) => value !== null);
}

function count(side: MetricSide): number {
  return Math.max(1, seedValues(side).length);
}

/** Sample variance over seeds; null with fewer than two. */
function spread(side: MetricSide): { readonly variance: number; readonly seeds: number } | null {
  const values = seedValues(side);
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { variance: squares / (values.length - 1), seeds: values.length };
}

function welchSatterthwaite(components: readonly Component[], variance: number): number | null {
  const denominator = components.reduce((sum, part) => sum + part.variance ** 2 / part.degreesOfFreedom, 0);
  const degrees = denominator === 0 ? Number.POSITIVE_INFINITY : variance ** 2 / denominator;
  return Number.isFinite(degrees) ? degrees : null;
}
