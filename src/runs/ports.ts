import type { Environment } from './record.js';

/** The outside as a training sees it. `platform/` implements these; `commands/` hands them in. */

export interface ProcessRequest {
  /** Run by the shell (`/bin/sh -c`). */
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  /** Every complete line of stdout and stderr, secrets already masked. */
  readonly onLine?: (line: string) => void;
  /** Where the (bounded, masked) log is written. */
  readonly logFile?: string;
  /** Processes still there when the command has ended: left alone (the default: a deployment may start a server), or stopped. */
  readonly leftovers?: 'keep' | 'stop';
}

export interface ProcessResult {
  readonly outcome: 'exited' | 'timeout' | 'cancelled' | 'not-started';
  /** Null unless the outcome is `exited`; 128 + the signal's number when the shell saw a signal end the command. */
  readonly exitCode: number | null;
  /** The signal that killed it, such as SIGKILL; null otherwise. */
  readonly killedBy: string | null;
  readonly seconds: number;
  /** Of the whole tree; null where the system does not tell. */
  readonly peakMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
  /** `bytes` is what the command wrote; `truncated` when less than that is kept. */
  readonly log: { readonly bytes: number; readonly truncated: boolean; readonly tail: readonly string[] };
}

/** Runs a command in a process group of its own and stops the whole tree on timeout and on cancel. */
export interface Processes {
  run(request: ProcessRequest, cancel: AbortSignal): Promise<ProcessResult>;
}

/** A file being read by a reader; nothing is loaded that is not asked for. */
export interface SourceFile {
  /** Relative to the folder of assay.yml. */
  readonly path: string;
  readonly bytes: number;
  /** The first `length` bytes. */
  head(length: number): Promise<Uint8Array>;
  /** The whole text as UTF-8; throws UserError above `maximumBytes` or when it is not UTF-8. */
  text(maximumBytes: number): Promise<string>;
  /** All bytes in order, in pieces of up to 4 MB; a piece may be overwritten once the next one is asked for. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Another file by its path relative to this one's folder; undefined when there is none. */
  beside(path: string): Promise<SourceFile | undefined>;
  /** Opens it as an SQLite database, for reading only; nothing is written beside it. Throws UserError when it is none. */
  database(): Promise<SourceDatabase>;
}

export type SqlValue = string | number | bigint | null | Uint8Array;

/** An SQLite database that is only read. */
export interface SourceDatabase {
  /** Names of its tables. */
  readonly tables: ReadonlySet<string>;
  /** Rows one by one, values in the order of the columns; throws UserError when a page is corrupt. */
  rows(sql: string, values?: readonly (string | number)[]): Iterable<readonly SqlValue[]>;
  close(): void;
}

/** A folder being read by a reader. Symbolic links in it are not there. Paths are relative to it. */
export interface SourceFolder {
  /** Relative to the folder of assay.yml. */
  readonly path: string;
  /** What is directly in it or in a folder below it, sorted by name; empty when there is no such folder. */
  list(inner: string): Promise<readonly { readonly name: string; readonly folder: boolean }[]>;
  file(inner: string): Promise<SourceFile | undefined>;
  folder(inner: string): Promise<SourceFolder | undefined>;
  /**
   * Contents of many small files at once, in the order of the paths, as UTF-8 (a byte that is none becomes U+FFFD);
   * undefined for what is no regular file or larger than `maximumBytes`.
   */
  texts(inner: readonly string[], maximumBytes: number): Promise<readonly (string | undefined)[]>;
  /** As of the workspace: when something in it was last written. */
  modified(inner: string): Promise<number | undefined>;
}

/** The folder of assay.yml. Paths are relative to it, and never leave it. */
export interface Workspace {
  /** Files matching the patterns, sorted; a pattern without a match is simply absent. */
  glob(patterns: readonly string[]): Promise<readonly string[]>;
  /** Undefined when there is no such file. */
  file(path: string): Promise<SourceFile | undefined>;
  /** Undefined when there is nothing there, or it is no folder. */
  folder(path: string): Promise<SourceFolder | undefined>;
  /**
   * When the file was last written or put there, in milliseconds since 1970 (of a folder: the newest file in it);
   * undefined when there is none. Waits until a later write is sure to show a later time.
   */
  modified(path: string): Promise<number | undefined>;
}

/** Where the files of one seed of a training are while it runs; absolute paths. */
export interface SeedFolder {
  /** ASSAY_PARAMS: the parameters as JSON. */
  readonly params: string;
  /** ASSAY_OUT: an empty folder. */
  readonly out: string;
  readonly log: string;
  /** Files the command left in ASSAY_OUT, relative to it, sorted; symbolic links are left out. */
  outFiles(): Promise<readonly string[]>;
}

/** Scratch folders of one run. */
export interface RunFolder {
  prepare(seed: number, params: string): Promise<SeedFolder>;
  remove(): Promise<void>;
}

/** The machine that a training runs on. */
export interface Machine {
  /** @param of programs whose versions are asked for, and the folder they would be run in (which decides for pyenv and the like) */
  describe(of: {
    readonly runtimes: readonly string[];
    readonly folder: string;
  }): Promise<Omit<Environment, 'lockfiles'>>;
}
