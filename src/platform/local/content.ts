import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { errorCode, storeError } from './store.js';

/** What a file or folder holds, by SHA-256: the bytes of a file, the list of files of a folder. */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A path inside the folder: `/` between its parts, and no part that leads out of it. */
const insidePath = z
  .string()
  .min(1)
  .refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), {
    error: 'a path that leaves the folder',
  })
  .refine((path) => !/[\0\\]/.test(path) || sep === '/', { error: 'a path that this system cannot have' });

export const folderManifest = z.object({
  schema: z.literal('assay/folder@1'),
  files: z.array(
    z.object({
      path: insidePath,
      digest: sha256,
      bytes: z.int().nonnegative(),
      executable: z.boolean(),
    }),
  ),
  /** Symbolic links that stay inside the folder. */
  links: z.array(z.object({ path: insidePath, target: z.string().min(1) })),
  /** Folders without anything in them, which training frameworks sometimes look for. */
  empty: z.array(insidePath),
});
export type FolderManifest = Readonly<z.infer<typeof folderManifest>>;

export type Content =
  | { readonly kind: 'file'; readonly digest: string; readonly bytes: number }
  | {
      readonly kind: 'folder';
      /** Of `text`. */
      readonly digest: string;
      /** Of all its files. */
      readonly bytes: number;
      readonly manifest: FolderManifest;
      readonly text: string;
    };

/** Throws UserError when there is nothing at `path`, or nothing that can be kept. */
export async function readContent(path: string): Promise<Content> {
  const found = await stat(path).catch((error: unknown) => {
    throw errorCode(error) === 'ENOENT' ? new UserError(`there is no file ${path}`) : storeError(error, path);
  });
  if (found.isFile()) return { kind: 'file', digest: await fileDigest(path), bytes: found.size };
  if (!found.isDirectory()) throw new UserError(`${path} is neither a file nor a folder`);
  const manifest = await readManifest(await realpath(path));
  const text = `${JSON.stringify(manifest)}\n`;
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  return { kind: 'folder', digest: textDigest(text), bytes, manifest, text };
}

/** SHA-256 in lower-case hex; the file is streamed. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    throw storeError(error, path);
  }
  return hash.digest('hex');
}

export function textDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function readManifest(root: string): Promise<FolderManifest> {
  const files: FolderManifest['files'] = [];
  const links: FolderManifest['links'] = [];
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
        const executable = (entry.mode & 0o100) !== 0;
        files.push({ path, digest: await fileDigest(full), bytes: entry.size, executable });
      } else throw new UserError(`${full} is neither a file nor a folder, and cannot be kept`);
    }
  }
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  return {
    schema: 'assay/folder@1',
    files: files.sort(byPath),
    links: links.sort(byPath),
    empty: empty.sort(),
  };
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
