import { createHash } from 'node:crypto';
import { OutsideError } from '../errors.js';
import { type FolderManifest, readFolder, readParts } from './manifests.js';
import { EMPTY, folderName, partsName } from './names.js';
import { NoSuchBlob, type Verified } from './ports.js';
import { findArtifact, type StoreOptions } from './store.js';
import { readBlob, readList } from './transfer.js';
import { storedPacks } from './unpack.js';

/** Whether an artifact is there, piece by piece. */

const WHOLE: Verified = { state: 'whole', detail: '' };

export async function verifyArtifact(
  options: StoreOptions,
  digest: string,
  content: boolean,
): Promise<Verified> {
  const { blobs, world } = options;
  const form = await findArtifact(blobs, digest);
  if (form === undefined) return missing(digest);
  if (form === 'content') return verifyBlob(options, { digest, bytes: undefined }, content);
  const text = await readList(blobs, world, form === 'folder' ? folderName(digest) : partsName(digest));
  const of = { digest, place: blobs.place };
  if (form === 'parts') {
    const list = damagedIfUnreadable(() => readParts(text, of));
    return 'state' in list ? list : verifyAll(options, list.parts, content);
  }
  const list = damagedIfUnreadable(() => readFolder(text, of));
  return 'state' in list ? list : verifyFolder(options, { digest, list, content });
}

async function verifyFolder(
  options: StoreOptions,
  of: { readonly digest: string; readonly list: FolderManifest; readonly content: boolean },
): Promise<Verified> {
  const packs = await storedPacks(options, of.digest).catch((error: unknown) => {
    if (error instanceof OutsideError) return { state: 'damaged' as const, detail: error.message };
    throw error;
  });
  if ('state' in packs) return packs;
  const packed = new Set(packs.flatMap(({ files }) => files));
  const alone = of.list.files.filter(({ digest }) => !packed.has(digest));
  return verifyAll(options, [...packs.map(({ digest, bytes }) => ({ digest, bytes })), ...alone], of.content);
}

async function verifyAll(
  options: StoreOptions,
  pieces: readonly { readonly digest: string; readonly bytes: number; readonly path?: string }[],
  content: boolean,
): Promise<Verified> {
  for (const piece of new Map(pieces.map((piece) => [piece.digest, piece])).values()) {
    const inParts = (await findArtifact(options.blobs, piece.digest)) === 'parts';
    const found = inParts
      ? await verifyArtifact(options, piece.digest, content)
      : await verifyBlob(options, piece, content);
    if (found.state !== 'whole') {
      return { ...found, detail: piece.path === undefined ? found.detail : `${piece.path}: ${found.detail}` };
    }
  }
  return WHOLE;
}

async function verifyBlob(
  { blobs, world }: StoreOptions,
  piece: { readonly digest: string; readonly bytes: number | undefined },
  content: boolean,
): Promise<Verified> {
  if (piece.digest === EMPTY) return WHOLE;
  const found = await blobs.stat(piece.digest);
  if (!found) return missing(piece.digest);
  if (piece.bytes !== undefined && found.bytes !== piece.bytes) {
    return damaged(piece.digest, `${found.bytes} bytes instead of ${piece.bytes}`);
  }
  // Both come without reading: the store has hashed what it took.
  if (found.digest !== null) {
    return found.digest === piece.digest ? WHOLE : damaged(piece.digest, `its digest is ${found.digest}`);
  }
  if (!content) return WHOLE;
  const hash = createHash('sha256');
  try {
    for await (const chunk of readBlob(blobs, world, { name: piece.digest, from: 0, bytes: found.bytes }))
      hash.update(chunk);
  } catch (error) {
    if (error instanceof NoSuchBlob) return missing(piece.digest);
    throw error;
  }
  const actual = hash.digest('hex');
  return actual === piece.digest ? WHOLE : damaged(piece.digest, `its digest is ${actual}`);
}

function missing(digest: string): Verified {
  return { state: 'missing', detail: `${digest} is not in the store` };
}

function damaged(digest: string, how: string): Verified {
  return { state: 'damaged', detail: `${digest}: ${how}` };
}

function damagedIfUnreadable<T extends object>(read: () => T): T | Verified {
  try {
    return read();
  } catch (error) {
    if (error instanceof OutsideError) return { state: 'damaged', detail: error.message };
    throw error;
  }
}
