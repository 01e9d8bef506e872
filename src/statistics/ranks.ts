/** Ranks with the mean rank for ties. */

export interface Ranks {
  /** From 1; equal values share the mean of their places. */
  readonly ranks: Float64Array;
  /** How many values each group of equal values has, ascending by value. */
  readonly ties: readonly number[];
}

/** @param values finite or infinite, none NaN */
export function rank(values: ArrayLike<number>): Ranks {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => compare(values[a] as number, values[b] as number) || a - b,
  );
  const ranks = new Float64Array(values.length);
  const ties: number[] = [];
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (let i = from; i < to; i++) ranks[order[i] as number] = (from + 1 + to) / 2;
    ties.push(to - from);
    from = to;
  }
  return { ranks, ties };
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Σ (t³ − t) over the groups of equal values, which corrections for ties need. */
export function tieTerm(ties: readonly number[]): number {
  return ties.reduce((sum, t) => sum + (t * t * t - t), 0);
}

/** How many values of an ascending array are at most `x`. */
export function countUpTo(sorted: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
