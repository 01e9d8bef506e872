import betainc from '@stdlib/math-base-special-betainc';
import betaincinv from '@stdlib/math-base-special-kernel-betaincinv';

/** The beta distribution and those that rest on it, on stdlib's incomplete beta function (a port of Boost). */

/** P(X ≤ x) with shapes a, b > 0. */
export function betaCdf(x: number, a: number, b: number): number {
  return betainc(x, a, b);
}

/** The x with P(X ≤ x) = p. */
export function betaQuantile(p: number, a: number, b: number): number {
  return betaincinv(a, b, p, 1 - p)[0] ?? Number.NaN;
}

/** The x with P(X ≥ x) = p; keeps the digits of a small p. */
export function betaUpperQuantile(p: number, a: number, b: number): number {
  return betaincinv(a, b, 1 - p, p)[0] ?? Number.NaN;
}
