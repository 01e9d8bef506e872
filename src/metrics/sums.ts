import { StableSum, stableSum } from '../statistics/sums.js';

/** Compensated sums: the order of the rows must not show in the last digit of a metric. */

export { StableSum, stableSum };

/** Σ termᵢ², compensated as all sums here; all terms of it are positive, which makes it short. */
export function sumOfSquares(terms: Float64Array): number {
  let sum = 0;
  let rest = 0;
  for (let i = 0; i < terms.length; i++) {
    const square = (terms[i] as number) ** 2;
    const next = sum + square;
    rest += sum >= square ? sum - next + square : square - next + sum;
    sum = next;
  }
  return sum + rest;
}

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

/** Many compensated sums side by side, in typed arrays. */
export class SumsBy {
  readonly #sums: Float64Array;
  readonly #rests: Float64Array;

  constructor(length: number) {
    this.#sums = new Float64Array(length);
    this.#rests = new Float64Array(length);
  }

  add(at: number, term: number): void {
    const sum = this.#sums[at] as number;
    const next = sum + term;
    const lost = Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    if (lost !== 0) this.#rests[at] = (this.#rests[at] as number) + lost;
    this.#sums[at] = next;
  }

  values(): Float64Array {
    return this.#sums.map((sum, at) => sum + (this.#rests[at] as number));
  }
}
