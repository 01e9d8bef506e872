/** Rows in the order of a column, found once for all rows and from that for each group of them. */

/** Below this many rows a comparison sort is faster than counting. */
const FEW = 256;
/** Rows of one bucket that are put in order by insertion. */
const SMALL = 24;

/**
 * Rows by ascending value; rows of equal value in their own order. Values are finite.
 * For many rows: as many buckets of equal width as there are rows, then each bucket by itself; values that lie closely together
 * in one bucket cost a comparison sort of that bucket.
 */
export function ascending(values: Float64Array): Int32Array {
  const n = values.length;
  const compare = (a: number, b: number) => (values[a] as number) - (values[b] as number) || a - b;
  const rows = new Int32Array(n);
  for (let row = 0; row < n; row++) rows[row] = row;
  if (n < FEW) return rows.sort(compare);
  let [least, most] = [values[0] as number, values[0] as number];
  for (let row = 1; row < n; row++) {
    const value = values[row] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const scale = (n - 1) / (most - least);
  // A range that is 0, too small or too large to divide by.
  if (!(scale > 0) || !Number.isFinite(scale) || !Number.isFinite(most - least)) return rows.sort(compare);
  const starts = new Int32Array(n + 1);
  const bucket = new Int32Array(n);
  for (let row = 0; row < n; row++) {
    const at = Math.min(n - 1, Math.floor(((values[row] as number) - least) * scale));
    bucket[row] = at;
    starts[at + 1] = (starts[at + 1] as number) + 1;
  }
  for (let at = 1; at <= n; at++) starts[at] = (starts[at] as number) + (starts[at - 1] as number);
  const next = starts.slice(0, n);
  for (let row = 0; row < n; row++) {
    const at = bucket[row] as number;
    const place = next[at] as number;
    next[at] = place + 1;
    rows[place] = row;
  }
  for (let at = 0; at < n; at++) {
    const [from, to] = [starts[at] as number, starts[at + 1] as number];
    if (to - from > SMALL) rows.subarray(from, to).sort(compare);
    else if (to - from > 1) insert(rows, { values, from, to });
  }
  return rows;
}

/** Insertion sort of rows[from, to) by value, which leaves rows of equal value in their order. */
function insert(
  rows: Int32Array,
  of: { readonly values: Float64Array; readonly from: number; readonly to: number },
): void {
  const { values, from, to } = of;
  for (let i = from + 1; i < to; i++) {
    const row = rows[i] as number;
    const value = values[row] as number;
    let at = i - 1;
    while (at >= from && (values[rows[at] as number] as number) > value) {
      rows[at + 1] = rows[at] as number;
      at--;
    }
    rows[at + 1] = row;
  }
}

/** The order of some rows, out of the order of all. */
export class RowOrder {
  readonly all: Int32Array;
  readonly #rank: Int32Array;
  readonly #place: Int32Array;

  constructor(values: Float64Array) {
    this.all = ascending(values);
    this.#rank = new Int32Array(values.length);
    this.#place = new Int32Array(values.length);
    for (let at = 0; at < this.all.length; at++) this.#rank[this.all[at] as number] = at;
  }

  /** Places in `rows` (ascending row numbers) by ascending value. */
  of(rows: Int32Array): Int32Array {
    const ranks = new Int32Array(rows.length);
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] as number;
      this.#place[row] = at;
      ranks[at] = this.#rank[row] as number;
    }
    ranks.sort();
    for (let at = 0; at < ranks.length; at++) {
      ranks[at] = this.#place[this.all[ranks[at] as number] as number] as number;
    }
    return ranks;
  }
}
