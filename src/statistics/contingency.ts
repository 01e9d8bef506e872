import type { Alternative, TestResult } from './alternative.js';
import { binomialCdf } from './distributions/binomial.js';
import { chiSquaredSf } from './distributions/chi-squared.js';
import { hypergeometric } from './distributions/hypergeometric.js';
import { stableSum } from './sums.js';

/** Tests of counts: independence in a table, agreement of two classifiers, fit to given shares. */

export type Table = readonly (readonly number[])[];

export interface ChiSquaredTest extends TestResult {
  readonly degreesOfFreedom: number;
}

export interface Independence extends ChiSquaredTest {
  readonly expected: readonly (readonly number[])[];
  /** Cramér's V, 0 to 1, without correction of its bias; NaN for one row or column. */
  readonly cramersV: number;
}

/**
 * Whether rows and columns are independent: Pearson's chi-squared, or the likelihood ratio (G).
 * @param options `yates` draws counts of a 2 × 2 table half a step to what is expected
 * @returns NaN when a row or column is empty
 */
export function independence(
  table: Table,
  options: { readonly statistic?: 'pearson' | 'likelihood-ratio'; readonly yates?: boolean } = {},
): Independence {
  const rows = table.map((row) => stableSum(row));
  const columns = (table[0] ?? []).map((_, column) => stableSum(table.map((row) => row[column] ?? 0)));
  const total = stableSum(rows);
  const expected = rows.map((row) => columns.map((column) => (row * column) / total));
  const degreesOfFreedom = (rows.length - 1) * (columns.length - 1);
  const isYates = options.yates === true && degreesOfFreedom === 1;
  const cells = table.flatMap((row, r) =>
    row.map((count, c) => {
      const of = expected[r]?.[c] ?? Number.NaN;
      const gap = of - count;
      return { count: isYates ? count + Math.sign(gap) * Math.min(0.5, Math.abs(gap)) : count, expected: of };
    }),
  );
  const statistic = options.statistic === 'likelihood-ratio' ? likelihoodRatio(cells) : pearson(cells);
  const plain =
    isYates || options.statistic === 'likelihood-ratio' ? independence(table).statistic : statistic;
  const narrow = Math.min(rows.length, columns.length) - 1;
  if (degreesOfFreedom === 0) return { statistic: 0, p: 1, degreesOfFreedom, expected, cramersV: Number.NaN };
  return {
    statistic,
    p: chiSquaredSf(statistic, degreesOfFreedom),
    degreesOfFreedom,
    expected,
    cramersV: Math.sqrt(plain / (total * narrow)),
  };
}

interface Cell {
  readonly count: number;
  readonly expected: number;
}

function pearson(cells: readonly Cell[]): number {
  return stableSum(cells.map(({ count, expected }) => (count - expected) ** 2 / expected));
}

function likelihoodRatio(cells: readonly Cell[]): number {
  return (
    2 * stableSum(cells.map(({ count, expected }) => (count === 0 ? 0 : count * Math.log(count / expected))))
  );
}

/**
 * Whether counts fit the shares they are expected to have.
 * @param expected positive, of any sum: they are scaled to that of the counts
 */
export function goodnessOfFit(counts: readonly number[], expected: readonly number[]): ChiSquaredTest {
  const scale = stableSum(counts) / stableSum(expected);
  const cells = counts.map((count, i) => ({ count, expected: (expected[i] ?? Number.NaN) * scale }));
  const statistic = pearson(cells);
  return { statistic, p: chiSquaredSf(statistic, counts.length - 1), degreesOfFreedom: counts.length - 1 };
}

export interface FisherExact {
  readonly p: number;
  /** ad/bc of the sample; NaN when a row or column is empty. */
  readonly oddsRatio: number;
}

/** Fisher's exact test of a 2 × 2 table of whole counts; two-sided by the tables that are at most as likely. */
export function fisherExact(table: Table, alternative: Alternative = 'two-sided'): FisherExact {
  const [[a = 0, b = 0] = [], [c = 0, d = 0] = []] = table;
  if (a + b === 0 || c + d === 0 || a + c === 0 || b + d === 0) return { p: 1, oddsRatio: Number.NaN };
  const oddsRatio = b > 0 && c > 0 ? (a * d) / (b * c) : Number.POSITIVE_INFINITY;
  const cell = hypergeometric({ row: a + b, column: a + c, total: a + b + c + d });
  if (alternative === 'less') return { p: cell.cdf(a), oddsRatio };
  if (alternative === 'greater') return { p: cell.atLeast(a), oddsRatio };
  // Equally likely but for rounding counts as equal.
  const bound = cell.pmf(a) * (1 + 1e-10);
  if (bound >= cell.pmf(cell.mode)) return { p: 1, oddsRatio };
  let [low, high] = [cell.least - 1, cell.most + 1];
  for (let x = cell.least; x <= cell.mode && cell.pmf(x) <= bound; x++) low = x;
  for (let x = cell.most; x > cell.mode && cell.pmf(x) <= bound; x--) high = x;
  return { p: Math.min(1, cell.cdf(low) + (high > cell.most ? 0 : cell.atLeast(high))), oddsRatio };
}

export interface McNemar {
  /** Two-sided, binomial on the rows where the two disagree. */
  readonly pExact: number;
  /** The same with half the chance of the observed count: nearer to its level, hardly ever above it (Fagerland, 2013). */
  readonly pMid: number;
  /** (b − c)² / (b + c) */
  readonly chiSquared: TestResult;
  /** (|b − c| − 1)² / (b + c) */
  readonly corrected: TestResult;
}

/**
 * McNemar's test (Psychometrika 12, 1947) of two classifiers on the same rows.
 * @param onlyFirst rows that only the first has right, `onlySecond` that only the second has; whole
 */
export function mcnemar(onlyFirst: number, onlySecond: number): McNemar {
  const discordant = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  const tail = binomialCdf(fewer, discordant, 0.5);
  const below = fewer === 0 ? 0 : binomialCdf(fewer - 1, discordant, 0.5);
  const gap = Math.abs(onlyFirst - onlySecond);
  const asTest = (statistic: number): TestResult => ({ statistic, p: chiSquaredSf(statistic, 1) });
  return {
    pExact: Math.min(1, 2 * tail),
    pMid: discordant === 0 ? 1 : Math.min(1, tail + below),
    chiSquared: asTest(gap ** 2 / discordant),
    corrected: asTest((gap - 1) ** 2 / discordant),
  };
}
