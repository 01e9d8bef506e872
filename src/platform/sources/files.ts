import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UserError } from '../../errors.js';

/** The files of a source, relative to `folder`, sorted; at least one. Throws UserError when there is none. */
export async function findFiles({
  folder,
  source,
}: {
  readonly folder: string;
  readonly source: string;
}): Promise<readonly string[]> {
  const found = await stat(resolve(folder, source)).catch(() => undefined);
  if (found?.isFile()) return [source];
  if (!found && isDynamicPattern(source)) {
    const files = await glob(source, { cwd: folder, onlyFiles: true, dot: true, expandDirectories: false });
    if (files.length > 0) return files.sort();
    throw new UserError(`no file matches ${JSON.stringify(source)}`, {
      mend: `patterns are relative to the folder of assay.yml: ${folder}`,
    });
  }
  throw new UserError(found ? `${source} is not a file` : `the file ${source} does not exist`, {
    mend: found ? `name its files: ${source}/*.csv` : `looked for ${resolve(folder, source)}`,
  });
}
