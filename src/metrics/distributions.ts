import betainc from '@stdlib/math-base-special-betainc';
import erfc from '@stdlib/math-base-special-erfc';
import erfcinv from '@stdlib/math-base-special-erfcinv';
import betaincinv from '@stdlib/math-base-special-kernel-betaincinv';

/**
 * Student's t and the normal distribution, on special functions of stdlib (ports of Boost and Cephes), accurate also
 * far out in the tails. `null` degrees of freedom mean the normal distribution.
 */

/** P(|T| ≥ |t|), from 0 to 1. */
export function twoSidedP(t: number, degreesOfFreedom: number | null): number {
  if (degreesOfFreedom === null) return erfc(Math.abs(t) / Math.SQRT2);
  // The regularised incomplete beta function at ν/(ν+t²): Abramowitz and Stegun 26.7.1 and 26.5.27.
  return betainc(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
}

/**
 * The t with P(|T| ≤ t) = level.
 * @param level between 0 and 1, such as 0.95
 * @param degreesOfFreedom greater than 0, not necessarily whole
 */
export function twoSidedQuantile(level: number, degreesOfFreedom: number | null): number {
  if (degreesOfFreedom === null) return Math.SQRT2 * erfcinv(1 - level);
  const [x = 0, complement = 1] = betaincinv(degreesOfFreedom / 2, 0.5, 1 - level, level);
  return Math.sqrt((degreesOfFreedom * complement) / x);
}
