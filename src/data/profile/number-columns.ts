/** What memory does not hold of columns of numbers. */
export interface Overflow {
  /** Adds values to the end of a column. */
  append(column: number, values: Float64Array): Promise<void>;
  /** Fills the array with the values of a column from one of them on (from 0, in the order they were added). */
  read(column: number, from: number, into: Float64Array): Promise<void>;
}

const BLOCK = 65_536;
const BYTES = 8;

/**
 * Columns of numbers in the order of the rows, NaN where there is none: filled by one scan of the data, then looked at one column at
 * a time. The first rows are held in memory, the others where `overflow` puts them.
 */
export class NumberColumns {
  readonly #overflow: Overflow | undefined;
  readonly #blocksInMemory: number;
  readonly #blocks: Float64Array[][] = [];
  /** The block that is being filled. */
  readonly #last: Float64Array[];
  #filled = 0;
  #full = 0;

  constructor(of: {
    readonly columns: number;
    /** All of them when left out. */
    readonly memory?: { readonly bytes: number; readonly overflow: Overflow } | undefined;
  }) {
    this.#overflow = of.memory?.overflow;
    const block = BLOCK * BYTES * Math.max(1, of.columns);
    this.#blocksInMemory = of.memory ? Math.floor(of.memory.bytes / block) : Number.POSITIVE_INFINITY;
    this.#last = Array.from({ length: of.columns }, () => new Float64Array(BLOCK));
  }

  get rows(): number {
    return this.#full * BLOCK + this.#filled;
  }

  /** The next rows, one array a column; they are copied. */
  async add(batch: readonly Float64Array[]): Promise<void> {
    const rows = batch[0]?.length ?? 0;
    for (let from = 0; from < rows; ) {
      const size = Math.min(rows - from, BLOCK - this.#filled);
      batch.forEach((values, c) => {
        this.#last[c]?.set(values.subarray(from, from + size), this.#filled);
      });
      from += size;
      this.#filled += size;
      if (this.#filled === BLOCK) await this.#closeBlock();
    }
  }

  /** A copy of a whole column. */
  async column(column: number): Promise<Float64Array> {
    const values = new Float64Array(this.rows);
    let at = 0;
    for await (const [block] of this.blocks([column])) {
      if (block) values.set(block, at);
      at += block?.length ?? 0;
    }
    return values;
  }

  /** The rows of some columns from the first to the last, some thousands at a time; valid until the next ones are asked for. */
  async *blocks(columns: readonly number[]): AsyncGenerator<readonly Float64Array[]> {
    const read = columns.map(() => new Float64Array(this.#full > this.#blocks.length ? BLOCK : 0));
    for (let b = 0; b < this.#full; b++) {
      const held = this.#blocks[b];
      if (held) yield columns.map((column) => held[column] as Float64Array);
      else {
        for (const [i, column] of columns.entries()) {
          await this.#overflow?.read(column, (b - this.#blocks.length) * BLOCK, read[i] as Float64Array);
        }
        yield read;
      }
    }
    if (this.#filled > 0) {
      yield columns.map((column) => (this.#last[column] as Float64Array).subarray(0, this.#filled));
    }
  }

  async #closeBlock(): Promise<void> {
    if (this.#full < this.#blocksInMemory) this.#blocks.push(this.#last.map((values) => values.slice()));
    else for (const [column, values] of this.#last.entries()) await this.#overflow?.append(column, values);
    this.#full++;
    this.#filled = 0;
  }
}
