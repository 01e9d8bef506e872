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

/** Numbers in any order, all finite. */
export function sortedValues(numbers: ArrayLike<number>): SortedValues {
  return countedDecimals(numbers) ?? sortedByComparison(numbers);
}

function sortedByComparison(numbers: ArrayLike<number>): SortedValues {
  const collector = new SortedCollector(numbers.length);
  collector.add(Float64Array.from(numbers).sort());
  return collector.result();
}

const MOST_DECIMALS = 6;
/** Steps of the range for each number up to which counting beats sorting. */
const STEPS_EACH = 4;
/** Fewer numbers are sorted at once. */
const FEWEST_COUNTED = 256;

/**
 * Most columns hold whole numbers, or decimals of few digits, within a narrow range: these are counted step by step, which takes a
 * fifth of the time of sorting. Undefined for numbers that are not so.
 */
function countedDecimals(numbers: ArrayLike<number>): SortedValues | undefined {
  const { length } = numbers;
  if (length < FEWEST_COUNTED) return undefined;
  let [scale, low, high] = [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < length; i++) {
    const value = numbers[i] as number;
    while (Math.round(value * scale) / scale !== value) {
      if (scale === 10 ** MOST_DECIMALS) return undefined;
      scale *= 10;
    }
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const first = Math.round(low * scale);
  const steps = Math.round(high * scale) - first + 1;
  // A step of a finer scale may round differently: what was exact at a coarser one is looked at again.
  if (!(steps <= STEPS_EACH * length)) return undefined;
  const counts = new Uint32Array(steps);
  for (let i = 0; i < length; i++) {
    const step = Math.round((numbers[i] as number) * scale);
    if (step / scale !== numbers[i]) return undefined;
    counts[step - first] = (counts[step - first] as number) + 1;
  }
  return nonZero(counts, { first, scale });
}

function nonZero(
  steps: Uint32Array,
  { first, scale }: { readonly first: number; readonly scale: number },
): SortedValues {
  let distinct = 0;
  for (let i = 0; i < steps.length; i++) if (steps[i] !== 0) distinct++;
  const values = new Float64Array(distinct);
  const counts = new Float64Array(distinct);
  let [at, total] = [0, 0];
  for (let i = 0; i < steps.length; i++) {
    if (steps[i] === 0) continue;
    values[at] = (first + i) / scale;
    counts[at] = steps[i] as number;
    total += steps[i] as number;
    at++;
  }
  return { values, counts, total };
}
