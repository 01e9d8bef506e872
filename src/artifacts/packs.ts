import { createHash } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from './artifact.js';
import { type FileDigest, fileContent } from './content.js';
import { damagedList, parseList } from './manifests.js';
import type { Content, LocalFiles, Packing } from './ports.js';

/**
 * Small files of a folder in one blob, where a store has room for few blobs. Which files go together follows from the
 * folder alone, and mostly from the names: so the same folder gives the same packs anywhere, and one changed file
 * changes one pack.
 */

const packsList = z.object({
  schema: z.literal('assay/packs@1'),
  /** Digest of the folder. */
  folder: sha256,
  packs: z.array(
    z.object({
      digest: sha256,
      bytes: z.int().positive(),
      /** What stands in it, one after the other without anything between; how long each is, the folder says. */
      files: z.array(sha256).min(2),
    }),
  ),
});
export type PacksList = Readonly<z.infer<typeof packsList>>;
export type Pack = PacksList['packs'][number];

export function packsText(list: Omit<PacksList, 'schema'>): string {
  return `${JSON.stringify({ schema: 'assay/packs@1', ...list } satisfies PacksList)}\n`;
}

/** @throws OutsideError when it is no list of packs, or one of another folder */
export function readPacks(
  text: Uint8Array,
  of: { readonly digest: string; readonly place: string },
): PacksList {
  const list = parseList(packsList, text, { ...of, what: 'folder in packs' });
  if (list.folder !== of.digest) throw damagedList('folder in packs', of);
  return list;
}

export interface PackedFile extends FileDigest {
  /** In the folder. */
  readonly path: string;
  /** On this machine. */
  readonly source: string;
}

/** A pack ends after a name whose SHA-256 begins with seven zero bits: one of 128. */
const ENDS_A_PACK = 0x01;

/**
 * @param files one for each content
 * @returns groups of at least two that share a blob, and the files that have one of their own
 */
export function planPacks<F extends PackedFile>(
  files: readonly F[],
  packing: Packing | undefined,
): { readonly packs: readonly (readonly F[])[]; readonly alone: readonly F[] } {
  if (!packing) return { packs: [], alone: files };
  const isSmall = ({ bytes }: F) => bytes > 0 && bytes < packing.smallBytes;
  const groups: F[][] = [];
  let group: F[] = [];
  let bytes = 0;
  const end = () => {
    if (group.length > 0) groups.push(group);
    [group, bytes] = [[], 0];
  };
  for (const file of files.filter(isSmall).sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (bytes + file.bytes > packing.packBytes) end();
    group.push(file);
    bytes += file.bytes;
    if ((createHash('sha256').update(file.path).digest()[0] ?? 0) <= ENDS_A_PACK) end();
  }
  end();
  return {
    packs: groups.filter((one) => one.length > 1),
    alone: [...files.filter((file) => !isSmall(file)), ...groups.filter((one) => one.length === 1).flat()],
  };
}

/** The files one after the other, each held against its digest. */
export async function packContent(
  files: LocalFiles,
  group: readonly PackedFile[],
  track: (bytes: number) => void,
): Promise<Content> {
  const content = async function* (onBytes: (bytes: number) => void) {
    let before = 0;
    for (const { source, digest, bytes } of group) {
      const start = before;
      const one = { path: source, offset: 0, digest, bytes };
      yield* fileContent(files, one, (now) => onBytes(start + now)).stream();
      before += bytes;
    }
  };
  const hash = createHash('sha256');
  for await (const chunk of content(() => {})) hash.update(chunk);
  return {
    digest: hash.digest('hex'),
    bytes: group.reduce((sum, { bytes }) => sum + bytes, 0),
    stream: () => content(track),
  };
}
