import { UserError } from '../errors.js';
import type { Artifact } from './artifact.js';
import { digestFile, type FileDigest, fileContent, textContent } from './content.js';
import { fetchArtifact } from './fetch.js';
import { folderText, partsText } from './manifests.js';
import { EMPTY, folderName, packsName, partsName } from './names.js';
import { type Pack, type PackedFile, packContent, packsText, planPacks } from './packs.js';
import type { ArtifactStore, Blobs, Content, LocalContent, LocalFiles, TransferWorld } from './ports.js';
import { startTransfer, type Transfer } from './transfer.js';
import { verifyArtifact } from './verify.js';

/** Files and folders in a store of blobs: the one algorithm behind every kind of store. */

export interface StoreOptions {
  readonly blobs: Blobs;
  readonly files: LocalFiles;
  readonly world: TransferWorld;
}

/**
 * Content that has been there for longer than this is touched when it is stored again, so that a `prune` at that moment
 * sees that it is wanted.
 */
const TOUCH_AFTER_MS = 3_600_000;
/** A pruning leaves what is younger than seven days; a day for clocks that differ. */
const PRUNABLE_AFTER_MS = 6 * 86_400_000;
/** Longer than it takes from its last look to the removal. */
const PRUNING_SECONDS = 2;

export function artifactStore(given: StoreOptions): ArtifactStore {
  /** For one operation. */
  const open = (): StoreOptions =>
    given.world.cancel.aborted
      ? { ...given, world: { ...given.world, cancel: new AbortController().signal } }
      : given;
  return {
    put: async (name, path) => {
      const options = open();
      const content = await options.files.look(path);
      const stored =
        content.kind === 'file' ? await putFile(options, content) : await putFolder(options, content);
      return { name, path: content.shown, ...stored };
    },
    fetch: (artifact, path) => fetchArtifact(open(), artifact, path),
    has: async (digest) => (await findArtifact(given.blobs, digest)) !== undefined,
    verify: (digest, { content = false } = {}) => verifyArtifact(open(), digest, content),
  };
}

/** In which form the store has it. A list is written after all it names, so that finding it is finding everything. */
export async function findArtifact(
  blobs: Blobs,
  digest: string,
): Promise<'content' | 'parts' | 'folder' | undefined> {
  if (digest === EMPTY || (await blobs.stat(digest))) return 'content';
  if (await blobs.stat(partsName(digest))) return 'parts';
  return (await blobs.stat(folderName(digest))) ? 'folder' : undefined;
}

type Stored = Pick<Artifact, 'digest' | 'bytes'>;

async function putFile(
  options: StoreOptions,
  file: Extract<LocalContent, { kind: 'file' }>,
): Promise<Stored> {
  const found = await digestOf(options, { path: file.path, bytes: file.bytes });
  const transfer = startTransfer(options.world, `storing ${file.shown}`, found.bytes);
  try {
    await keepFile(options, { ...found, path: file.path }, transfer);
  } finally {
    transfer.end();
  }
  return { digest: found.digest, bytes: found.bytes };
}

async function putFolder(
  options: StoreOptions,
  folder: Extract<LocalContent, { kind: 'folder' }>,
): Promise<Stored> {
  const files: (FileDigest & (typeof folder.files)[number])[] = [];
  for (const file of folder.files) {
    files.push({ ...file, ...(await digestOf(options, { path: file.source, bytes: file.bytes })) });
  }
  const text = folderText({
    files: files.map(({ path, digest, bytes, executable }) => ({ path, digest, bytes, executable })),
    links: [...folder.links],
    empty: [...folder.empty],
  });
  const list = textContent(text);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (!(await isThere(options, folderName(list.digest), list.bytes))) {
    const different = [...new Map(files.map((file) => [file.digest, file])).values()];
    const transfer = startTransfer(options.world, `storing ${folder.shown}`, bytes);
    try {
      await keepFiles(options, { folder: list.digest, files: different, transfer });
      await keep(options, folderName(list.digest), list);
    } finally {
      transfer.end();
    }
  }
  return { digest: list.digest, bytes };
}

/** Small ones in packs where the store asks for that. */
async function keepFiles(
  options: StoreOptions,
  of: { readonly folder: string; readonly files: readonly PackedFile[]; readonly transfer: Transfer },
): Promise<void> {
  const { blobs, files } = options;
  const { packs, alone } = planPacks(of.files, blobs.packing);
  const list: Pack[] = [];
  await of.transfer.each(alone, blobs.parallel, (file) =>
    keepFile(options, { ...file, path: file.source }, of.transfer),
  );
  for (const group of packs) {
    const content = await packContent(files, group, of.transfer.tracker());
    await keep(options, content.digest, content);
    const { digest, bytes } = content;
    list.push({ digest, bytes, files: group.map((file) => file.digest) });
  }
  if (list.length === 0) return;
  const text = packsText({ folder: of.folder, packs: list });
  await keep(options, packsName(of.folder), textContent(text));
}

async function digestOf(
  options: StoreOptions,
  file: { readonly path: string; readonly bytes: number },
): Promise<FileDigest> {
  const transfer = startTransfer(options.world, 'reading', file.bytes);
  const { partBytes } = options.blobs;
  try {
    return await digestFile(options.files.read(file.path, 0), { partBytes, onBytes: transfer.tracker() });
  } finally {
    transfer.end();
  }
}

/** Stores what is not there yet, in parts when it is too large for one blob. */
async function keepFile(
  options: StoreOptions,
  file: FileDigest & { readonly path: string },
  transfer: Transfer,
): Promise<void> {
  const { path, digest, bytes, parts } = file;
  if (digest === EMPTY) return;
  if (parts.length === 0) {
    const content = fileContent(options.files, { path, offset: 0, digest, bytes }, transfer.tracker());
    return keep(options, digest, content);
  }
  const text = partsText({ digest, bytes, parts: [...parts] });
  const list = textContent(text);
  if (await isThere(options, partsName(digest), undefined)) return;
  let offset = 0;
  const placed = parts.map((part) => {
    const at = { ...part, path, offset };
    offset += part.bytes;
    return at;
  });
  const different = [...new Map(placed.map((part) => [part.digest, part])).values()];
  await transfer.each(different, options.blobs.parallel, (part) =>
    keep(options, part.digest, fileContent(options.files, part, transfer.tracker())),
  );
  await keep(options, partsName(digest), list);
}

async function keep(options: StoreOptions, name: string, content: Content): Promise<void> {
  options.world.cancel.throwIfAborted();
  if (!(await isThere(options, name, content.bytes))) await options.blobs.put(name, content);
}

/** Whether the store has it with that size. What was there for long is touched first, for it may be about to be pruned. */
async function isThere(options: StoreOptions, name: string, bytes: number | undefined): Promise<boolean> {
  const { blobs, world } = options;
  const found = await blobs.stat(name);
  if (!found || (bytes !== undefined && found.bytes !== bytes)) return false;
  const age = world.now().getTime() - found.modified.getTime();
  if (age < TOUCH_AFTER_MS) return true;
  if (!(await blobs.touch(name))) return false;
  if (age < PRUNABLE_AFTER_MS) return true;
  // A pruning may have looked just before the touch, and remove it just after.
  await world.wait(PRUNING_SECONDS, world.cancel);
  return blobs.touch(name);
}

export function notInStore(
  artifact: { readonly name: string; readonly digest: string },
  place: string,
): UserError {
  return new UserError(
    `the artifact "${artifact.name}" (${artifact.digest.slice(0, 12)}…) is not in the store`,
    {
      mend: `looked in ${place}; it may have been stored on another machine, or pruned`,
    },
  );
}
