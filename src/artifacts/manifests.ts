import { createHash } from 'node:crypto';
import { z } from 'zod';
import { OutsideError } from '../errors.js';
import { sha256 } from './artifact.js';

/** The lists that a store keeps beside content: the files of a folder, the parts of a large file. */

/** A path inside the folder: `/` between its parts, none that leads out of it, and no byte that some system cannot have. */
const insidePath = z
  .string()
  .min(1)
  .refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), {
    error: 'a path that leaves the folder',
  })
  .refine((path) => !path.includes('\0'), { error: 'a path with a NUL' });

const folderManifest = z.object({
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

const partsManifest = z.object({
  schema: z.literal('assay/parts@1'),
  /** Of the whole file. */
  digest: sha256,
  bytes: z.int().nonnegative(),
  parts: z.array(z.object({ digest: sha256, bytes: z.int().positive() })).min(1),
});
export type PartsManifest = Readonly<z.infer<typeof partsManifest>>;

/** Sorted by path, so that the same folder gives the same bytes; its SHA-256 is the folder's digest. */
export function folderText(folder: Omit<FolderManifest, 'schema'>): string {
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  const manifest: FolderManifest = {
    schema: 'assay/folder@1',
    files: [...folder.files].sort(byPath),
    links: [...folder.links].sort(byPath),
    empty: [...folder.empty].sort(),
  };
  return `${JSON.stringify(manifest)}\n`;
}

export function partsText(parts: Omit<PartsManifest, 'schema'>): string {
  const manifest: PartsManifest = { schema: 'assay/parts@1', ...parts };
  return `${JSON.stringify(manifest)}\n`;
}

/** @throws OutsideError when the text is not the list of that digest */
export function readFolder(
  text: Uint8Array,
  of: { readonly digest: string; readonly place: string },
): FolderManifest {
  if (createHash('sha256').update(text).digest('hex') !== of.digest) throw damagedList('folder', of);
  const manifest = parseList(folderManifest, text, { ...of, what: 'folder' });
  const clash = clashIn(manifest);
  if (clash === undefined) return manifest;
  throw new OutsideError(
    `the stored folder ${of.digest.slice(0, 12)}… in ${of.place} cannot be read: ${clash}`,
    { mend: 'Assay writes no such list: find out who stored it' },
  );
}

/** Two entries that want one path: one of them would be written over the other, or through a link out of the folder. */
function clashIn({ files, links, empty }: FolderManifest): string | undefined {
  const taken = new Set<string>();
  const all = [...files.map(({ path }) => path), ...links.map(({ path }) => path), ...empty];
  for (const path of all) {
    if (taken.has(path)) return `${JSON.stringify(path)} is there twice`;
    taken.add(path);
  }
  for (const path of all) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const above = path.slice(0, at);
      if (taken.has(above)) return `${JSON.stringify(above)} has something in it, and is no folder`;
    }
  }
  return undefined;
}

/** Paths that only a file system which tells capital letters from small ones can hold side by side; in pairs. */
export function pathsAlikeButForCase(paths: readonly string[]): readonly (readonly [string, string])[] {
  const seen = new Map<string, string>();
  const pairs: (readonly [string, string])[] = [];
  for (const path of paths) {
    // Of folders on the way as well.
    for (let at = path.indexOf('/'); ; at = path.indexOf('/', at + 1)) {
      const part = at < 0 ? path : path.slice(0, at);
      const folded = part.normalize('NFC').toLowerCase();
      const other = seen.get(folded);
      if (other === undefined) seen.set(folded, part);
      else if (other !== part) pairs.push([other, part]);
      if (at < 0) break;
    }
  }
  return pairs;
}

/** @throws OutsideError when it is no list of parts, or one of another file */
export function readParts(
  text: Uint8Array,
  of: { readonly digest: string; readonly place: string },
): PartsManifest {
  const manifest = parseList(partsManifest, text, { ...of, what: 'file in parts' });
  const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  if (manifest.digest !== of.digest || manifest.bytes !== bytes) throw damagedList('file in parts', of);
  return manifest;
}

/** @throws OutsideError when the text is no JSON of that schema */
export function parseList<S extends z.ZodType>(
  schema: S,
  text: Uint8Array,
  of: { readonly digest: string; readonly place: string; readonly what: string },
): z.infer<S> {
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text)));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? (cause.issues[0]?.message ?? '') : 'it is no JSON';
    throw new OutsideError(
      `the stored ${of.what} ${of.digest.slice(0, 12)}… in ${of.place} cannot be read: ${why}`,
      { cause, mend: 'it was written by a newer Assay, or is damaged: store the artifact again' },
    );
  }
}

export function damagedList(
  what: string,
  of: { readonly digest: string; readonly place: string },
): OutsideError {
  return new OutsideError(
    `the list of the stored ${what} ${of.digest.slice(0, 12)}… in ${of.place} is damaged: its content is not what its name says`,
    { mend: 'remove it and store the artifact again (train again, or copy it from another machine)' },
  );
}
