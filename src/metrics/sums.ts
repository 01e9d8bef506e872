import { StableSum, stableSum } from '../statistics/sums.js';

/** Compensated sums: the order of the rows must not show in the last digit of a metric. */

export { StableSum, stableSum };

/** Σ wᵢ·termᵢ; without weights each counts once. */
export function weightedSum(terms: ArrayLike<number>, weights: ArrayLike<number> | null): number {
  if (!weights) return stableSum(terms);
  const sum = new StableSum();
  for (let i = 0; i < terms.length; i++) sum.add((terms[i] as number) * (weights[i] as number));
  return sum.value;
}

/** The weights of `rows` rows summed; the number of rows without weights. */
export function totalWeight(weights: ArrayLike<number> | null, rows: number): number {
  return weights ? stableSum(weights) : rows;
}
