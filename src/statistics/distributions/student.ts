import betainc from '@stdlib/math-base-special-betainc';
import betaincinv from '@stdlib/math-base-special-kernel-betaincinv';
import { normalQuantile, normalSf, normalTwoSided } from './normal.js';

/**
 * Student's t, on the incomplete beta function of stdlib (a port of Boost), accurate also far out in the tails. `null` degrees
 * of freedom mean the normal distribution; fractions are allowed.
 */

/** P(|T| ≥ |t|), from 0 to 1. */
export function twoSidedP(t: number, degreesOfFreedom: number | null): number {
  if (Number.isNaN(t)) return Number.NaN;
  if (degreesOfFreedom === null) return normalTwoSided(t);
  if (!(degreesOfFreedom > 0)) return Number.NaN;
  const square = t * t;
  if (!Number.isFinite(square)) return Number.isFinite(t) ? veryFarTail(t, degreesOfFreedom) : 0;
  // The regularised incomplete beta function at ν/(ν+t²): Abramowitz and Stegun 26.7.1 and 26.5.27. Near the middle
  // its complement at t²/(ν+t²) keeps more digits of the argument.
  return square < degreesOfFreedom
    ? betainc(square / (degreesOfFreedom + square), 0.5, degreesOfFreedom / 2, true, true)
    : betainc(degreesOfFreedom / (degreesOfFreedom + square), degreesOfFreedom / 2, 0.5);
}

/** t² overflows: the leading term of the tail, x^(ν/2) / (ν/2 · B(ν/2, 1/2)), with x = ν/t², scaled from a t that does not. */
function veryFarTail(t: number, degreesOfFreedom: number): number {
  const near = 1e100;
  return twoSidedP(near, degreesOfFreedom) * (near / Math.abs(t)) ** degreesOfFreedom;
}

/** P(T ≥ t) */
export function studentSf(t: number, degreesOfFreedom: number | null): number {
  if (degreesOfFreedom === null) return normalSf(t);
  const tail = twoSidedP(t, degreesOfFreedom) / 2;
  return t >= 0 ? tail : 1 - tail;
}

/**
 * The t with P(|T| ≤ t) = level.
 * @param level between 0 and 1, such as 0.95
 * @param degreesOfFreedom greater than 0, not necessarily whole
 */
export function twoSidedQuantile(level: number, degreesOfFreedom: number | null): number {
  if (degreesOfFreedom === null) return normalQuantile((1 + level) / 2);
  if (!(degreesOfFreedom > 0)) return Number.NaN;
  const [x = 0, complement = 1] = betaincinv(degreesOfFreedom / 2, 0.5, 1 - level, level);
  return Math.sqrt((degreesOfFreedom * complement) / x);
}
