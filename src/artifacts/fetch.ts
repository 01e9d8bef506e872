import { createHash } from 'node:crypto';
import { UserError } from '../errors.js';
import type { Artifact } from './artifact.js';
import { type FolderManifest, pathsAlikeButForCase, readFolder, readParts } from './manifests.js';
import { EMPTY, folderName, partsName } from './names.js';
import { type Draft, type DraftFile, NoSuchBlob, UselessContent } from './ports.js';
import { findArtifact, notInStore, type StoreOptions } from './store.js';
import { readBlob, readList, startTransfer, type Transfer } from './transfer.js';
import { fetchPacks } from './unpack.js';

/** From the store to a path: verified while it streams, resumed where an earlier attempt stopped, put in place when whole. */

type Wanted = Pick<Artifact, 'digest' | 'bytes' | 'name'>;

export async function fetchArtifact(options: StoreOptions, artifact: Wanted, path: string): Promise<void> {
  const { blobs, files, world } = options;
  const form = await findArtifact(blobs, artifact.digest);
  if (form === undefined) throw notInStore(artifact, blobs.place);
  const draft = await files.draft(path, artifact.digest);
  const transfer = startTransfer(world, `fetching ${artifact.name}`, artifact.bytes);
  try {
    if (form === 'folder') {
      const text = await readList(blobs, world, folderName(artifact.digest));
      await fetchFolder(options, {
        draft,
        transfer,
        digest: artifact.digest,
        manifest: readFolder(text, { ...artifact, place: blobs.place }),
      });
    } else {
      await fetchFile(options, { draft, transfer, ...artifact, path: '', executable: false });
    }
    await draft.commit();
  } catch (error) {
    if (isWorthKeeping(error)) await draft.leave();
    else await draft.discard();
    if (error instanceof NoSuchBlob) throw notInStore(artifact, blobs.place);
    throw error;
  } finally {
    transfer.end();
  }
}

/** Damaged or missing content is of no use to a later attempt; a broken connection is. */
function isWorthKeeping(error: unknown): boolean {
  return !(error instanceof UselessContent || error instanceof UserError || error instanceof NoSuchBlob);
}

async function fetchFolder(
  options: StoreOptions,
  of: {
    readonly draft: Draft;
    readonly transfer: Transfer;
    readonly manifest: FolderManifest;
    readonly digest: string;
  },
): Promise<void> {
  const { draft, transfer, manifest } = of;
  const paths = [...manifest.files, ...manifest.links].map(({ path }) => path).concat(manifest.empty);
  const [alike] = pathsAlikeButForCase(paths);
  if (alike && !(await draft.tellsCaseApart())) {
    throw new UserError(`the folder has ${alike[0]} and ${alike[1]}, which are one name here`, {
      mend: 'fetch it on a file system that tells capital letters from small ones, as on Linux',
    });
  }
  for (const folder of manifest.empty) await draft.folder(folder);
  const alone = await fetchPacks({ ...of, blobs: options.blobs, world: options.world });
  await transfer.each(alone, options.blobs.parallel, (file) =>
    fetchFile(options, { ...of, ...file, name: file.path }),
  );
  await draft.links(manifest.links);
}

async function fetchFile(
  options: StoreOptions,
  of: Wanted & {
    readonly draft: Draft;
    readonly transfer: Transfer;
    readonly path: string;
    readonly executable: boolean;
  },
): Promise<void> {
  options.world.cancel.throwIfAborted();
  const file = await of.draft.file(of.path);
  const track = of.transfer.tracker();
  try {
    const resumed = file.bytes > 0;
    let digest = await receive(options, { ...of, file, track });
    if (digest !== of.digest && resumed) {
      // What an earlier attempt left was no beginning of it.
      await file.restart();
      digest = await receive(options, { ...of, file, track });
    }
    if (digest !== of.digest) throw new Damaged(of, options.blobs.place);
  } finally {
    await file.close({ executable: of.executable });
  }
}

/** Takes the file from where it is to its end; returns the digest of all of it. */
async function receive(
  options: StoreOptions,
  of: Wanted & { readonly file: DraftFile; readonly track: (bytes: number) => void },
): Promise<string> {
  const { file, track } = of;
  const hash = createHash('sha256');
  let bytes = 0;
  const take = (chunk: Uint8Array) => {
    hash.update(chunk);
    bytes += chunk.length;
    track(bytes);
  };
  if (file.bytes > of.bytes) await file.restart();
  for await (const chunk of file.existing()) take(chunk);
  for await (const chunk of contentFrom(options, of, bytes)) {
    // Written while it is hashed.
    const written = file.write(chunk);
    take(chunk);
    await written;
  }
  return hash.digest('hex');
}

/** The bytes of a file from an offset on, out of one blob or of its parts. */
async function* contentFrom(options: StoreOptions, of: Wanted, from: number): AsyncGenerator<Uint8Array> {
  const { blobs, world } = options;
  if ((of.digest === EMPTY && of.bytes === 0) || (from >= of.bytes && from > 0)) return;
  const whole = await blobs.stat(of.digest);
  if (whole) {
    // A size that lies could fill the disk.
    if (whole.bytes !== of.bytes) throw new Damaged(of, blobs.place);
    return yield* readBlob(blobs, world, { name: of.digest, from, bytes: of.bytes });
  }
  if (!(await blobs.stat(partsName(of.digest)))) throw notInStore(of, blobs.place);
  const text = await readList(blobs, world, partsName(of.digest));
  const list = readParts(text, { ...of, place: blobs.place });
  if (list.bytes !== of.bytes) throw new Damaged(of, blobs.place);
  let at = 0;
  for (const { digest, bytes } of list.parts) {
    if (from < at + bytes) {
      const part = await blobs.stat(digest);
      if (part && part.bytes !== bytes) throw new Damaged(of, blobs.place);
      yield* readBlob(blobs, world, { name: digest, from: Math.max(0, from - at), bytes });
    }
    at += bytes;
  }
}

class Damaged extends UselessContent {
  constructor(artifact: Pick<Wanted, 'name' | 'digest'>, place: string) {
    super(
      `the stored artifact ${artifact.name} (${artifact.digest.slice(0, 12)}…) in ${place} is damaged: its content is not what its name says`,
      { mend: 'remove it there and store the artifact again (train again, or copy it from another machine)' },
    );
  }
}
