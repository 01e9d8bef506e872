import type { SortedValues } from '../sorted-values.js';

/** The quantiles that a profile names. */
export const QUANTILES = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1] as const;

/** `min`, `p25`, `max`. */
export function quantileName(share: number): string {
  return share === 0 ? 'min' : share === 1 ? 'max' : `p${Math.round(share * 100)}`;
}

/** Exact quantiles with linear interpolation between ranks (type 7: NumPy's and R's default). At least one value. */
export function quantilesOf(sorted: SortedValues, shares: readonly number[]): readonly number[] {
  const { values, total } = sorted;
  const upTo = cumulative(sorted);
  const at = (rank: number) => values[firstAtLeast(upTo, rank + 1)] as number;
  return shares.map((share) => {
    const position = (total - 1) * share;
    const below = Math.floor(position);
    const low = at(below);
    if (below === position) return low;
    const high = at(below + 1);
    return low + (position - below) * (high - low);
  });
}

/** How many values are at most each distinct value. */
export function cumulative({ counts }: SortedValues): Float64Array {
  const upTo = new Float64Array(counts.length);
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    total += counts[i] as number;
    upTo[i] = total;
  }
  return upTo;
}

/** Index of the first entry that is at least `wanted`; the length when there is none. */
export function firstAtLeast(ascending: Float64Array, wanted: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What is kept of a column's empirical distribution function F: at each kept value x, how many values lie below it and
 * how many are at most it. All values are kept when there are few; else about `most`, evenly by rank, with both ends.
 */
export interface Steps {
  readonly at: number[];
  readonly below: number[];
  readonly upto: number[];
  /** True when every distinct value is kept. */
  readonly exact: boolean;
}

/** Ranks (from 1, perhaps between two) of about `most` values, evenly, with both ends. */
export function stepRanks(total: number, most: number): readonly number[] {
  return Array.from({ length: most }, (_, k) => 1 + ((total - 1) * k) / (most - 1));
}

export function stepsOf(sorted: SortedValues, most: number): Steps {
  const { values, counts, total } = sorted;
  const upTo = cumulative(sorted);
  const exact = values.length <= most;
  const kept = new Set<number>();
  if (exact) for (let i = 0; i < values.length; i++) kept.add(i);
  else for (const rank of stepRanks(total, most)) kept.add(firstAtLeast(upTo, rank));
  const indexes = [...kept].sort((a, b) => a - b);
  return {
    at: indexes.map((i) => values[i] as number),
    below: indexes.map((i) => (upTo[i] as number) - (counts[i] as number)),
    upto: indexes.map((i) => upTo[i] as number),
    exact,
  };
}
