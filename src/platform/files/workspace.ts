import { isUtf8 } from 'node:buffer';
import { open, readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors.js';
import { formatBytes } from '../../format.js';
import type { SourceFile, Workspace } from '../../runs/ports.js';

/** Two writes within one tick of the kernel's clock (at most 10 ms) bear the same time. */
const TICK_MS = 20;
/** Folders that hold nobody's results, and take long to walk. */
const NEVER_SEARCHED = ['**/node_modules/**', '**/.git/**'];

/** A folder on this machine, out of which no path leads: not by `..`, not from the root, not by a symbolic link. */
export function localWorkspace(options: { readonly folder: string }): Workspace {
  const { folder } = options;
  return {
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
      return sourceFile(path, { place, bytes: found.size });
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

function sourceFile(path: string, found: { readonly place: string; readonly bytes: number }): SourceFile {
  const { place, bytes } = found;
  return {
    path,
    bytes,
    async head(length) {
      const file = await open(place);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(length, bytes)), 0, undefined, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async text(maximumBytes) {
      if (bytes > maximumBytes) {
        throw new UserError(
          `${path} is ${formatBytes(bytes)}; at most ${formatBytes(maximumBytes)} are read`,
        );
      }
      const content = await readFile(place);
      if (isUtf8(content)) return new TextDecoder().decode(content);
      throw notUtf8(path, content);
    },
  };
}

function notUtf8(path: string, content: Buffer): UserError {
  const utf16 = content[0] === 0xff && content[1] === 0xfe;
  let line = 1;
  let start = 0;
  for (let end = content.indexOf(10); end !== -1; end = content.indexOf(10, start)) {
    if (!isUtf8(content.subarray(start, end))) break;
    line++;
    start = end + 1;
  }
  return new UserError(`${utf16 ? 'UTF-16' : 'not UTF-8'} text`, {
    location: { file: path, line },
    mend: utf16 ? 'write it as UTF-8 (PowerShell: Out-File -Encoding utf8)' : 'write it as UTF-8',
  });
}
