import type { StoredRecord } from '../../history/archive.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';

/** What a source is asked to read. */
export interface ImportRequest {
  readonly project: Project;
  readonly world: World;
  /** Absolute. */
  readonly path: string;
  /** As the user gave it, for messages. */
  readonly label: string;
  /** The model that foreign runs belong to; undefined when not told. */
  readonly model: string | undefined;
}

/** A format whose records can be brought into the history. A file per format, loaded when it is named. */
export interface ImportSource {
  /**
   * The records that `path` holds; it may be called twice, and must then yield the same: ids and times come from what
   * is read, never from the clock. What was not made by Assay is given its bytes by `placeRecord`.
   * Throws UserError, with the place in the file, for what cannot be read.
   */
  read(request: ImportRequest): AsyncIterable<StoredRecord>;
}

interface Entry {
  /** For the help: what PATH is, and what becomes of it. */
  readonly summary: string;
  readonly load: () => Promise<ImportSource>;
}

/** Every source by the name a user gives it. */
export const SOURCES: Readonly<Record<string, Entry>> = {
  jsonl: {
    summary: 'records as `assay export jsonl` writes them, with their ids and bytes',
    load: async () => (await import('./jsonl.js')).jsonlSource,
  },
  parquet: {
    summary: 'the folder (or one file of it) that `assay export parquet` wrote: the same ids and bytes',
    load: async () => (await import('./parquet.js')).parquetSource,
  },
  mlflow: {
    summary:
      'a file store (`mlruns`) or SQLite database (`mlflow.db`) of MLflow: a run for each that has ended; nested runs that are folds or seeds become values of the run around them',
    load: async () => (await import('./mlflow.js')).mlflowSource,
  },
  wandb: {
    summary:
      'the folder `wandb` with the logs of Weights & Biases, offline runs too: a run for each that has ended',
    load: async () => (await import('./wandb.js')).wandbSource,
  },
  dvc: {
    summary:
      'the folder of a `dvc.yaml` in a git repository: a run for each commit in which its metrics or params are others than before',
    load: async () => (await import('./dvc.js')).dvcSource,
  },
  'benchmark-action': {
    summary: 'the `data.js` of github-action-benchmark: an evaluation for each entry of each suite',
    load: async () => (await import('./benchmark-action.js')).benchmarkActionSource,
  },
};
