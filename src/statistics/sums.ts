/** Compensated sums: the order of the terms must not show in the last digit of a result. */

/** Neumaier's improvement of Kahan's summation (ZAMM 54, 1974): the error does not grow with the number of terms. */
export class StableSum {
  #sum = 0;
  #compensation = 0;

  add(term: number): void {
    const total = this.#sum + term;
    if (Math.abs(this.#sum) >= Math.abs(term)) this.#compensation += this.#sum - total + term;
    else this.#compensation += term - total + this.#sum;
    this.#sum = total;
  }

  get value(): number {
    // An infinite sum has no compensation: ∞ − ∞ would make it NaN.
    return Number.isFinite(this.#sum) ? this.#sum + this.#compensation : this.#sum;
  }
}

export function stableSum(terms: ArrayLike<number>): number {
  const sum = new StableSum();
  for (let i = 0; i < terms.length; i++) sum.add(terms[i] as number);
  return sum.value;
}

/** NaN for no values. */
export function mean(values: ArrayLike<number>): number {
  return stableSum(values) / values.length;
}

/**
 * Sum of squared distances from the mean, by two passes with the correction of Chan, Golub and LeVeque (The American
 * Statistician 37, 1983), so that large values with a small spread keep their digits.
 */
export function squaresAbout(values: ArrayLike<number>, centre: number): number {
  const squares = new StableSum();
  const rests = new StableSum();
  for (let i = 0; i < values.length; i++) {
    const rest = (values[i] as number) - centre;
    squares.add(rest * rest);
    rests.add(rest);
  }
  return Math.max(0, squares.value - rests.value ** 2 / values.length);
}

/** With n − 1; NaN for fewer than two values. */
export function sampleVariance(values: ArrayLike<number>): number {
  return values.length < 2 ? Number.NaN : squaresAbout(values, mean(values)) / (values.length - 1);
}
