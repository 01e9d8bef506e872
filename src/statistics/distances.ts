import { StableSum, stableSum } from './sums.js';

/** How far two distributions are apart: of samples, or of shares over the same bins. */

/** ∫ |F − G|, in the unit of the values: how far the values of one must be moved to become the other. */
export function wasserstein(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return overSteps(a, b, Math.abs);
}

/** √(2 ∫ (F − G)²) (Székely and Rizzo). */
export function energyDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.SQRT2 * Math.sqrt(overSteps(a, b, (gap) => gap * gap));
}

function overSteps(a: ArrayLike<number>, b: ArrayLike<number>, of: (gap: number) => number): number {
  const [left, right] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()];
  const [n, m] = [left.length, right.length];
  if (n === 0 || m === 0) return Number.NaN;
  const area = new StableSum();
  let [i, j] = [0, 0];
  let value = Math.min(left[0] as number, right[0] as number);
  while (i < n || j < m) {
    while (i < n && (left[i] as number) <= value) i++;
    while (j < m && (right[j] as number) <= value) j++;
    if (i === n && j === m) break;
    const next = Math.min(
      i < n ? (left[i] as number) : Number.POSITIVE_INFINITY,
      j < m ? (right[j] as number) : Number.POSITIVE_INFINITY,
    );
    if (Number.isNaN(next)) return Number.NaN;
    // Whole numbers until the last division: where the shares agree the gap is exactly 0.
    area.add(of((i * m - j * n) / (n * m)) * (next - value));
    value = next;
  }
  return area.value;
}

/** Counts or weights to shares that sum to 1. */
export function sharesOf(weights: readonly number[]): number[] {
  const total = stableSum(weights);
  return weights.map((weight) => weight / total);
}

/**
 * Divergence of Jensen and Shannon (Lin, 1991) in nats, 0 to ln 2; its root is a distance.
 * @param p shares or counts, of any sum; `q` over the same bins
 */
export function jensenShannon(p: readonly number[], q: readonly number[]): number {
  const [left, right] = [sharesOf(p), sharesOf(q)];
  const terms = left.flatMap((share, i) => {
    const other = right[i] ?? 0;
    const middle = (share + other) / 2;
    return [entropyTerm(share, middle), entropyTerm(other, middle)];
  });
  return Math.max(0, stableSum(terms) / 2);
}

function entropyTerm(share: number, middle: number): number {
  return share === 0 ? 0 : share * Math.log(share / middle);
}

/** 0 to 1: √(Σ (√p − √q)² / 2). */
export function hellinger(p: readonly number[], q: readonly number[]): number {
  const [left, right] = [sharesOf(p), sharesOf(q)];
  return Math.sqrt(stableSum(left.map((share, i) => (Math.sqrt(share) - Math.sqrt(right[i] ?? 0)) ** 2)) / 2);
}

/** Largest difference in the chance of any event, 0 to 1: Σ |p − q| / 2. */
export function totalVariation(p: readonly number[], q: readonly number[]): number {
  const [left, right] = [sharesOf(p), sharesOf(q)];
  return stableSum(left.map((share, i) => Math.abs(share - (right[i] ?? 0)))) / 2;
}

/** Largest difference of a share. */
export function chebyshev(p: readonly number[], q: readonly number[]): number {
  const [left, right] = [sharesOf(p), sharesOf(q)];
  return left.reduce((most, share, i) => Math.max(most, Math.abs(share - (right[i] ?? 0))), 0);
}

/**
 * Population stability index: Σ (q − p) ln(q/p), shares below `floor` raised to it (and not scaled again).
 * @param reference counts or shares; `current` over the same bins
 */
export function populationStability(
  reference: readonly number[],
  current: readonly number[],
  floor = 1e-4,
): number {
  const [left, right] = [sharesOf(reference), sharesOf(current)].map((shares) =>
    shares.map((share) => Math.max(share, floor)),
  );
  return stableSum(
    (left ?? []).map((p, i) => ((right?.[i] ?? floor) - p) * Math.log((right?.[i] ?? floor) / p)),
  );
}
