import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UserError } from '../../errors.js';
import { dvcFiles, type Tracked } from './dvc.js';
import { download } from './https.js';
import { fetchObjects } from './s3.js';

/** The files of a source on this machine. */
export interface FoundFiles {
  /** Absolute; the files are relative to it. */
  readonly folder: string;
  /** Sorted; at least one. */
  readonly files: readonly string[];
  /** What messages and records call each file, where that is not its path. */
  readonly names?: readonly string[];
  /** What vouches for the content of each file, where something does. */
  readonly tracked?: readonly Tracked[];
}

export interface FindOptions {
  readonly folder: string;
  readonly source: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cancel: AbortSignal;
  /** Where fetched files are kept between runs (absolute). */
  readonly downloads: string;
  notice(line: string): void;
  /** Progress of a transfer. */
  onTransfer?(done: number, total?: number): void;
}

/**
 * Finds the files of a source, and fetches those that are elsewhere: `https://`, `s3://`, a file tracked by DVC, a folder
 * (with `key=value` folders, whose values become columns), a pattern, a file. Throws UserError when there is none.
 */
export async function findFiles(options: FindOptions): Promise<FoundFiles> {
  const { folder, source } = options;
  if (/^https?:/i.test(source)) return download(options);
  if (/^s3:/i.test(source)) return fetchObjects(options);
  const found = await stat(resolve(folder, source)).catch(() => undefined);
  if (found?.isFile() && !source.endsWith('.dvc')) {
    await tellOfLink(options);
    return (await dvcFiles(options)) ?? { folder, files: [source] };
  }
  if (found?.isDirectory()) return { folder, files: await filesBelow(folder, source) };
  const tracked = await dvcFiles(options);
  if (tracked) return tracked;
  if (!found && isDynamicPattern(source)) {
    const files = await glob(source, { cwd: folder, onlyFiles: true, dot: true, expandDirectories: false });
    if (files.length > 0) return { folder, files: files.sort() };
    throw new UserError(`no file matches ${JSON.stringify(source)}`, {
      mend: `patterns are relative to the folder of assay.yml: ${folder}`,
    });
  }
  throw new UserError(
    found ? `${source} is ${kindOf(found)}, not a file` : `the file ${source} does not exist`,
    {
      mend: `looked for ${resolve(folder, source)}`,
    },
  );
}

/** A link may lead to a file that the repository does not hold, so that others read something else. */
async function tellOfLink({ folder, source, notice }: FindOptions): Promise<void> {
  const [root, real] = await Promise.all([realpath(folder), realpath(resolve(folder, source))]);
  const named = relative(folder, resolve(folder, source));
  const inside = (path: string) => !path.startsWith('..') && !isAbsolute(path);
  if (inside(named) && !inside(relative(root, real))) {
    notice(
      `${source} is a link that leads out of the folder of assay.yml: its content is not in the repository`,
    );
  }
}

function kindOf(found: Stats): string {
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return found.isBlockDevice() || found.isCharacterDevice() ? 'a device' : 'something else';
}

/** What writers of folders leave beside the data: `_SUCCESS`, `._file.crc`, `.DS_Store`. */
const NOT_DATA = /(^|\/)[._]/;

async function filesBelow(folder: string, source: string): Promise<readonly string[]> {
  const below = await glob('**', {
    cwd: resolve(folder, source),
    onlyFiles: true,
    dot: true,
    expandDirectories: false,
  });
  const root = source.replace(/\/+$/, '');
  const files = below.filter((file) => !NOT_DATA.test(file)).sort();
  if (files.length === 0) {
    throw new UserError(`the folder ${source} has no data files`, {
      mend: `looked in ${resolve(folder, source)}`,
    });
  }
  return files.map((file) => `${root}/${file}`);
}
