import type { DataStep, DatasetFormat } from '../../config/data.js';

/** Data on this machine that a step reads or has written. */
export interface StepData {
  /** Absolute; at least one. */
  readonly paths: readonly string[];
  /** As a dataset's source would name it, relative to `folder`. */
  readonly folder: string;
  readonly source: string;
  readonly format: DatasetFormat;
  /** SHA-256 of its content. */
  readonly digest: string;
}

export interface DigestedFile {
  readonly file: string;
  readonly digest: string;
}

/** Files that steps read and write. */
export interface StepFiles {
  /** The files a step's code is in: those it declares and those its command names. Throws UserError for a pattern without a file. */
  code(step: DataStep): Promise<readonly DigestedFile[]>;
  inputs(step: DataStep): Promise<readonly DigestedFile[]>;
  /** Where the step at that place writes (absolute); its folder is there. */
  place(index: number, step: DataStep, format: DatasetFormat): Promise<string>;
  /** What stands at a path, as data of a format; undefined when there is nothing. */
  look(path: string, format: DatasetFormat): Promise<StepData | undefined>;
  remove(path: string): Promise<void>;
}

export interface StepOutcome {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly reason: string | null;
  readonly problem?: unknown;
}

/** Runs one step. What a command does wrong is its outcome; throws for what the user or the outside did wrong. */
export type RunStep = (
  step: DataStep,
  data: { readonly input: StepData; readonly output: string },
) => Promise<StepOutcome>;
