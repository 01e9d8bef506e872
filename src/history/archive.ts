import type { AnyRecord } from './record.js';

/** A record with the bytes it is stored as. */
export interface StoredRecord {
  readonly path: string;
  readonly text: string;
  readonly record: AnyRecord;
}

/** The whole history with its bytes: for moving it, and for upkeep. */
export interface Archive {
  /**
   * Every record, each id once; read as it is asked for, not all at once. Files that are no records are left out and told.
   */
  records(onProblem?: (path: string, why: string) => void): AsyncIterable<StoredRecord>;
  /**
   * Adds records with their bytes as they are; those that are there already are left. One step is one commit. Throws
   * UserError, before anything of the step is written, when an id is there with other content.
   */
  restore(records: readonly StoredRecord[]): Promise<{ readonly added: number; readonly present: number }>;
  /** Sends what waits here, and what only this clone has, to the remote. Throws UserError when there is none. */
  send(): Promise<{ readonly sent: number }>;
  /** Makes one file of each month before `before` (`202602`); throws UserError where there is nothing to compact. */
  compact(before: string, onProgress?: (done: number, total: number) => void): Promise<Compaction>;
  size(): Promise<ArchiveSize>;
}

export interface Compaction {
  /** Months of an owner that were folded now. */
  readonly months: number;
  /** Records that moved into a file of their month. */
  readonly records: number;
  /** Files of months that were written. */
  readonly files: number;
  /** Records left where they are: written by a newer Assay. */
  readonly newer: number;
  /** Files left where they are, and why: they are no records. */
  readonly left: readonly (readonly [path: string, why: string])[];
}

/** What the limits of a server are about. */
export interface ArchiveSize {
  readonly files: number;
  readonly largest: { readonly path: string; readonly bytes: number } | undefined;
  /** Entries of the folder that has most. */
  readonly widest: { readonly path: string; readonly entries: number } | undefined;
  /** Packed, with all commits that are here; null where it is not known. */
  readonly bytes: number | null;
  /** Records that wait to be sent. */
  readonly waiting: number;
}
