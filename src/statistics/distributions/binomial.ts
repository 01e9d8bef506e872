import betainc from '@stdlib/math-base-special-betainc';
import betaKernel from '@stdlib/math-base-special-kernel-betainc';

/** The binomial distribution: k successes of n, each with chance p. */

/** P(K = k): the density of the beta distribution with shapes k + 1 and n − k + 1 at p, over n + 1. */
export function binomialPmf(k: number, n: number, p: number): number {
  if (k < 0 || k > n) return 0;
  if (p === 0 || p === 1) return (p === 0 ? k === 0 : k === n) ? 1 : 0;
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  return (betaKernel(p, k + 1, n - k + 1, true, false)[1] ?? Number.NaN) / (n + 1);
}

/** P(K ≤ k) */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return betainc(p, k + 1, n - k, true, true);
}

/** P(K ≥ k) */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return betainc(p, k, n - k + 1);
}
