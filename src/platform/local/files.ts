import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import {
  type Draft,
  type DraftFile,
  type LocalContent,
  type LocalFiles,
  UselessContent,
} from '../../artifacts/ports.js';
import { OutsideError, UserError } from '../../errors.js';
import { growingFile, leavePartial, partialBeside, readFrom } from './partial.js';
import { errorCode, isFull, makeFolder, storeError, temporaryBeside } from './store.js';

/** Files and folders of this machine, as the store of artifacts takes and brings them. */

/** @param options.root folder that the paths of artifacts are relative to */
export function localFiles(options: { readonly root: string }): LocalFiles {
  return {
    look: async (path) => {
      const source = resolve(options.root, path);
      return { ...(await look(source)), shown: pathFrom(options.root, source) };
    },
    read: (path, from) => told(path, readFrom(path, from, { lent: true })),
    draft: async (path, digest) => openDraft(resolve(options.root, path), digest),
  };
}

type Found = LocalContent extends infer C ? (C extends LocalContent ? Omit<C, 'shown'> : never) : never;

async function look(path: string): Promise<Found> {
  const found = await stat(path).catch((error: unknown) => {
    throw errorCode(error) === 'ENOENT' ? new UserError(`there is no file ${path}`) : storeError(error, path);
  });
  if (found.isFile()) return { kind: 'file', path, bytes: found.size };
  if (!found.isDirectory()) throw new UserError(`${path} is neither a file nor a folder`);
  try {
    return await lookInside(await realpath(path));
  } catch (error) {
    throw storeError(error, path);
  }
}

async function lookInside(root: string): Promise<Extract<Found, { kind: 'folder' }>> {
  const files: Extract<LocalContent, { kind: 'folder' }>['files'][number][] = [];
  const links: { path: string; target: string }[] = [];
  const empty: string[] = [];
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const names = await readdir(join(root, folder));
    if (names.length === 0 && folder !== '') empty.push(folder);
    for (const name of names) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const full = join(root, path);
      const entry = await lstat(full);
      if (entry.isSymbolicLink()) links.push({ path, target: await linkTarget(root, full) });
      else if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile()) {
        files.push({ path, source: full, bytes: entry.size, executable: (entry.mode & 0o100) !== 0 });
      } else throw new UserError(`${full} is neither a file nor a folder, and cannot be kept`);
    }
  }
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  return { kind: 'folder', files: files.sort(byPath), links: links.sort(byPath), empty: empty.sort() };
}

/** Where the link leads, relative to its own folder. Throws UserError when that is outside of `root`, or nowhere. */
async function linkTarget(root: string, path: string): Promise<string> {
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined) {
    throw new UserError(`${path} is a symbolic link to nothing (${await readlink(path)})`, {
      mend: 'remove it, or put the file there',
    });
  }
  if (target !== root && !target.startsWith(root + sep)) {
    throw new UserError(`${path} is a symbolic link that leaves the folder (to ${target})`, {
      mend: 'copy the file into the folder; what lies outside is not kept',
    });
  }
  return (
    relative(await realpath(dirname(path)), target)
      .split(sep)
      .join('/') || '.'
  );
}

async function openDraft(target: string, digest: string): Promise<Draft> {
  const at = await partialBeside(target, digest);
  const place = (path: string) => {
    if (path.includes('\\') && sep === '\\')
      throw new OutsideError(`a path that this system cannot have: ${path}`);
    return path === '' ? at : join(at, path);
  };
  let full = false;
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      full ||= isFull(error);
      throw storeError(error, target);
    }
  };
  return {
    file: (path) =>
      guard(async () => {
        await mkdir(dirname(place(path)), { recursive: true });
        return draftFile(place(path), guard);
      }),
    folder: (path) => guard(async () => void (await mkdir(place(path), { recursive: true }))),
    tellsCaseApart: () => guard(() => tellsCaseApart(dirname(at))),
    links: (links) => guard(() => makeLinks(at, links)),
    commit: () =>
      guard(async () => {
        // A folder of nothing has had no reason to be made yet.
        if (!(await lstat(at).catch(() => undefined))) await makeFolder(at);
        await replace(at, target);
      }),
    // On a full disk the space is worth more than the start of a file.
    leave: () => (full ? rm(at, { recursive: true, force: true }) : leavePartial(at)),
    discard: () => rm(at, { recursive: true, force: true }),
  };
}

/** Tried out, for it may differ from folder to folder. */
async function tellsCaseApart(folder: string): Promise<boolean> {
  const probe = await mkdtemp(join(folder, '.assay-case-'));
  try {
    return !(await lstat(join(folder, basename(probe).toUpperCase())).catch(() => undefined));
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

async function draftFile(path: string, guard: <T>(work: () => Promise<T>) => Promise<T>): Promise<DraftFile> {
  const file = await growingFile(path);
  return {
    bytes: file.bytes,
    existing: () => file.read(0),
    write: (chunk) => guard(() => file.write(chunk)),
    restart: () => guard(() => file.cut(0)),
    close: async ({ executable }) => {
      try {
        await guard(() => file.finish({ mode: executable ? 0o755 : 0o644, sync: false }));
      } finally {
        await file.close();
      }
    },
  };
}

async function makeLinks(
  root: string,
  links: readonly { readonly path: string; readonly target: string }[],
): Promise<void> {
  for (const link of links) {
    await mkdir(dirname(join(root, link.path)), { recursive: true });
    await symlink(link.target, join(root, link.path)).catch((error: unknown) => {
      // Of an earlier attempt; where it leads is looked at below.
      if (errorCode(error) !== 'EEXIST') throw error;
    });
  }
  if (links.length === 0) return;
  const real = await realpath(root);
  for (const link of links) {
    const target = await realpath(join(root, link.path)).catch(() => undefined);
    if (target === undefined || (target !== real && !target.startsWith(real + sep))) {
      throw new UselessContent(`the stored folder has a link that leaves it: ${JSON.stringify(link.path)}`);
    }
  }
}

/** Puts the finished content under its final name; only a folder cannot be replaced by a rename and steps aside. */
async function replace(from: string, to: string): Promise<void> {
  const isFolder = await lstat(to).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder && (await lstat(from)).isFile()) return rename(from, to);
  const old = temporaryBeside(to);
  const stepped = await rename(to, old).then(
    () => true,
    () => false,
  );
  try {
    await rename(from, to);
  } catch (error) {
    if (stepped) await rename(old, to);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

/** Errors of the disk in our words. */
async function* told(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw storeError(error, path);
  }
}

/** Relative to the root with `/`; the name alone when it lies elsewhere, as temporary files do. */
function pathFrom(root: string, path: string): string {
  const inside = relative(root, path);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return basename(path);
  return inside.split(sep).join('/') || '.';
}
