import type { SourceFile } from '../ports.js';

/** What a reader finds in one file. Names are as the file has them; nothing is rounded. */
export interface ReadMetric {
  readonly name: string;
  /** Finite, or null with the reason. */
  readonly value: number | null;
  readonly reason?: string;
  readonly split?: string;
}

/** One metric over the steps of a training; `values` may have gaps. */
export interface ReadSeries {
  readonly name: string;
  readonly steps: readonly number[];
  readonly values: readonly (number | null)[];
}

export interface Reading {
  readonly metrics: readonly ReadMetric[];
  readonly series: readonly ReadSeries[];
}

/** Reads one format. A new format is a new file beside this one, and a line in `readers.ts`. */
export interface Reader {
  /** As messages name it: `JSON`. */
  readonly name: string;
  /** @param head the first 64 kB as text, perhaps cut off within a line */
  recognises(head: string, path: string): boolean;
  /** Throws UserError with the place in the file. */
  read(file: SourceFile): Promise<Reading>;
}

/** A larger file is no metrics file; it is refused without reading it. */
export const LARGEST_FILE = 50_000_000;
/** Tools that write more have written something else than metrics: an embedding, a dataset. */
export const MOST_METRICS = 10_000;
