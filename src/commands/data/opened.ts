import { relative, resolve } from 'node:path';
import type { DatasetConfig } from '../../config/data.js';
import type { Placed } from '../../config/load.js';
import type { SourceTable } from '../../data/table.js';
import { type Location, UserError } from '../../errors.js';
import { plural } from '../../format.js';
import type { OpenDataset, OpenOptions } from '../../platform/duckdb/dataset.js';
import type { EngineLimits } from '../../platform/duckdb/engine.js';
import type { World } from '../../world.js';
import type { SparkSessions } from './spark.js';

export type Opened = Pick<OpenDataset, 'engine' | 'table' | 'others' | 'scratch'>;

/** A dataset to be read, and what messages call it. */
export interface NamedSource {
  readonly name: string;
  readonly config: Placed<DatasetConfig>;
  /** Where its source is named; undefined for a path given on the command line. */
  readonly location: Location | undefined;
}

/**
 * Opens a dataset, with progress, for as long as `use` takes. Throws UserError, placed where the source is named or in the
 * file itself, when it is missing, changes meanwhile, or is unreadable as a whole.
 */
export async function withDataset<T>(
  source: NamedSource,
  world: World,
  use: (opened: Opened) => Promise<T>,
  more: Pick<OpenOptions, 'access' | 'others' | 'downloads'> &
    EngineLimits & {
      /** Where datasets with executor: spark are computed; left out, every dataset is computed here. */
      readonly spark?: SparkSessions;
      /** True where lines that are no rows are part of the result; else they are told. */
      readonly countsRejected?: boolean;
    } = {},
): Promise<T> {
  const { config, name, location } = source;
  const progress = world.terminal.progress(`reading ${name}`);
  const { spark, ...rest } = more;
  const options = {
    env: world.env,
    cancel: world.cancel,
    notice: world.terminal.info,
    onProgress: progress.update,
    access: 'scan' as const,
    ...rest,
  };
  try {
    const begin = (opened: Opened) => {
      progress.end();
      if (!more.countsRejected) tellRejected(opened.table, source, world);
      return use(opened);
    };
    if (config.executor === 'spark' && spark) {
      const { useSparkDataset } = await import('../../platform/spark/dataset.js');
      const { session, staging } = await spark.open();
      return await useSparkDataset(config, { ...options, session, staging }, begin);
    }
    const { useDataset } = await import('../../platform/duckdb/dataset.js');
    return await useDataset(config, options, begin);
  } catch (error) {
    throw placed(error, location, (file) =>
      /^[a-z0-9]+:\/\//i.test(file) ? file : relative(world.cwd, resolve(config.folder, file)),
    );
  } finally {
    progress.end();
  }
}

/** Nothing is left out in silence. */
function tellRejected(table: SourceTable, { name }: NamedSource, { terminal }: World): void {
  const { rejected, read, rejections } = table;
  if (rejected === 0) return;
  const unit = table.rowsAre === 'lines' ? 'line' : 'row';
  const first = rejections.slice(0, 3).map(({ place, reason }) => `${place.file}:${place.number}: ${reason}`);
  const all = `${plural(rejected, unit)} of ${(read + rejected).toLocaleString('en-US')}`;
  terminal.warn(`${name}: ${all} cannot be read as rows and are left out: ${first.join('; ')}`);
}

function placed(error: unknown, source: Location | undefined, inFile: (file: string) => string): unknown {
  if (
    !(error instanceof UserError) ||
    (error.location?.line !== undefined && error.location.file === source?.file)
  )
    return error;
  const location = error.location ? { ...error.location, file: inFile(error.location.file) } : source;
  return new UserError(error.message, {
    ...(location && { location }),
    ...(error.mend !== undefined && { mend: error.mend }),
    cause: error,
  });
}
