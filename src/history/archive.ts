import type { AnyRecord } from './record.js';

/** A record with the bytes it is stored as. */
export interface StoredRecord {
  readonly path: string;
  readonly text: string;
  readonly record: AnyRecord;
}

/** The whole history with its bytes: for moving it, and for upkeep. */
export interface Archive {
  /** Every record, in the order of the paths, each id once; read as it is asked for, not all at once. */
  records(): AsyncIterable<StoredRecord>;
  /**
   * Adds records with their bytes as they are; those that are there already are left. A step of many records is one
   * commit. Throws UserError, before anything is written, when an id is there with other content.
   */
  restore(records: readonly StoredRecord[]): Promise<{ readonly added: number; readonly present: number }>;
}
