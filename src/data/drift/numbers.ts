import { jensenShannon, populationStability } from '../../statistics/distances.js';
import { chiSquaredSf } from '../../statistics/distributions/chi-squared.js';
import { kolmogorovSf } from '../../statistics/distributions/kolmogorov.js';
import { shareOfPaths } from '../../statistics/kolmogorov-smirnov.js';
import { StableSum } from '../../statistics/sums.js';
import { cumulative, firstAtLeast, quantilesOf } from '../profile/quantiles.js';
import type { SortedValues } from '../sorted-values.js';
import { isWhole, type NumberEvidence, standIn, totalOf } from './evidence.js';

/** Two-sample comparison of numbers given as distinct values with counts. */

/** Pairs of values up to which the p-value of Kolmogorov and Smirnov is counted exactly; beyond, it is asymptotic. */
const MOST_EXACT_PAIRS = 1_000_000;
/** Bins for Jensen–Shannon and PSI: deciles of the reference, as is usual for PSI. */
const BINS = 10;

export interface Distance {
  readonly statistic: number;
  readonly p: number;
  /** The p-value if all that is not known were as unlike as it can be; `p` is for as alike as it can be. Equal from the data. */
  readonly lowestP: number;
}

/** Kolmogorov and Smirnov; exact for few pairs, ties included, and conservative with ties beyond. */
export function ksTest(a: NumberEvidence, b: NumberEvidence): Distance {
  const [n, m] = [totalOf(a), totalOf(b)];
  if (isWhole(a) && isWhole(b)) {
    const { gap, ends } = gapOf(standIn(a), standIn(b));
    const statistic = gap / (n * m);
    const p = n * m <= MOST_EXACT_PAIRS ? exactP({ n, m, gap, ends }) : asymptotic(n, m, statistic);
    return { statistic, p, lowestP: p };
  }
  const { least, most } = gapBounds(a, b);
  return { statistic: least, p: asymptotic(n, m, least), lowestP: asymptotic(n, m, most) };
}

/**
 * The share of all orders of the two samples that come at least as far apart. The distance is looked at only where a group of ties
 * ends, which makes the count exact for any data (Schröer and Trenkler, Computational Statistics & Data Analysis 20, 1995); the usual
 * one holds for data without ties and is far too cautious for counts, ratings and columns that are mostly zero.
 */
function exactP(asked: {
  readonly n: number;
  readonly m: number;
  readonly gap: number;
  readonly ends: Uint8Array;
}): number {
  const { n, m, gap, ends } = asked;
  if (gap === 0) return 1;
  const isOutside = (i: number, j: number) => ends[i + j] === 1 && Math.abs(i * m - j * n) >= gap;
  return shareOfPaths({ n, m, isOutside });
}

function asymptotic(n: number, m: number, statistic: number): number {
  return kolmogorovSf(Math.max(1, Math.round((n * m) / (n + m))), statistic);
}

/** Calls `visit` at each distinct value of either side with the counts at it and up to it. */
function walk(
  a: SortedValues,
  b: SortedValues,
  visit: (at: { value: number; countA: number; countB: number; upToA: number; upToB: number }) => void,
): void {
  const point = { value: 0, countA: 0, countB: 0, upToA: 0, upToB: 0 };
  for (let i = 0, j = 0; i < a.values.length || j < b.values.length; ) {
    const x = i < a.values.length ? (a.values[i] as number) : Number.POSITIVE_INFINITY;
    const y = j < b.values.length ? (b.values[j] as number) : Number.POSITIVE_INFINITY;
    point.value = Math.min(x, y);
    point.countA = x <= y ? (a.counts[i++] as number) : 0;
    point.countB = y <= x ? (b.counts[j++] as number) : 0;
    point.upToA += point.countA;
    point.upToB += point.countB;
    visit(point);
  }
}

/** The largest gap in units of 1/(n·m), a whole number; and at which ranks of both together a group of ties ends. */
function gapOf(a: SortedValues, b: SortedValues): { readonly gap: number; readonly ends: Uint8Array } {
  const ends = new Uint8Array(a.total * b.total <= MOST_EXACT_PAIRS ? a.total + b.total + 1 : 0);
  let gap = 0;
  walk(a, b, ({ upToA, upToB }) => {
    ends[upToA + upToB] = 1;
    gap = Math.max(gap, Math.abs(upToA * b.total - upToB * a.total));
  });
  return { gap, ends };
}

/** Between which limits the largest gap lies when a side is known at some points only. */
function gapBounds(a: NumberEvidence, b: NumberEvidence): { readonly least: number; readonly most: number } {
  const [left, right] = [boundsOf(a), boundsOf(b)];
  const points = Float64Array.from(new Set([...left.points, ...right.points])).sort();
  let [least, most] = [0, 0];
  for (const x of points) {
    for (const before of [true, false]) {
      const [lowA, highA] = left.at(x, before);
      const [lowB, highB] = right.at(x, before);
      least = Math.max(least, lowA - highB, lowB - highA);
      most = Math.max(most, highA - lowB, highB - lowA);
    }
  }
  return { least, most };
}

interface Bounds {
  readonly points: Float64Array;
  /** Least and greatest share of values below x (before) or up to x. */
  at(x: number, before: boolean): readonly [number, number];
}

function boundsOf(evidence: NumberEvidence): Bounds {
  if (evidence.kind === 'all') {
    const { values, total } = evidence.sorted;
    const upTo = cumulative(evidence.sorted);
    const share = (index: number) => (index === 0 ? 0 : (upTo[index - 1] as number) / total);
    return {
      points: values,
      at: (x, before) => {
        const index = firstAtLeast(values, x);
        const exact = share(before || values[index] !== x ? index : index + 1);
        return [exact, exact];
      },
    };
  }
  const { steps, total } = evidence;
  const at = Float64Array.from(steps.at);
  return {
    points: at,
    at: (x, before) => {
      const index = firstAtLeast(at, x);
      if (at[index] === x) {
        const exact = ((before ? steps.below[index] : steps.upto[index]) as number) / total;
        return [exact, exact];
      }
      const low = index === 0 ? 0 : (steps.upto[index - 1] as number);
      const high = index === at.length ? total : (steps.below[index] as number);
      return [low / total, high / total];
    },
  };
}

/**
 * The two-sample statistic of Anderson and Darling with mid-ranks (A²akN of Scholz and Stephens, JASA 82, 1987), which weighs the
 * tails more. Its p-value is that of the limit, which has no floor: SciPy's table ends at 0.001, too coarse beside many columns.
 */
export function andersonDarlingTest(a: SortedValues, b: SortedValues): Distance {
  const [n, m] = [a.total, b.total];
  const all = n + m;
  const sumA = new StableSum();
  const sumB = new StableSum();
  walk(a, b, ({ countA, countB, upToA, upToB }) => {
    const ties = countA + countB;
    const middle = upToA + upToB - ties / 2;
    const spread = middle * (all - middle) - (all * ties) / 4;
    if (spread <= 0) return;
    sumA.add(((ties / all) * (all * (upToA - countA / 2) - n * middle) ** 2) / spread);
    sumB.add(((ties / all) * (all * (upToB - countB / 2) - m * middle) ** 2) / spread);
  });
  const statistic = ((all - 1) / all) * (sumA.value / n + sumB.value / m);
  const p = andersonDarlingSf(statistic);
  return { statistic, p, lowestP: p };
}

/** Where the fit hands over to the tail. */
const FAR = 6;

/**
 * P(A² > z) in the limit: the fit of Marsaglia and Marsaglia (Journal of Statistical Software 9, 2004), and beyond 6 the leading
 * term of the tail of Σ χ²₁/(j(j+1)): √3 · P(χ²₁ > 2z), joined without a step.
 */
export function andersonDarlingSf(z: number): number {
  if (!(z > 0)) return Number.isNaN(z) ? Number.NaN : 1;
  const tail = (x: number) => chiSquaredSf(2 * x, 1);
  if (z > FAR) return (andersonDarlingSf(FAR) / tail(FAR)) * tail(z);
  if (z < 2) {
    const fit =
      2.00012 + (0.247105 - (0.0649821 - (0.0347962 - (0.011672 - 0.00168691 * z) * z) * z) * z) * z;
    return 1 - (Math.exp(-1.2337141 / z) / Math.sqrt(z)) * fit;
  }
  const fit = 1.0776 - (2.30695 - (0.43424 - (0.082433 - (0.008056 - 0.0003146 * z) * z) * z) * z) * z;
  return -Math.expm1(-Math.exp(fit));
}

export interface NumberEffects {
  /** Wasserstein's distance in standard deviations of the reference; null when that is 0. */
  readonly wasserstein: number | null;
  /** Root of the divergence in bits, 0 to 1. */
  readonly jensenShannon: number;
  readonly psi: number;
}

export function numberEffects(reference: SortedValues, current: SortedValues): NumberEffects {
  const counts = decileCounts(reference, current);
  const sd = Math.sqrt(varianceOf(reference));
  return {
    wasserstein: sd > 0 && Number.isFinite(sd) ? wassersteinOf(reference, current) / sd : null,
    jensenShannon: Math.sqrt(jensenShannon(...counts) / Math.LN2),
    psi: populationStability(...counts),
  };
}

function wassersteinOf(a: SortedValues, b: SortedValues): number {
  const area = new StableSum();
  let [last, gap] = [0, 0];
  walk(a, b, ({ value, upToA, upToB }) => {
    // Nothing lies between −∞ and the first value.
    if (gap !== 0) area.add(gap * (value - last));
    last = value;
    gap = Math.abs(upToA * b.total - upToB * a.total) / (a.total * b.total);
  });
  return area.value;
}

function varianceOf({ values, counts, total }: SortedValues): number {
  const sum = new StableSum();
  values.forEach((value, i) => {
    sum.add((value / total) * (counts[i] as number));
  });
  const mean = sum.value;
  const squares = new StableSum();
  values.forEach((value, i) => {
    squares.add((value - mean) ** 2 * (counts[i] as number));
  });
  return total > 1 ? squares.value / (total - 1) : 0;
}

/** Rows of both between the deciles of the reference; equal deciles are one edge. */
function decileCounts(
  reference: SortedValues,
  current: SortedValues,
): [reference: number[], current: number[]] {
  const shares = Array.from({ length: BINS - 1 }, (_, i) => (i + 1) / BINS);
  const edges = Float64Array.from(new Set(quantilesOf(reference, shares)));
  const counted = ({ values, counts }: SortedValues) => {
    const bins = new Array<number>(edges.length + 1).fill(0);
    values.forEach((value, i) => {
      const bin = firstAtLeast(edges, value);
      bins[bin] = (bins[bin] as number) + (counts[i] as number);
    });
    return bins;
  };
  return [counted(reference), counted(current)];
}
