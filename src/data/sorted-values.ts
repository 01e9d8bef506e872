/**
 * The numbers of a column as its distinct values in ascending order, each with how often it occurs: all that an exact
 * profile and an exact two-sample test need, in as many entries as there are distinct values.
 */
export interface SortedValues {
  /** Finite, strictly ascending. */
  readonly values: Float64Array;
  /** How often each occurs; at least 1. */
  readonly counts: Float64Array;
  /** The sum of the counts. */
  readonly total: number;
}

/** Collects values that arrive in ascending order; equal ones are counted together. */
export class SortedCollector {
  #values: Float64Array;
  #counts: Float64Array;
  #used = 0;
  #total = 0;
  /** Entries added, before equal numbers were put together: integers above 2^53 may share a number. */
  #added = 0;

  /** @param expected about how many distinct values will come */
  constructor(expected = 1024) {
    const capacity = Math.max(16, Math.ceil(expected));
    this.#values = new Float64Array(capacity);
    this.#counts = new Float64Array(capacity);
  }

  /** @param counts how often each value occurs; once each when left out */
  add(values: Float64Array, counts?: Float64Array): void {
    this.#reserve(this.#used + values.length);
    let used = this.#used;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      const count = counts ? (counts[i] as number) : 1;
      if (used > 0 && this.#values[used - 1] === value) {
        this.#counts[used - 1] = (this.#counts[used - 1] as number) + count;
      } else {
        this.#values[used] = value;
        this.#counts[used++] = count;
      }
      this.#total += count;
    }
    this.#used = used;
    this.#added += values.length;
  }

  get added(): number {
    return this.#added;
  }

  result(): SortedValues {
    return {
      values: this.#values.subarray(0, this.#used),
      counts: this.#counts.subarray(0, this.#used),
      total: this.#total,
    };
  }

  #reserve(size: number): void {
    if (size <= this.#values.length) return;
    const capacity = Math.max(size, Math.ceil(this.#values.length * 1.5));
    const grown = (old: Float64Array) => {
      const larger = new Float64Array(capacity);
      larger.set(old.subarray(0, this.#used));
      return larger;
    };
    this.#values = grown(this.#values);
    this.#counts = grown(this.#counts);
  }
}

/** Numbers in any order. */
export function sortedValues(numbers: ArrayLike<number>): SortedValues {
  const collector = new SortedCollector(numbers.length);
  collector.add(Float64Array.from(numbers).sort());
  return collector.result();
}
