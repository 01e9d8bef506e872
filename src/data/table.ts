import type { Place } from './places.js';

/**
 * How the engine keeps a column: `text` as written in the file (CSV, TSV), `json` as JSON text of one value,
 * `native` in the type the file declares (Parquet).
 */
export type Storage =
  | { readonly kind: 'text' }
  | { readonly kind: 'json' }
  | { readonly kind: 'native'; readonly type: string };

export interface TableColumn {
  /** As the file names it. */
  readonly name: string;
  /** The SQL that names it in the relation; never made of text from outside. Missing values are NULL. */
  readonly sql: string;
  readonly storage: Storage;
}

/** Lines of a file that could not be read as a row, and why (in words, without values). */
export interface Rejection {
  readonly place: Place;
  readonly reason: string;
}

/** A dataset as a SQL engine has it, with the way back to its files. */
export interface SourceTable {
  /** SQL to stand behind FROM: a table, or a function that reads the files. */
  readonly relation: string;
  /** SQL of a row's index, from 0 in reading order. Selecting it can cost a scan its parallelism: only where rows are named. */
  readonly row: string;
  readonly columns: readonly TableColumn[];
  readonly read: number;
  /** Lines (or elements of a JSON array) that are not rows. */
  readonly rejected: number;
  /** The first of them, at most 10. */
  readonly rejections: readonly Rejection[];
  readonly rowsAre: 'lines' | 'rows';
  /** Relative to the folder of assay.yml, sorted. */
  readonly files: readonly string[];
  /** SHA-256 in lower-case hex. */
  readonly digest: string;
  place(index: number): Place;
}

/** How many failing rows and rejected lines are named. */
export const ROWS_NAMED = 10;
