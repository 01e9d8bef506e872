import { type Alternative, hasNaN, type TestResult, UNDEFINED_RESULT } from './alternative.js';
import { normalSf, normalTwoSided } from './distributions/normal.js';
import { signFlipRanks } from './permutation.js';
import { rank, tieTerm } from './ranks.js';

/** The signed-rank test of paired differences (Wilcoxon, Biometrics Bulletin 1, 1945). */

export interface WilcoxonOptions {
  readonly alternative?: Alternative;
  /** What becomes of differences of 0: dropped, ranked but not counted (Pratt, 1959), or half to each side. */
  readonly zeros?: 'wilcox' | 'pratt' | 'zsplit';
  /** `auto`: exact up to 50 differences (ties and zeros: by all flips of signs up to 13), else normal. */
  readonly method?: 'auto' | 'exact' | 'asymptotic';
  /** Of half a step, for the normal approximation; by default not taken. */
  readonly continuity?: boolean;
}

interface SignedRanks {
  readonly plus: number;
  readonly minus: number;
  /** Differences that count. */
  readonly count: number;
  readonly z: number;
  readonly standardError: number;
  readonly hasTies: boolean;
  readonly hasZeros: boolean;
}

/** @returns the smaller rank sum (two-sided) or that of the positive differences; NaN for no differences or NaN among them */
export function wilcoxonSignedRank(
  differences: ArrayLike<number>,
  options: WilcoxonOptions = {},
): TestResult {
  if (differences.length === 0 || hasNaN(differences)) return UNDEFINED_RESULT;
  const { alternative = 'two-sided', zeros = 'wilcox', continuity = false } = options;
  const ranked = signedRanks(Array.from(differences), zeros);
  const statistic = alternative === 'two-sided' ? Math.min(ranked.plus, ranked.minus) : ranked.plus;
  switch (methodOf(options.method ?? 'auto', ranked, differences.length)) {
    case 'exact':
      return { statistic, p: exactP(ranked, alternative) };
    case 'flips':
      return { statistic, p: signFlipRanks(rankedDifferences(differences, zeros), alternative) };
    case 'asymptotic':
      return { statistic, p: asymptoticP(ranked, alternative, continuity) };
  }
}

function methodOf(
  method: 'auto' | 'exact' | 'asymptotic',
  ranked: SignedRanks,
  length: number,
): 'exact' | 'flips' | 'asymptotic' {
  if (method !== 'auto') return method;
  if (length > 50) return 'asymptotic';
  if (!ranked.hasTies && !ranked.hasZeros) return 'exact';
  return length <= 13 ? 'flips' : 'asymptotic';
}

function signedRanks(differences: readonly number[], zeros: 'wilcox' | 'pratt' | 'zsplit'): SignedRanks {
  const nulls = differences.filter((d) => d === 0).length;
  const counted = zeros === 'wilcox' ? differences.filter((d) => d !== 0) : differences;
  const { ranks, ties } = rank(counted.map(Math.abs));
  let [plus, minus, zero] = [0, 0, 0];
  counted.forEach((d, i) => {
    const place = ranks[i] as number;
    if (d > 0) plus += place;
    else if (d < 0) minus += place;
    else zero += place;
  });
  if (zeros === 'zsplit') [plus, minus] = [plus + zero / 2, minus + zero / 2];
  const n = counted.length;
  let centre = (n * (n + 1)) / 4;
  let spread = n * (n + 1) * (2 * n + 1);
  let tied = ties;
  if (zeros === 'pratt') {
    // Cureton (JASA 62, 1967)
    centre -= (nulls * (nulls + 1)) / 4;
    spread -= nulls * (nulls + 1) * (2 * nulls + 1);
    if (nulls > 0) tied = ties.slice(1);
  }
  const standardError = Math.sqrt((spread - tieTerm(tied) / 2) / 24);
  return {
    plus,
    minus,
    count: n,
    standardError,
    z: (plus - centre) / standardError,
    hasTies: ties.some((count) => count > 1),
    hasZeros: nulls > 0,
  };
}

function rankedDifferences(differences: ArrayLike<number>, zeros: 'wilcox' | 'pratt' | 'zsplit'): number[] {
  const counted = Array.from(differences).filter((d) => zeros !== 'wilcox' || d !== 0);
  const { ranks } = rank(counted.map(Math.abs));
  return counted.map((d, i) => Math.sign(d) * (ranks[i] as number));
}

function asymptoticP(ranked: SignedRanks, alternative: Alternative, continuity: boolean): number {
  const sign = alternative === 'greater' ? 1 : alternative === 'less' ? -1 : Math.sign(ranked.z);
  const z = continuity ? ranked.z - (sign * 0.5) / ranked.standardError : ranked.z;
  if (alternative === 'two-sided') return normalTwoSided(z);
  return normalSf(alternative === 'greater' ? z : -z);
}

/** Rank sums that are not whole (ties) are rounded so that p is not too small. */
function exactP(ranked: SignedRanks, alternative: Alternative): number {
  const most = (ranked.count * (ranked.count + 1)) / 2;
  const atMost = cumulative(Math.ceil(ranked.plus), ranked.count, most);
  const atLeast = cumulative(most - Math.floor(ranked.plus), ranked.count, most);
  if (alternative === 'less') return atMost;
  return alternative === 'greater' ? atLeast : Math.min(1, 2 * Math.min(atMost, atLeast));
}

/** P(rank sum ≤ k) for n untied differences: each rank counts or not, with even chances. Symmetric about its middle. */
function cumulative(k: number, n: number, most: number): number {
  if (k >= most) return 1;
  if (k > most / 2) return 1 - cumulative(most - k - 1, n, most);
  if (k < 0) return 0;
  const share = new Float64Array(k + 1);
  share[0] = 1;
  for (let rankValue = 1; rankValue <= n; rankValue++) {
    for (let sum = k; sum >= 0; sum--) {
      const without = share[sum] as number;
      share[sum] = (without + (sum >= rankValue ? (share[sum - rankValue] as number) : 0)) / 2;
    }
  }
  let total = 0;
  for (const part of share) total += part;
  return total;
}
