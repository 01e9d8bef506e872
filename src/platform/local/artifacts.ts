import {
  chmod,
  constants,
  copyFile,
  lstat,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { OutsideError, UserError } from '../../errors.js';
import type { ArtifactStore } from '../../runs/ports.js';
import {
  type Content,
  type FolderManifest,
  fileDigest,
  folderManifest,
  readContent,
  textDigest,
} from './content.js';
import { makeFolder, storeError, temporaryBeside, writeAtomically } from './store.js';

/**
 * Artifacts as files named by the SHA-256 of their content: `sha256/ab/cdef…`. A folder is a list of its files
 * (`sha256/ab/cdef….folder`), each kept by itself, so that what two folders share is stored once.
 * @param options.root folder that the paths of artifacts are relative to
 */
export function directoryArtifacts(options: {
  readonly folder: string;
  readonly root: string;
}): ArtifactStore {
  const object = (digest: string) => join(options.folder, 'sha256', digest.slice(0, 2), digest.slice(2));
  const list = (digest: string) => `${object(digest)}.folder`;
  return {
    put: async (name, path) => {
      const source = resolve(options.root, path);
      const content = await readContent(source);
      await keep(source, content, { object, list });
      const { digest, bytes } = content;
      return { name, path: pathFrom(options.root, source), digest, bytes };
    },
    fetch: async (artifact, path) => {
      await makeFolder(dirname(path));
      const temporary = temporaryBeside(path);
      try {
        if (await exists(list(artifact.digest))) {
          const manifest = await readList(list(artifact.digest), artifact.digest);
          await restoreFolder(manifest, temporary, object);
        } else {
          await restoreFile({ ...artifact, from: object(artifact.digest) }, temporary);
        }
        await replace(temporary, path);
      } catch (error) {
        await rm(temporary, { recursive: true, force: true });
        throw storeError(error, path);
      }
    },
    has: async (digest) => (await exists(object(digest))) || (await exists(list(digest))),
  };
}

interface Places {
  readonly object: (digest: string) => string;
  readonly list: (digest: string) => string;
}

async function keep(source: string, content: Content, places: Places): Promise<void> {
  if (content.kind === 'file') return keepFile(source, content.digest, places.object(content.digest));
  for (const file of content.manifest.files) {
    await keepFile(join(source, file.path), file.digest, places.object(file.digest));
  }
  // Last: a list in the store means that all its files are.
  await writeAtomically(places.list(content.digest), content.text);
}

/** Copies what is not in the store yet, and verifies the copy, for the file may still be changing. */
async function keepFile(source: string, digest: string, target: string): Promise<void> {
  const [have, size] = [await sizeOf(target), (await stat(source)).size];
  if (have === size) return;
  await makeFolder(dirname(target));
  const temporary = temporaryBeside(target);
  try {
    await copyFile(source, temporary, constants.COPYFILE_FICLONE);
    if ((await fileDigest(temporary)) !== digest) {
      throw new UserError(`${source} changed while it was stored`, {
        mend: 'something still writes to it: wait for that to end, then run the same command again',
      });
    }
    await chmod(temporary, 0o444);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw storeError(error, target);
  }
}

async function restoreFile(
  file: { readonly name: string; readonly digest: string; readonly bytes: number; readonly from: string },
  to: string,
): Promise<void> {
  if (!(await exists(file.from))) {
    throw new UserError(`the artifact "${file.name}" (${file.digest.slice(0, 12)}…) is not in the store`, {
      mend: `looked for ${file.from}; it may have been stored on another machine, or pruned`,
    });
  }
  await copyFile(file.from, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o644);
  if ((await fileDigest(to)) !== file.digest) throw damaged(file.from);
}

function damaged(path: string): OutsideError {
  return new OutsideError(`the stored artifact ${path} is damaged: its content is not what its name says`, {
    mend: 'remove that file and store the artifact again (train again, or copy it from another machine)',
  });
}

async function readList(path: string, digest: string): Promise<FolderManifest> {
  const text = await readFile(path, 'utf8');
  if (textDigest(text) !== digest) throw damaged(path);
  const parsed = folderManifest.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new OutsideError(`the stored folder ${path} cannot be read: ${parsed.error.issues[0]?.message}`);
}

async function restoreFolder(
  manifest: FolderManifest,
  to: string,
  object: (digest: string) => string,
): Promise<void> {
  await mkdir(to);
  for (const folder of manifest.empty) await mkdir(join(to, folder), { recursive: true });
  for (const { path, digest, bytes, executable } of manifest.files) {
    const target = join(to, path);
    await mkdir(dirname(target), { recursive: true });
    await restoreFile({ name: path, digest, bytes, from: object(digest) }, target);
    if (executable) await chmod(target, 0o755);
  }
  // After all files, so that none is written through a link.
  for (const link of manifest.links) {
    await mkdir(dirname(join(to, link.path)), { recursive: true });
    await symlink(link.target, join(to, link.path));
  }
  const root = await realpath(to);
  for (const link of manifest.links) {
    const target = await realpath(join(to, link.path)).catch(() => undefined);
    if (target === undefined || (target !== root && !target.startsWith(root + sep))) {
      throw new OutsideError(`the stored folder has a link that leaves it: ${link.path}`);
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

async function exists(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== undefined;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => found.size,
    () => undefined,
  );
}

/** Relative to the root with `/`; the name alone when it lies elsewhere, as temporary files do. */
function pathFrom(root: string, path: string): string {
  const inside = relative(root, path);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return basename(path);
  return inside.split(sep).join('/') || '.';
}
