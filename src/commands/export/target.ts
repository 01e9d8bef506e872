import type { World } from '../../world.js';
import type { Project } from '../project/project.js';

/** What a target is asked to write. */
export interface ExportRequest {
  readonly project: Project;
  readonly world: World;
  /** Absolute; undefined when the user gave none. */
  readonly path: string | undefined;
  /** As the user gave it, for messages. */
  readonly label: string | undefined;
  /** Only records of this model; undefined for all. */
  readonly model: string | undefined;
}

export interface ExportResult {
  readonly records: number;
  /** Where it went: a path as the user knows it, or an address. */
  readonly place: string;
}

/** A format or a server that the history can be handed to. A file per target, loaded when it is named. */
export interface ExportTarget {
  write(request: ExportRequest): Promise<ExportResult>;
}

interface Entry {
  /** For the help: what is written. */
  readonly summary: string;
  readonly load: () => Promise<ExportTarget>;
}

/** Every target by the name a user gives it. */
export const TARGETS: Readonly<Record<string, Entry>> = {
  jsonl: {
    summary: 'one file of JSON Lines, a record each; `assay import jsonl` brings back the same bytes',
    load: async () => (await import('./jsonl.js')).jsonlTarget,
  },
  parquet: {
    summary:
      'a folder with a file of Parquet for each kind of record (`runs.parquet`, `decisions.parquet` …): a column for each field, in `runs.parquet` for each parameter and metric too, and the record as text, from which `assay import parquet` brings back the same bytes',
    load: async () => (await import('./parquet.js')).parquetTarget,
  },
  mlflow: {
    summary:
      'a file store that MLflow opens (`mlflow ui --backend-store-uri PATH`): an experiment per model, a run for each; runs that are there already are left',
    load: async () => (await import('./mlflow.js')).mlflowTarget,
  },
};
