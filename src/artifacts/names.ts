/** The digest of no bytes at all. Stores do not keep it (GitHub takes no empty asset): it is known. */
export const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Names of blobs: `<digest>` holds the bytes of that digest; `<digest>.parts` lists the parts of a file that is too
 * large for one blob; `<digest>.folder` is the list of a folder's files, and is of that digest itself; `<digest>.packs`
 * lists the blobs in which small files of that folder stand together.
 */
export type BlobKind = 'content' | 'parts' | 'folder' | 'packs';

export function partsName(digest: string): string {
  return `${digest}.parts`;
}

export function folderName(digest: string): string {
  return `${digest}.folder`;
}

export function packsName(digest: string): string {
  return `${digest}.packs`;
}

/** Undefined for a name that is none of ours. */
export function parseName(name: string): { readonly digest: string; readonly kind: BlobKind } | undefined {
  const [, digest, suffix] = /^([0-9a-f]{64})(?:\.(parts|folder|packs))?$/.exec(name) ?? [];
  if (digest === undefined) return undefined;
  return { digest, kind: (suffix as BlobKind | undefined) ?? 'content' };
}
