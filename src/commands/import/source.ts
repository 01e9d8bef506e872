import type { StoredRecord } from '../../history/archive.js';
import type { World } from '../../world.js';
import type { Project } from '../project.js';

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
};
