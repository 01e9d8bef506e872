import gammaln from '@stdlib/math-base-special-gammaln';
import { hasNaN, type TestResult, UNDEFINED_RESULT } from './alternative.js';
import { rank } from './ranks.js';
import { stableSum } from './sums.js';

/** The two-sample test of Cramér and von Mises (Anderson, Annals of Mathematical Statistics 33, 1962), ties by mid-ranks. */

/**
 * @param a at least two values; `b` likewise
 * @returns NaN when a sample is smaller or has NaN
 * @param options `auto`: exact while no sample has more than 20 values
 */
export function cramerVonMises(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: { readonly method?: 'auto' | 'exact' | 'asymptotic' } = {},
): TestResult {
  const [n, m] = [a.length, b.length];
  if (n < 2 || m < 2 || hasNaN(a) || hasNaN(b)) return UNDEFINED_RESULT;
  const { ranks } = rank([...Float64Array.from(a).sort(), ...Float64Array.from(b).sort()]);
  const distance = (part: Float64Array) => stableSum(part.map((place, i) => (place - i - 1) ** 2));
  const u = n * distance(ranks.subarray(0, n)) + m * distance(ranks.subarray(n));
  const [k, all] = [n * m, n + m];
  const statistic = u / (k * all) - (4 * k - 1) / (6 * all);
  const method = options.method ?? 'auto';
  const isExact = method === 'exact' || (method === 'auto' && Math.max(n, m) <= 20);
  return { statistic, p: isExact ? exactP(u, n, m) : asymptoticP(statistic, n, m) };
}

/** By Xiao, Gordon and Yakovlev (Journal of Statistical Software 17, 2006): how many orders give each value of the statistic. */
function exactP(u: number, n: number, m: number): number {
  const common = leastCommonMultiple(n, m);
  const [stepX, stepY] = [common / n, common / m];
  const product = n * m;
  const least = Math.floor(
    (common ** 2 * (n + m) * (6 * u - product * (4 * product - 1))) / (6 * product ** 2),
  );
  let row: Map<number, number>[] = [
    new Map([[0, 1]]),
    ...Array.from({ length: n }, () => new Map<number, number>()),
  ];
  for (let j = 0; j <= m; j++) {
    const next: Map<number, number>[] = [];
    let left = new Map<number, number>();
    row.forEach((above, i) => {
      const cost = (stepX * i - stepY * j) ** 2;
      const here = new Map<number, number>();
      for (const part of [left, above]) {
        for (const [value, count] of part) here.set(value + cost, (here.get(value + cost) ?? 0) + count);
      }
      next.push(here);
      left = here;
    });
    row = next;
  }
  let [extreme, all] = [0, 0];
  for (const [value, count] of row[n] ?? []) {
    all += count;
    if (value >= least) extreme += count;
  }
  return extreme / all;
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return (a / divisor(a, b)) * b;
}

function asymptoticP(statistic: number, n: number, m: number): number {
  const [k, all] = [n * m, n + m];
  const expected = (1 + 1 / all) / 6;
  const variance = ((all + 1) * (4 * k * all - 3 * (n ** 2 + m ** 2) - 2 * k)) / (45 * all ** 2 * 4 * k);
  const standardised = 1 / 6 + (statistic - expected) / Math.sqrt(45 * variance);
  return standardised < 0.003 ? 1 : Math.max(0, 1 - limitCdf(standardised));
}

/**
 * The limit distribution, equation 1.2 of Csörgő and Faraway (JRSS B 58, 1996). The series stops at terms below 1e-7, where SciPy
 * stops, so p-values below that are not exact in either.
 */
function limitCdf(x: number): number {
  let total = 0;
  for (let k = 0; ; k++) {
    const factor = Math.exp(gammaln(k + 0.5) - gammaln(k + 1)) / (Math.PI ** 1.5 * Math.sqrt(x));
    const root = 4 * k + 1;
    const q = root ** 2 / (16 * x);
    const term = factor * Math.sqrt(root) * Math.exp(-q) * besselK(0.25, q);
    total += term;
    if (!(Math.abs(term) >= 1e-7)) return total;
  }
}

/**
 * Modified Bessel function of the second kind, of an order below 1: ∫₀^∞ exp(−x cosh t) cosh(νt) dt (DLMF 10.32.9) by the trapezoidal rule,
 * which converges exponentially for an integrand that falls doubly exponentially on both sides.
 */
export function besselK(order: number, x: number): number {
  const step = 1 / 32;
  let sum = Math.exp(-x) / 2;
  for (let i = 1; ; i++) {
    const t = i * step;
    const term = Math.exp(-x * Math.cosh(t)) * Math.cosh(order * t);
    sum += term;
    if (term < 1e-18 * sum || term === 0) return sum * step;
  }
}
