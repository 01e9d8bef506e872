/** Where a row came from: a file, and its line (text formats) or row number (from 1). */
export interface Place {
  readonly file: string;
  readonly number: number;
}

/**
 * Row index (from 0, in reading order) to file and line. Almost every row stands one line below the row before it, so
 * only the exceptions are kept: the start of a file, a row after a quoted line break, after a blank or a rejected line.
 */
export class Places {
  readonly #indexes: number[] = [];
  readonly #numbers: number[] = [];
  readonly #files: string[] = [];
  #file = '';
  #expected = 0;
  #count = 0;
  readonly #starts: number[] = [];

  /** Index of the first row of each file. */
  get starts(): readonly number[] {
    return this.#starts;
  }

  get count(): number {
    return this.#count;
  }

  startFile(file: string): void {
    this.#file = file;
    this.#expected = 0;
    this.#starts.push(this.#count);
  }

  /** Adds the next `rows` rows, the first of them at `number` and each following one a line further. */
  add(number: number, rows = 1): void {
    if (number !== this.#expected) {
      this.#indexes.push(this.#count);
      this.#numbers.push(number);
      this.#files.push(this.#file);
    }
    this.#expected = number + rows;
    this.#count += rows;
  }

  at(index: number): Place {
    if (index < 0 || index >= this.#count) throw new Error(`row ${index} of ${this.#count} has no place`);
    let low = 0;
    let high = this.#indexes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#indexes[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return {
      file: this.#files[low] ?? '',
      number: (this.#numbers[low] ?? 0) + index - (this.#indexes[low] ?? 0),
    };
  }
}
