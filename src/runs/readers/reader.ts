import type { Direction, ParamValue } from '../../config/model.js';
import type { SourceFile, SourceFolder } from '../ports.js';

/** What a reader finds in one file. Names are as the file has them; nothing is rounded. */
export interface ReadMetric {
  readonly name: string;
  /** Finite, or null with the reason. With `values`, their mean. */
  readonly value: number | null;
  readonly reason?: string;
  readonly split?: string;
  /** Which side is better, where the file says so. */
  readonly direction?: Direction;
  /** Rows (samples, tests, rounds) it was computed from, where the file says so. */
  readonly n?: number;
  /** Standard error over those rows, where the file says so. */
  readonly stderr?: number;
  /** One value per seed or fold, in the order of the file. */
  readonly values?: readonly (number | null)[];
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
  /** Parameters that the tool recorded beside its metrics. */
  readonly params?: Readonly<Record<string, ParamValue>>;
  /** What the reader of the run should know: a record cut off, a test that failed. */
  readonly notes?: readonly string[];
}

export interface ReadOptions {
  /** Of a store that holds many runs, only what was written after this counts (milliseconds since 1970). */
  readonly since?: number | undefined;
  /** The run that is meant, of a store that holds many: its id, or the beginning of it. */
  readonly run?: string | undefined;
}

/** Reads one format. A new format is a new file beside this one, and a line in `readers.ts`. */
export interface Reader {
  /** As messages name it: `JSON`. */
  readonly name: string;
  /** The largest file that is read, in bytes; LARGEST_FILE when left out. */
  readonly largest?: number;
  /** @param head the first 64 kB as text, perhaps cut off within a line */
  recognises(head: string, path: string): boolean;
  /** Throws UserError with the place in the file. */
  read(file: SourceFile, options: ReadOptions): Promise<Reading>;
}

/** Reads one binary format. */
export interface BinaryReader extends Omit<Reader, 'recognises'> {
  recognises(head: Uint8Array, path: string): boolean;
}

/** Reads a folder that a tool writes. */
export interface FolderReader {
  readonly name: string;
  /** @param names of what is directly in the folder */
  recognises(folder: SourceFolder, names: readonly FolderEntry[]): Promise<boolean> | boolean;
  read(folder: SourceFolder, options: ReadOptions): Promise<Reading>;
}

export interface FolderEntry {
  readonly name: string;
  readonly folder: boolean;
}

/** A larger file is no metrics file; it is refused without reading it. */
export const LARGEST_FILE = 50_000_000;
/** Logs that are read as a stream may be longer. */
export const LARGEST_LOG = 4_000_000_000;
/** Tools that write more have written something else than metrics: an embedding, a dataset. */
export const MOST_METRICS = 10_000;
