/**
 * Sums over rows of products of standardised columns, for correlations. Rows arrive in batches of any size and are put
 * together to blocks of one size, whose sums are added with compensation (Neumaier): the result depends on the order of the
 * rows, which is that of the data, and on nothing else.
 */
export class PairSums {
  readonly #columns: readonly Standard[];
  readonly #pairs: readonly Pair[];
  #filled = 0;
  #rows = 0;

  constructor(columns: readonly { readonly mean: number; readonly sd: number; readonly gaps: boolean }[]) {
    this.#columns = columns.map((column) => ({
      ...column,
      z: new Float64Array(BLOCK),
      there: column.gaps ? new Float64Array(BLOCK) : ALWAYS,
    }));
    this.#pairs = columns.flatMap((_, a) =>
      columns.slice(a + 1).map((_, i) => ({ a, b: a + 1 + i, sums: new Float64Array(2 * TERMS) })),
    );
  }

  /** One array a column, NaN where a value is missing. */
  add(batch: readonly Float64Array[]): void {
    const rows = batch[0]?.length ?? 0;
    for (let from = 0; from < rows; ) {
      const size = Math.min(rows - from, BLOCK - this.#filled);
      this.#columns.forEach((column, c) => {
        standardise(column, batch[c] as Float64Array, { from, size, to: this.#filled });
      });
      from += size;
      this.#filled += size;
      if (this.#filled === BLOCK) this.#flush();
    }
  }

  /** r of each pair over the rows that have both, and how many rows they are; NaN where it is not defined. */
  result(): readonly { readonly a: number; readonly b: number; readonly r: number; readonly rows: number }[] {
    this.#flush();
    return this.#pairs.map(({ a, b, sums }) => {
      const [ab = 0, sa = 0, sb = 0, aa = 0, bb = 0, n = 0] = sums
        .subarray(0, TERMS)
        .map((sum, i) => sum + (sums[TERMS + i] as number));
      // Without gaps both are standardised over all rows, with n − 1 below.
      if (aa === 0) return { a, b, r: clamped(ab / (this.#rows - 1)), rows: this.#rows };
      const r = (ab - (sa * sb) / n) / Math.sqrt((aa - (sa * sa) / n) * (bb - (sb * sb) / n));
      return { a, b, r: clamped(r), rows: n };
    });
  }

  #flush(): void {
    const rows = this.#filled;
    if (rows === 0) return;
    this.#rows += rows;
    for (const { a, b, sums } of this.#pairs) {
      const [one, other] = [this.#columns[a] as Standard, this.#columns[b] as Standard];
      const added = one.gaps || other.gaps ? sumsWithGaps(one, other, rows) : [product(one, other, rows)];
      added.forEach((term, i) => {
        const total = sums[i] as number;
        const next = total + term;
        const lost = Math.abs(total) >= Math.abs(term) ? total - next + term : term - next + total;
        sums[TERMS + i] = (sums[TERMS + i] as number) + lost;
        sums[i] = next;
      });
    }
    this.#filled = 0;
  }
}

const BLOCK = 2048;
/** Σzₐz_b, Σzₐ, Σz_b, Σzₐ², Σz_b², n: each over the rows that have both. */
const TERMS = 6;
const ALWAYS = new Float64Array(BLOCK).fill(1);

interface Standard {
  readonly mean: number;
  readonly sd: number;
  readonly gaps: boolean;
  /** 0 where the value is missing. */
  readonly z: Float64Array;
  /** 1 where there is a value. */
  readonly there: Float64Array;
}

interface Pair {
  readonly a: number;
  readonly b: number;
  /** The sums, then their compensations. */
  readonly sums: Float64Array;
}

function standardise(
  { mean, sd, gaps, z, there }: Standard,
  values: Float64Array,
  { from, size, to }: { readonly from: number; readonly size: number; readonly to: number },
): void {
  for (let i = 0; i < size; i++) {
    const value = ((values[from + i] as number) - mean) / sd;
    const missing = Number.isNaN(value);
    z[to + i] = missing ? 0 : value;
    if (gaps) there[to + i] = missing ? 0 : 1;
  }
}

function product({ z: a }: Standard, { z: b }: Standard, rows: number): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function sumsWithGaps(a: Standard, b: Standard, rows: number): readonly number[] {
  const [za, zb, ta, tb] = [a.z, b.z, a.there, b.there];
  let [ab, sa, sb, aa, bb, n] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < rows; i++) {
    const x = za[i] as number;
    const y = zb[i] as number;
    const tx = ta[i] as number;
    const ty = tb[i] as number;
    ab += x * y;
    sa += x * ty;
    sb += y * tx;
    aa += x * x * ty;
    bb += y * y * tx;
    n += tx * ty;
  }
  return [ab, sa, sb, aa, bb, n];
}

function clamped(r: number): number {
  return Math.max(-1, Math.min(1, r));
}
