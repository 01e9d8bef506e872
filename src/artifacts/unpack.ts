import { createHash } from 'node:crypto';
import type { FolderManifest } from './manifests.js';
import { packsName } from './names.js';
import { type Pack, readPacks } from './packs.js';
import { type Blobs, type Draft, type TransferWorld, UselessContent } from './ports.js';
import { readBlob, readList, type Transfer } from './transfer.js';

/** Files of a folder out of the packs that they share. */

type File = FolderManifest['files'][number];

interface Unpacking {
  readonly blobs: Blobs;
  readonly world: TransferWorld;
  readonly draft: Draft;
  readonly transfer: Transfer;
  readonly manifest: FolderManifest;
  /** Of the folder. */
  readonly digest: string;
}

/** The packs of a folder that the store has; none when its files have a blob each. */
export async function storedPacks(
  { blobs, world }: { readonly blobs: Blobs; readonly world: Pick<TransferWorld, 'wait' | 'cancel'> },
  digest: string,
): Promise<readonly Pack[]> {
  if (!(await blobs.stat(packsName(digest)))) return [];
  const text = await readList(blobs, world, packsName(digest));
  const { packs } = readPacks(text, { digest, place: blobs.place });
  const there: Pack[] = [];
  for (const pack of packs) if ((await blobs.stat(pack.digest))?.bytes === pack.bytes) there.push(pack);
  return there;
}

/** Held in memory as a whole, one for each of `Blobs.parallel`. */
const LARGEST_PACK_BYTES = 64 * 2 ** 20;

/** Writes what the packs hold; returns the files that they do not. */
export async function fetchPacks(of: Unpacking): Promise<readonly File[]> {
  const packs = await storedPacks(of, of.digest);
  const packed = new Set(packs.flatMap(({ files }) => files));
  const wanted = new Map<string, File[]>();
  for (const file of of.manifest.files) wanted.set(file.digest, [...(wanted.get(file.digest) ?? []), file]);
  await of.transfer.each(packs, Math.min(2, of.blobs.parallel), (pack) => unpack(of, pack, wanted));
  return of.manifest.files.filter(({ digest }) => !packed.has(digest));
}

async function unpack(
  of: Unpacking,
  pack: Pack,
  wanted: ReadonlyMap<string, readonly File[]>,
): Promise<void> {
  const places: { readonly digest: string; readonly from: number; readonly files: readonly File[] }[] = [];
  let from = 0;
  for (const digest of pack.files) {
    const files = wanted.get(digest);
    if (!files?.[0]) throw damaged(of, pack);
    places.push({ digest, from, files });
    from += files[0].bytes;
  }
  if (from !== pack.bytes || from > LARGEST_PACK_BYTES) throw damaged(of, pack);
  if (
    await isHere(
      of,
      places.flatMap(({ files }) => files),
    )
  )
    return;
  const bytes = Buffer.allocUnsafeSlow(pack.bytes);
  let at = 0;
  for await (const chunk of readBlob(of.blobs, of.world, { name: pack.digest, from: 0, bytes: pack.bytes })) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  for (const { digest, from: start, files } of places) {
    for (const file of files) {
      const content = bytes.subarray(start, start + file.bytes);
      if (sha256(content) !== digest) throw damaged(of, pack);
      await write(of, file, content);
    }
  }
}

/** Whether an earlier attempt has brought all of them. */
async function isHere(of: Unpacking, files: readonly File[]): Promise<boolean> {
  for (const file of files) {
    const draft = await of.draft.file(file.path);
    try {
      if (draft.bytes !== file.bytes) return false;
      const hash = createHash('sha256');
      for await (const chunk of draft.existing()) hash.update(chunk);
      if (hash.digest('hex') !== file.digest) return false;
    } finally {
      await draft.close({ executable: file.executable });
    }
  }
  return true;
}

async function write(of: Unpacking, file: File, content: Uint8Array): Promise<void> {
  of.world.cancel.throwIfAborted();
  const track = of.transfer.tracker();
  const draft = await of.draft.file(file.path);
  try {
    if (draft.bytes > 0) await draft.restart();
    await draft.write(content);
    track(content.length);
  } finally {
    await draft.close({ executable: file.executable });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function damaged(of: Unpacking, pack: Pack): UselessContent {
  return new UselessContent(
    `the pack ${pack.digest.slice(0, 12)}… of the stored folder ${of.digest.slice(0, 12)}… in ${of.blobs.place} is damaged: its content is not what the list says`,
    { mend: 'remove it there and store the artifact again (train again, or copy it from another machine)' },
  );
}
