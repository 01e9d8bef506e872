import { fisherExact, independence } from '../../statistics/contingency.js';
import { jensenShannon, populationStability } from '../../statistics/distances.js';
import { binomialPmf } from '../../statistics/distributions/binomial.js';
import { normalSf } from '../../statistics/distributions/normal.js';
import { randomOf } from '../../statistics/random.js';
import type { SortedValues } from '../sorted-values.js';
import type { CategoryEvidence } from './evidence.js';

/** Two-sample comparison of categories given as counts. */

/** Below so many expected rows in a cell the chi-squared approximation is not trusted. */
const FEWEST_EXPECTED = 5;
/** Rows of both samples up to which small counts are permuted; beyond, rare categories are put together. */
const MOST_PERMUTED_ROWS = 2000;
const MOST_PERMUTATIONS = 9999;
/** A p-value is near enough once so many permutations were as extreme (Besag and Clifford, Biometrika 78, 1991). */
const ENOUGH_EXTREME = 30;

export interface CategoryTest {
  readonly test: 'chi-squared' | 'permutation' | 'fisher';
  readonly statistic: number | null;
  readonly p: number;
}

/** One cell of the table: how many rows each side has of a category. */
export interface Cell {
  readonly key: number | null;
  readonly reference: number;
  readonly current: number;
}

/**
 * The categories of both, ascending by key; rows that only one side tells apart are in the last cell, which has no key. From a
 * profile, a value that is not in its list is one of "the others" there, so it is counted so on both sides.
 */
export function cellsOf(reference: CategoryEvidence, current: CategoryEvidence): readonly Cell[] {
  const cells: Cell[] = [];
  let [otherReference, otherCurrent] = [reference.other.rows, current.other.rows];
  const [a, b] = [reference.keys, current.keys];
  for (let i = 0, j = 0; i < a.values.length || j < b.values.length; ) {
    const x = i < a.values.length ? (a.values[i] as number) : Number.POSITIVE_INFINITY;
    const y = j < b.values.length ? (b.values[j] as number) : Number.POSITIVE_INFINITY;
    const left = x <= y ? (a.counts[i++] as number) : 0;
    const right = y <= x ? (b.counts[j++] as number) : 0;
    if (left === 0 && reference.other.rows > 0) otherCurrent += right;
    else if (right === 0 && current.other.rows > 0) otherReference += left;
    else cells.push({ key: Math.min(x, y), reference: left, current: right });
  }
  if (otherReference + otherCurrent > 0) {
    cells.push({ key: null, reference: otherReference, current: otherCurrent });
  }
  return cells;
}

/** The counts of a few numbers as categories. */
export function cellsOfNumbers(reference: SortedValues, current: SortedValues): readonly Cell[] {
  const other = { rows: 0, distinct: 0 };
  return cellsOf({ keys: reference, other }, { keys: current, other });
}

/**
 * Whether both sides draw from the same categories. Chi-squared where every cell expects at least 5 rows; else, of few rows, a seeded
 * permutation test of the same statistic; of many rows, chi-squared with the rare categories put together (which of them are rare
 * is decided by both sides together, so the test stays valid). 2 × 2 tables of small counts are Fisher's.
 */
export function categoryTest(
  cells: readonly Cell[],
  options: { readonly seed: number; readonly prefer?: 'chi-squared' | 'permutation' | undefined },
): CategoryTest {
  const used = cells.filter(({ reference, current }) => reference + current > 0);
  if (used.length < 2) return { test: 'chi-squared', statistic: 0, p: 1 };
  const totals = sumsOf(used);
  const smaller = Math.min(totals.reference, totals.current) / (totals.reference + totals.current);
  const isRare = (cell: Cell) => (cell.reference + cell.current) * smaller < FEWEST_EXPECTED;
  const permuted =
    options.prefer === 'permutation' || (options.prefer !== 'chi-squared' && used.some(isRare));
  if (permuted && used.length === 2)
    return { test: 'fisher', statistic: null, p: fisherExact(tableOf(used)).p };
  if (permuted && (totals.reference + totals.current <= MOST_PERMUTED_ROWS || options.prefer)) {
    return permutation(used, options.seed);
  }
  const kept = pooled(used, isRare);
  if (kept.length < 2) return { test: 'chi-squared', statistic: 0, p: 1 };
  const { statistic, p } = independence(tableOf(kept));
  return { test: 'chi-squared', statistic, p };
}

function tableOf(cells: readonly Cell[]): readonly (readonly number[])[] {
  return [cells.map(({ reference }) => reference), cells.map(({ current }) => current)];
}

function sumsOf(cells: readonly Cell[]): { readonly reference: number; readonly current: number } {
  return cells.reduce(
    (sum, cell) => ({
      reference: sum.reference + cell.reference,
      current: sum.current + cell.current,
    }),
    { reference: 0, current: 0 },
  );
}

/** Rare categories as one; with the rarest of the others when they are rare even together. */
function pooled(cells: readonly Cell[], isRare: (cell: Cell) => boolean): readonly Cell[] {
  const rare = cells.filter(isRare);
  if (rare.length === 0) return cells;
  const rest = cells
    .filter((cell) => !isRare(cell))
    .sort((x, y) => x.reference + x.current - y.reference - y.current);
  let together: Cell = { key: null, ...sumsOf(rare) };
  if (isRare(together) && rest.length > 0)
    together = { key: null, ...sumsOf([...rare, ...rest.splice(0, 1)]) };
  return [...rest, together];
}

/** Of Pearson's statistic with both margins fixed: which row is of which side is drawn anew. */
function permutation(cells: readonly Cell[], seed: number): CategoryTest {
  const { reference, current } = sumsOf(cells);
  const [drawn, all] = [Math.min(reference, current), reference + current];
  const category = new Uint32Array(all);
  const totals = cells.map((cell) => cell.reference + cell.current);
  let at = 0;
  totals.forEach((total, i) => {
    category.fill(i, at, at + total);
    at += total;
  });
  // With fixed margins Pearson's statistic grows with Σ x²/t.
  const score = (counts: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < totals.length; i++) sum += (counts[i] as number) ** 2 / (totals[i] as number);
    return sum;
  };
  const observed = score(cells.map((cell) => (reference <= current ? cell.reference : cell.current)));
  const random = randomOf(seed);
  const counts = new Float64Array(cells.length);
  let [extreme, draws] = [0, 0];
  while (draws < MOST_PERMUTATIONS && extreme < ENOUGH_EXTREME) {
    counts.fill(0);
    for (let i = 0; i < drawn; i++) {
      const j = i + random.below(all - i);
      const chosen = category[j] as number;
      category[j] = category[i] as number;
      category[i] = chosen;
      counts[chosen] = (counts[chosen] as number) + 1;
    }
    draws++;
    if (score(counts) >= observed * (1 - 1e-12)) extreme++;
  }
  const p = extreme >= ENOUGH_EXTREME ? extreme / draws : (extreme + 1) / (draws + 1);
  return { test: 'permutation', statistic: independence(tableOf(cells)).statistic, p };
}

export interface CategoryEffects {
  readonly jensenShannon: number;
  readonly psi: number;
}

export function categoryEffects(cells: readonly Cell[]): CategoryEffects {
  const [reference, current] = [cells.map((cell) => cell.reference), cells.map((cell) => cell.current)];
  return {
    jensenShannon: Math.sqrt(jensenShannon(reference, current) / Math.LN2),
    psi: populationStability(reference, current),
  };
}

/** Two shares: Fisher's test, or chi-squared where counts are large enough that the two agree. */
export function shareTest(table: {
  readonly reference: readonly [hits: number, rest: number];
  readonly current: readonly [hits: number, rest: number];
}): CategoryTest {
  const { reference, current } = table;
  const cells: readonly Cell[] = [
    { key: 0, reference: reference[0], current: current[0] },
    { key: 1, reference: reference[1], current: current[1] },
  ];
  const all = reference[0] + reference[1] + current[0] + current[1];
  const rows = Math.min(reference[0] + reference[1], current[0] + current[1]);
  const hits = Math.min(reference[0] + current[0], reference[1] + current[1]);
  if (hits === 0) return { test: 'fisher', statistic: null, p: 1 };
  if ((rows * hits) / all < 2 * FEWEST_EXPECTED) {
    return { test: 'fisher', statistic: null, p: fisherExact(tableOf(cells)).p };
  }
  const { statistic, p } = independence(tableOf(cells));
  return { test: 'chi-squared', statistic, p };
}

/** Rows with new values up to which their number has its distribution counted; beyond, it is normal. */
const MOST_COUNTED = 1500;

/**
 * Whether more rows of the current side have a value that the reference never had than chance brings. Were both drawn from one
 * source, a value of t rows in all would fall wholly to the current side with probability Π (n − i)/(N − i), i < t; the rows of such
 * values are summed as if values fell independently (they hinder each other slightly, so the test is slightly conservative).
 */
export function noveltyTest(cells: readonly Cell[]): {
  readonly rows: number;
  /** Rows that chance brings. */
  readonly expected: number;
  readonly p: number;
} {
  const { reference, current } = sumsOf(cells);
  const all = reference + current;
  const rows = cells.reduce((sum, cell) => sum + (cell.reference === 0 ? cell.current : 0), 0);
  if (rows === 0) return { rows, expected: 0, p: 1 };
  /** How many values have t rows in all. */
  const values = new Map<number, number>();
  for (const cell of cells) {
    const t = cell.reference + cell.current;
    if (t > 0) values.set(t, (values.get(t) ?? 0) + 1);
  }
  const parts = [...values].flatMap(([t, many]) => {
    let chance = 1;
    for (let i = 0; i < t && chance > 1e-18; i++) chance *= Math.max(0, current - i) / (all - i);
    return chance > 1e-18 ? [{ t, many, chance }] : [];
  });
  const expected = parts.reduce((sum, { t, many, chance }) => sum + t * many * chance, 0);
  if (rows > MOST_COUNTED) {
    const variance = parts.reduce(
      (sum, { t, many, chance }) => sum + t * t * many * chance * (1 - chance),
      0,
    );
    const p = variance > 0 ? normalSf((rows - 0.5 - expected) / Math.sqrt(variance)) : 1;
    return { rows, expected, p };
  }
  return { rows, expected, p: Math.max(0, Math.min(1, 1 - chanceBelow(parts, rows))) };
}

function chanceBelow(
  parts: readonly { readonly t: number; readonly many: number; readonly chance: number }[],
  rows: number,
): number {
  let distribution: Float64Array = new Float64Array(rows);
  distribution[0] = 1;
  for (const { t, many, chance } of parts) {
    const next = new Float64Array(rows);
    for (let k = 0; k <= many && k * t < rows; k++) {
      const weight = binomialPmf(k, many, chance);
      if (weight < 1e-300) continue;
      for (let i = 0; i + k * t < rows; i++) {
        next[i + k * t] = (next[i + k * t] as number) + weight * (distribution[i] as number);
      }
    }
    distribution = next;
  }
  return distribution.reduce((sum, chance) => sum + chance, 0);
}
