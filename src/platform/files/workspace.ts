import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors.js';
import type { Workspace } from '../../runs/ports.js';
import { sourceFile, sourceFolder } from './source.js';

/** Two writes within one tick of the kernel's clock (at most 10 ms) bear the same time. */
const TICK_MS = 20;
/** Folders that hold nobody's results, and take long to walk. */
const NEVER_SEARCHED = ['**/node_modules/**', '**/.git/**'];

/** A folder on this machine, out of which no path leads: not by `..`, not from the root, not by a symbolic link. */
export function localWorkspace(options: { readonly folder: string }): Workspace {
  const { folder } = options;
  const workspace: Workspace = {
    async glob(patterns) {
      const { glob } = await import('tinyglobby');
      for (const pattern of patterns) refuseOutside(pattern);
      const found = await glob([...patterns], {
        cwd: folder,
        expandDirectories: false,
        followSymbolicLinks: false,
        ignore: NEVER_SEARCHED,
      });
      return found.sort();
    },
    async file(path) {
      const place = await inside(folder, path);
      const found = place === undefined ? undefined : await stat(place);
      if (place === undefined || found === undefined) return undefined;
      if (found.isDirectory()) {
        throw new UserError(`${path} is a folder, not a file`, {
          mend: `name the files in it, such as ${path.replace(/\/$/, '')}/*.json`,
        });
      }
      if (!found.isFile()) throw new UserError(`${path} is not a regular file`);
      return sourceFile(path, { place, bytes: found.size, workspace });
    },
    async folder(path) {
      const place = await inside(folder, path);
      if (place === undefined || !(await stat(place)).isDirectory()) return undefined;
      return sourceFolder(path, { place, workspace });
    },
    async modified(path) {
      const place = await inside(folder, path);
      if (place === undefined) return undefined;
      for (;;) {
        const newest = await lastChange(place);
        const age = Date.now() - newest;
        if (age < 0 || age >= TICK_MS) return newest;
        await sleep(TICK_MS - age);
      }
    },
  };
  return workspace;
}

/** Writing changes the one time, moving or copying a file with its old time changes the other. */
async function lastChange(place: string): Promise<number> {
  const found = await stat(place);
  if (!found.isDirectory()) return Math.max(found.mtimeMs, found.ctimeMs);
  const { glob } = await import('tinyglobby');
  const files = await glob('**', { cwd: place, absolute: true, dot: true, followSymbolicLinks: false });
  const times = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return Math.max(found.mtimeMs, ...times.map((file) => (file ? Math.max(file.mtimeMs, file.ctimeMs) : 0)));
}

/** The real path; undefined when there is nothing. Throws UserError when it lies outside the folder. */
async function inside(folder: string, path: string): Promise<string | undefined> {
  refuseOutside(path);
  try {
    const [root, place] = await Promise.all([realpath(folder), realpath(resolve(folder, path))]);
    const way = relative(root, place);
    if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return place;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  throw new UserError(`${path} is a symbolic link that leads outside ${folder}`, {
    mend: 'copy the file, or write it inside the folder of assay.yml',
  });
}

function refuseOutside(path: string): void {
  if (path.includes('\0')) throw new UserError(`${JSON.stringify(path)} is not a path`);
  const leaves = !isWithin(join(sep, 'root', path)) || isAbsolute(path);
  if (leaves) {
    throw new UserError(`${path} leads outside the folder of assay.yml`, {
      mend: 'paths are relative to assay.yml, and stay in its folder',
    });
  }
}

function isWithin(path: string): boolean {
  const root = join(sep, 'root');
  return path === root || path.startsWith(root + sep);
}
