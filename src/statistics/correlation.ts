import { betaCdf } from './distributions/beta.js';
import { twoSidedP } from './distributions/student.js';
import { rank } from './ranks.js';
import { mean, StableSum } from './sums.js';

/** Correlation of paired values. All are NaN when a column does not vary. */

export interface Correlation {
  readonly r: number;
  /** Two-sided, of no correlation. */
  readonly p: number;
}

/** Pearson's product-moment correlation; p as for values of a normal distribution. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): Correlation {
  const n = x.length;
  const r = momentCorrelation(x, y);
  if (n < 2 || Number.isNaN(r)) return { r: Number.NaN, p: Number.NaN };
  if (n === 2) return { r: Math.sign(r), p: 1 };
  // (r + 1)/2 has the beta distribution with both shapes n/2 − 1.
  return { r, p: Math.min(1, 2 * betaCdf((1 - Math.abs(r)) / 2, n / 2 - 1, n / 2 - 1)) };
}

/** Spearman's rank correlation; p by the t distribution. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): Correlation {
  const n = x.length;
  const r = momentCorrelation(rank(x).ranks, rank(y).ranks);
  const t = r * Math.sqrt(Math.max(0, (n - 2) / ((r + 1) * (1 - r))));
  return { r, p: twoSidedP(t, n - 2) };
}

function momentCorrelation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [centreX, centreY] = [mean(x), mean(y)];
  const [xx, yy, xy] = [new StableSum(), new StableSum(), new StableSum()];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [(x[i] as number) - centreX, (y[i] as number) - centreY];
    xx.add(dx * dx);
    yy.add(dy * dy);
    xy.add(dx * dy);
  }
  // Divided in the order that NumPy has: whether a perfect order of ranks gives 1 or the number before it decides p.
  const free = x.length - 1;
  const r = xy.value / free / Math.sqrt(xx.value / free) / Math.sqrt(yy.value / free);
  return Math.max(-1, Math.min(1, r));
}

/** Kendall's tau-b, corrected for ties, in O(n log n) by counting the exchanges of a merge sort (Knight, JASA 61, 1966). */
export function kendallTau(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  const [byX, byY] = [rank(x), rank(y)];
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => at(byX.ranks, a) - at(byX.ranks, b) || at(byY.ranks, a) - at(byY.ranks, b),
  );
  const pairs = (ties: readonly number[]) => ties.reduce((sum, t) => sum + (t * (t - 1)) / 2, 0);
  const both = new Map<string, number>();
  for (const i of order) {
    const key = `${at(byX.ranks, i)} ${at(byY.ranks, i)}`;
    both.set(key, (both.get(key) ?? 0) + 1);
  }
  const all = (n * (n - 1)) / 2;
  const [tiedX, tiedY, tiedBoth] = [pairs(byX.ties), pairs(byY.ties), pairs([...both.values()])];
  const discordant = exchanges(Float64Array.from(order, (i) => at(byY.ranks, i)));
  const difference = all - tiedX - tiedY + tiedBoth - 2 * discordant;
  return difference / Math.sqrt(all - tiedX) / Math.sqrt(all - tiedY);
}

function at(values: Float64Array, i: number): number {
  return values[i] as number;
}

/** How many pairs stand in the wrong order. */
function exchanges(values: Float64Array): number {
  let count = 0;
  let source: Float64Array = values;
  let target: Float64Array = new Float64Array(values.length);
  for (let width = 1; width < values.length; width *= 2) {
    for (let from = 0; from < values.length; from += 2 * width) {
      const [middle, end] = [
        Math.min(from + width, values.length),
        Math.min(from + 2 * width, values.length),
      ];
      let [i, j] = [from, middle];
      for (let out = from; out < end; out++) {
        if (i < middle && (j >= end || at(source, i) <= at(source, j))) target[out] = at(source, i++);
        else {
          target[out] = at(source, j++);
          count += middle - i;
        }
      }
    }
    [source, target] = [target, source];
  }
  return count;
}
