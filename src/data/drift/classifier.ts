import { mannWhitney } from '../../statistics/mann-whitney.js';
import { type Random, randomOf } from '../../statistics/random.js';
import { type BinnedColumn, binColumns, growTrees } from './trees.js';

/**
 * The classifier two-sample test (Lopez-Paz and Oquab, ICLR 2017): a small model learns to tell reference rows from current rows on one
 * half of them; on the other half its AUC is 0.5 but for chance if nothing differs, not even between columns. The test on that half is
 * Mann and Whitney's: whatever the model learned, held-out rows of one distribution are exchangeable, so the false alarms are as stated.
 */

export interface SampledRows {
  readonly columns: readonly { readonly name: string; readonly categorical: boolean }[];
  /** One array a column, NaN where a value is missing; categories as keys. */
  readonly reference: readonly Float64Array[];
  readonly current: readonly Float64Array[];
}

export interface ClassifierResult {
  /** On held-out rows. */
  readonly auc: number;
  readonly p: number;
  /** Held out, of each side. */
  readonly rows: readonly [reference: number, current: number];
  /** The columns it used most, with their share of its gain; at most 5. */
  readonly columns: readonly { readonly name: string; readonly share: number }[];
}

/** Fewer rows of a side teach no model anything, and would only cost some of alpha. */
export const FEWEST_CLASSIFIED_ROWS = 200;
export const MOST_CLASSIFIED_ROWS = 10_000;
const MOST_NAMED = 5;

/** @returns null when there are fewer than two columns that vary, or too few rows */
export function classifierTest(rows: SampledRows, seed: number): ClassifierResult | null {
  const sizes = [rows.reference[0]?.length ?? 0, rows.current[0]?.length ?? 0] as const;
  if (Math.min(...sizes) < FEWEST_CLASSIFIED_ROWS) return null;
  const binned = binColumns(rows);
  if (binned.length < 2) return null;
  const random = randomOf(seed);
  const [learnReference, heldReference] = halves(0, sizes[0], random);
  const [learnCurrent, heldCurrent] = halves(sizes[0], sizes[1], random);
  const { score, gains } = growTrees(binned, { negative: learnReference, positive: learnCurrent });
  const scores = (indexes: Uint32Array) => Float64Array.from(indexes, score);
  const { statistic, p } = mannWhitney(scores(heldCurrent), scores(heldReference), {
    alternative: 'greater',
    method: 'asymptotic',
  });
  return {
    auc: statistic / (heldReference.length * heldCurrent.length),
    // Constant scores have no variance and no p-value: nothing was learned.
    p: Number.isNaN(p) ? 1 : p,
    rows: [heldReference.length, heldCurrent.length],
    columns: mostUsed(binned, gains),
  };
}

function mostUsed(columns: readonly BinnedColumn[], gains: Float64Array): ClassifierResult['columns'] {
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  if (total === 0) return [];
  return columns
    .map(({ name }, i) => ({ name, share: (gains[i] as number) / total }))
    .filter(({ share }) => share > 0)
    .sort((x, y) => y.share - x.share)
    .slice(0, MOST_NAMED);
}

function halves(from: number, size: number, random: Random): readonly [Uint32Array, Uint32Array] {
  const indexes = Uint32Array.from({ length: size }, (_, i) => from + i);
  for (let i = size - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swapped = indexes[i] as number;
    indexes[i] = indexes[j] as number;
    indexes[j] = swapped;
  }
  return [indexes.subarray(0, size >> 1), indexes.subarray(size >> 1)];
}
