import { OutsideError } from '../errors.js';
import type { Artifact } from './artifact.js';

/** What is known of an artifact in the store. */
export interface Verified {
  /** `whole`: all of it is there and, where that was asked, is what its digest says. */
  readonly state: 'whole' | 'missing' | 'damaged';
  /** Which piece is missing or damaged; empty when whole. */
  readonly detail: string;
}

/** Content-addressed store of large files. The same content is stored once. */
export interface ArtifactStore {
  /** Stores a file or folder; the digest is of its content. */
  put(name: string, path: string): Promise<Artifact>;
  /** Brings the content to `path`, verified, never half-written under its final name; throws UserError when it is not in the store. */
  fetch(artifact: Pick<Artifact, 'digest' | 'bytes' | 'name'>, path: string): Promise<void>;
  has(digest: string): Promise<boolean>;
  /**
   * Whether every piece is there with its size and, with `content`, its digest: as the store itself has computed it,
   * else by reading it all. Throws OutsideError when the store cannot be asked.
   */
  verify(digest: string, options?: { readonly content?: boolean }): Promise<Verified>;
}

/** A blob in a store of blobs. */
export interface Blob {
  /** As in names.ts. */
  readonly name: string;
  readonly bytes: number;
  /** When it was written or last touched, by the store's clock. */
  readonly modified: Date;
  /** SHA-256 that the store itself computed from what arrived; null where it computes none. */
  readonly digest: string | null;
}

/** Bytes to be stored. */
export interface Content {
  readonly digest: string;
  readonly bytes: number;
  /**
   * From the first byte, as often as it is called. What comes out is what `digest` says: otherwise it throws before
   * the last bytes, so that a store never has the whole of something else. A chunk is only lent: whoever keeps it longer
   * than until the one after the next is asked for copies it.
   */
  stream(): AsyncIterable<Uint8Array>;
}

/**
 * Where blobs are kept: a directory, the assets of releases, an S3 bucket. Splitting, manifests, resuming and verifying
 * are the same for all of them, in store.ts; an adapter moves single blobs.
 */
export interface Blobs {
  /** For messages: `the directory /x`, `the releases of o/r`. */
  readonly place: string;
  /** Bytes of the largest blob it takes. */
  readonly partBytes: number;
  /** Transfers at once that it gains from and allows. */
  readonly parallel: number;
  /** Where blobs are few and dear: how small files of a folder are put together. Each file has its own when left out. */
  readonly packing?: Packing;
  /** Undefined when there is none that is whole. */
  stat(name: string): Promise<Blob | undefined>;
  /**
   * Harmless when the blob is there. It appears whole or not at all; what an earlier attempt has left is continued or
   * removed. Throws OutsideError after retries.
   */
  put(name: string, content: Content): Promise<void>;
  /** The bytes from offset `from`. Throws BrokenTransfer when they stop before the end, NoSuchBlob when there is none. */
  get(name: string, from: number): AsyncIterable<Uint8Array>;
  /** Sets `modified` to now, so that `prune` sees that it is wanted; false when it is not there. */
  touch(name: string): Promise<boolean>;
  /**
   * Harmless when there is none. False when it is left because it was written or touched since that time, as the store
   * says at that moment.
   */
  remove(name: string, options?: { readonly unlessModifiedSince?: Date }): Promise<boolean>;
  list(): AsyncIterable<Blob>;
  /** Removes what broken transfers left behind before that time. */
  tidy(before: Date): Promise<{ readonly count: number; readonly bytes: number }>;
}

export interface Packing {
  /** Files below this are put together. */
  readonly smallBytes: number;
  /** Most bytes of such a blob. */
  readonly packBytes: number;
}

/** The connection broke; what came until then is good, and asking again from there goes on. */
export class BrokenTransfer extends Error {
  override readonly name = 'BrokenTransfer';
}

/** What came is not what it should be, or must not be put in place: nothing of it is of use to a later attempt. */
export class UselessContent extends OutsideError {}

export class NoSuchBlob extends Error {
  override readonly name = 'NoSuchBlob';
}

/** A file or folder of this machine, as it is before it is stored. */
export type LocalContent =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number; readonly shown: string }
  | {
      readonly kind: 'folder';
      readonly shown: string;
      readonly files: readonly {
        /** Relative to the folder, with `/`. */
        readonly path: string;
        /** Absolute. */
        readonly source: string;
        readonly bytes: number;
        readonly executable: boolean;
      }[];
      readonly links: readonly { readonly path: string; readonly target: string }[];
      readonly empty: readonly string[];
    };

/** The disk of this machine. */
export interface LocalFiles {
  /** Throws UserError when there is nothing, or nothing that can be kept. `shown` is the path for records. */
  look(path: string): Promise<LocalContent>;
  /** The bytes of a file from offset `from`; chunks are lent, as those of `Content`. */
  read(path: string, from: number): AsyncIterable<Uint8Array>;
  /** Something new that is to stand at `path`; takes up what an earlier attempt at the same `digest` has left. */
  draft(path: string, digest: string): Promise<Draft>;
}

/** A file or folder in the making; invisible under its final name until `commit`. */
export interface Draft {
  /** A file in it; `''` when the draft is a file itself. */
  file(path: string): Promise<DraftFile>;
  folder(path: string): Promise<void>;
  /** Whether `a` and `A` are two names in it. */
  tellsCaseApart(): Promise<boolean>;
  /** After all files, so that none is written through a link. Throws OutsideError for one that leaves the folder. */
  links(links: readonly { readonly path: string; readonly target: string }[]): Promise<void>;
  /** Replaces what stands there. */
  commit(): Promise<void>;
  /** Keeps what has come so far for a later attempt. */
  leave(): Promise<void>;
  discard(): Promise<void>;
}

export interface DraftFile {
  /** Bytes that are there from an earlier attempt, to be read by `existing`. */
  readonly bytes: number;
  existing(): AsyncIterable<Uint8Array>;
  /** Appends. */
  write(chunk: Uint8Array): Promise<void>;
  /** Forgets all bytes. */
  restart(): Promise<void>;
  close(options: { readonly executable: boolean }): Promise<void>;
}

/** What the algorithm needs of its world. */
export interface TransferWorld {
  /** A line of progress for a long transfer. */
  readonly progress: (label: string) => { update(done: number, total?: number): void; end(): void };
  /** Rejects with the reason of `cancel` when that is aborted meanwhile. */
  readonly wait: (seconds: number, cancel: AbortSignal) => Promise<void>;
  readonly now: () => Date;
  /** Stops what is under way; what begins afterwards, such as storing the log of a cancelled training, is not stopped. */
  readonly cancel: AbortSignal;
}
