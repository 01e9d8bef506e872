import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DatasetConfig } from '../../config/data.js';
import type { Placed } from '../../config/load.js';
import type { Suite } from '../../data/checks/suite.js';
import { type Location, UserError } from '../../errors.js';

/** Reads the suites and schemas of other tools that a dataset's checks name. Throws UserError, placed, for one that is none. */
export async function readSuites(
  config: Placed<DatasetConfig>,
  locate: (check: number) => Location,
): Promise<ReadonlyMap<string, Suite>> {
  const suites = new Map<string, Suite>();
  for (const [i, check] of config.checks.entries()) {
    const named =
      'expectations' in check
        ? { path: check.expectations, kind: 'expectations' as const }
        : 'table_schema' in check
          ? { path: check.table_schema, kind: 'table_schema' as const }
          : 'pandera' in check
            ? { path: check.pandera, kind: 'pandera' as const }
            : undefined;
    if (!named) continue;
    const text = await readFile(resolve(config.folder, named.path), 'utf8').catch(
      (cause: NodeJS.ErrnoException) => {
        throw new UserError(`the file ${named.path} cannot be read: ${cause.code ?? cause.message}`, {
          location: locate(i),
          cause,
        });
      },
    );
    const { parseSuite } = await import('../../data/suites/suites.js');
    suites.set(named.path, parseSuite(text, named));
  }
  return suites;
}
