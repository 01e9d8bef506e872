import type { AnyRecord, RecordKind } from './record.js';

export interface HistoryQuery {
  readonly kind: RecordKind;
  /** The model or dataset whose records are wanted; all when left out. */
  readonly owner?: string;
}

/** Where records are kept: a branch of the repository, or a directory. Records are never changed or removed. */
export interface History {
  /** Appends all or none of them, as one step; throws OutsideError when the store cannot be written after retries. */
  append(records: readonly AnyRecord[]): Promise<void>;
  /** Newest first; an empty list when there is no history yet. Files that are no records are reported by the adapter and left out. */
  list(query: HistoryQuery): Promise<readonly AnyRecord[]>;
  /** By id or by a prefix of it; every match, so that the caller can say that a prefix is ambiguous. */
  find(idPrefix: string): Promise<readonly AnyRecord[]>;
}

/** Times and ids are handed in, so that the same inputs give the same bytes. */
export interface Clock {
  now(): Date;
  /** Seconds that only ever increase; for durations. */
  monotonic(): number;
}

export interface Randomness {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}
