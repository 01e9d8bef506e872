import { type Alternative, hasNaN, type TestResult, UNDEFINED_RESULT } from './alternative.js';
import { normalSf } from './distributions/normal.js';
import { rank, tieTerm } from './ranks.js';

/** The rank-sum test of Wilcoxon, Mann and Whitney (Annals of Mathematical Statistics 18, 1947). */

export interface MannWhitneyOptions {
  readonly alternative?: Alternative;
  /** `auto`: exact when a sample has at most 8 values and there are no ties. */
  readonly method?: 'auto' | 'exact' | 'asymptotic';
  /** Of half a step, for the normal approximation; by default taken. */
  readonly continuity?: boolean;
}

/**
 * @param a at least one value; `b` likewise
 * @returns U of the first sample: in how many pairs it is larger, half for ties; NaN when a sample is empty or has NaN
 */
export function mannWhitney(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: MannWhitneyOptions = {},
): TestResult {
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0 || hasNaN(a) || hasNaN(b)) return UNDEFINED_RESULT;
  const { alternative = 'two-sided', method = 'auto', continuity = true } = options;
  const { ranks, ties } = rank([...Array.from(a), ...Array.from(b)]);
  let rankSum = 0;
  for (let i = 0; i < n; i++) rankSum += ranks[i] as number;
  const statistic = rankSum - (n * (n + 1)) / 2;
  const other = n * m - statistic;
  const tested =
    alternative === 'greater' ? statistic : alternative === 'less' ? other : Math.max(statistic, other);
  const isExact =
    method === 'exact' || (method === 'auto' && Math.min(n, m) <= 8 && ties.every((count) => count === 1));
  const tail = isExact
    ? exactTail(Math.floor(tested), n, m)
    : normalSf(standardised({ u: tested, n, m, ties, continuity }));
  return { statistic, p: Math.min(1, tail * (alternative === 'two-sided' ? 2 : 1)) };
}

function standardised(of: {
  readonly u: number;
  readonly n: number;
  readonly m: number;
  readonly ties: readonly number[];
  readonly continuity: boolean;
}): number {
  const { u, n, m, ties, continuity } = of;
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - tieTerm(ties) / (all * (all - 1)));
  return (u - (n * m) / 2 - (continuity ? 0.5 : 0)) / Math.sqrt(variance);
}

/** P(U ≥ u) over all orders, by the recursion on shares of Mann and Whitney: no counts, so none overflows. */
function exactTail(u: number, n: number, m: number): number {
  // The distribution is symmetric: count from the nearer end.
  const far = n * m - u;
  if (far < u) return cumulative(far, n, m);
  return 1 - cumulative(u - 1, n, m);
}

/** P(U ≤ u): with probability n/(n+m) the largest value is of the first sample and beats all m. */
function cumulative(u: number, n: number, m: number): number {
  if (u < 0) return 0;
  const size = u + 1;
  // share[i]: distribution of U for i values of the first and j of the second sample, up to u.
  let share: Float64Array[] = Array.from({ length: n + 1 }, () => unit(size));
  for (let j = 1; j <= m; j++) {
    const next: Float64Array[] = [unit(size)];
    for (let i = 1; i <= n; i++) {
      const [first, second] = [next[i - 1] as Float64Array, share[i] as Float64Array];
      const here = new Float64Array(size);
      for (let k = 0; k < size; k++) {
        const beating = k >= j ? (first[k - j] as number) : 0;
        here[k] = (i * beating + j * (second[k] as number)) / (i + j);
      }
      next.push(here);
    }
    share = next;
  }
  let sum = 0;
  for (const p of share[n] as Float64Array) sum += p;
  return sum;
}

function unit(size: number): Float64Array {
  const certain = new Float64Array(size);
  certain[0] = 1;
  return certain;
}
