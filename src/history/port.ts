import type { Condition } from './condition.js';
import type { AnyRecord } from './record.js';
import type { Selection } from './select.js';

export interface HistoryQuery {
  readonly kind: string;
  /** The model or dataset whose records are wanted; all when left out. */
  readonly owner?: string;
  /** On any field of the record; see `fieldsOfRecord`. */
  readonly where?: Condition;
  /** Newest first when left out; what lacks the field comes last either way. */
  readonly order?: { readonly field: string; readonly descending: boolean };
  readonly limit?: number;
  /** Of a selection: the fields that will be asked for. */
  readonly fields?: readonly string[] | 'all';
}

/** Where records are kept: a branch of the repository, or a directory. Records are never changed or removed. */
export interface History {
  /** Appends all or none of them, as one step; throws OutsideError when the store cannot be written after retries. */
  append(records: readonly AnyRecord[]): Promise<void>;
  /** Whole records; an empty list when there is no history yet. Files that are no records are reported by the adapter and left out. */
  list(query: HistoryQuery): Promise<readonly AnyRecord[]>;
  /** The same records by their fields alone: fast and small where whole records of a long history are neither. */
  select(query: HistoryQuery): Promise<Selection>;
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
