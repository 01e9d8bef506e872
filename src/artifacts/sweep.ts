import { OutsideError } from '../errors.js';
import { readFolder, readParts } from './manifests.js';
import { folderName, packsName, parseName, partsName } from './names.js';
import { readPacks } from './packs.js';
import { type Blob, type Blobs, NoSuchBlob, type TransferWorld } from './ports.js';
import { readList } from './transfer.js';

/**
 * Which blobs nobody needs any more, and removing them. What is kept is marked from the artifacts that records need;
 * only what is known to be out of use is removed: a blob that no record of this history names may belong to another
 * repository that shares the store, or to a training that is still going on.
 */

export interface SweepRequest {
  readonly blobs: Blobs;
  readonly world: Pick<TransferWorld, 'wait' | 'now' | 'cancel'>;
  /** Digests of artifacts that are needed. */
  readonly live: ReadonlySet<string>;
  /** Digests of artifacts that are not. */
  readonly dead: ReadonlySet<string>;
  /** Names of blobs that an earlier pruning, perhaps a killed one, was to remove. */
  readonly condemned: ReadonlySet<string>;
  /** Blobs written or touched since then are kept, whoever names them: somebody is storing them right now. */
  readonly youngSince: Date;
  /**
   * Digests of artifacts that are needed now, asked while it removes: a run that was out of use when it was planned may
   * have been accepted or released since.
   */
  readonly liveNow?: () => Promise<ReadonlySet<string>>;
  /** Blobs that no record names are removed when they are older than this; kept when undefined. */
  readonly orphansBefore: Date | undefined;
}

export interface Sweep {
  /** Lists before what they name, so that a list that is there still means that all of it is. */
  readonly remove: readonly Blob[];
  /** Not needed, but too young. */
  readonly young: readonly Blob[];
  /** Named by no record, and left. */
  readonly unknown: readonly Blob[];
  /** Number and bytes of what is needed. */
  readonly kept: { readonly count: number; readonly bytes: number };
}

/** @throws OutsideError when a list that is needed cannot be read, for then nobody knows what else is */
export async function planSweep(request: SweepRequest): Promise<Sweep> {
  const stored = new Map<string, Blob>();
  for await (const blob of request.blobs.list()) stored.set(blob.name, blob);
  const isYoung = (blob: Blob) => blob.modified >= request.youngSince;

  const needed = new Set<string>();
  for (const digest of request.live) await mark(request, { digest, stored, into: needed });
  const wanted = new Set(needed);
  for (const blob of stored.values()) {
    if (isYoung(blob)) await mark(request, { digest: digestOf(blob), stored, into: wanted });
  }

  const unneeded = new Set<string>();
  for (const digest of request.dead) await mark(request, { digest, stored, into: unneeded, lenient: true });
  for (const name of request.condemned) if (stored.has(name)) unneeded.add(name);

  const rest = [...stored.values()].filter((blob) => !needed.has(blob.name));
  const out = rest.filter((blob) => unneeded.has(blob.name));
  const orphans = rest.filter((blob) => !unneeded.has(blob.name));
  const { orphansBefore } = request;
  const old = orphans.filter((blob) => orphansBefore !== undefined && blob.modified < orphansBefore);
  const remove = [...out, ...old].filter((blob) => !wanted.has(blob.name));
  return {
    remove: remove.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1)),
    young: out.filter((blob) => wanted.has(blob.name)),
    unknown: orphans.filter((blob) => !remove.includes(blob)),
    kept: total([...stored.values()].filter((blob) => needed.has(blob.name))),
  };
}

/** Reading a long history again takes a second, removing an asset as long. */
const ASK_AGAIN_MS = 10_000;

/**
 * Removes what the plan says, but for what somebody has wanted meanwhile. Killed in the middle, the next pruning goes on.
 * @param onRemoved told after each one
 */
export async function applySweep(
  request: SweepRequest,
  sweep: Sweep,
  onRemoved: (blob: Blob) => void,
): Promise<{ readonly count: number; readonly bytes: number }> {
  const removed: Blob[] = [];
  const rescued = new Set<string>();
  const names = new Map(sweep.remove.map((blob) => [blob.name, blob]));
  let asked: number | undefined;
  for (const blob of sweep.remove) {
    request.world.cancel.throwIfAborted();
    const now = request.world.now().getTime();
    if (request.liveNow && (asked === undefined || now - asked > ASK_AGAIN_MS)) {
      for (const digest of await request.liveNow()) {
        await mark(request, { digest, stored: names, into: rescued, lenient: true });
      }
      asked = request.world.now().getTime();
    }
    if (rescued.has(blob.name)) continue;
    if (await request.blobs.remove(blob.name, { unlessModifiedSince: request.youngSince })) {
      removed.push(blob);
      onRemoved(blob);
    } else if (parseName(blob.name)?.kind !== 'content') {
      await mark(request, { digest: digestOf(blob), stored: names, into: rescued, lenient: true });
    }
  }
  return total(removed);
}

interface Marking {
  readonly digest: string;
  readonly stored: ReadonlyMap<string, Blob>;
  readonly into: Set<string>;
  /** A list that cannot be read stands for itself alone. */
  readonly lenient?: true;
}

/** The names of all blobs that an artifact consists of. */
async function mark(request: SweepRequest, of: Marking): Promise<void> {
  const { digest, stored, into } = of;
  if (stored.has(digest)) into.add(digest);
  for (const [name, read] of [
    [partsName(digest), readParts],
    [folderName(digest), readFolder],
    [packsName(digest), readPacks],
  ] as const) {
    if (!stored.has(name) || into.has(name)) continue;
    into.add(name);
    const pieces = await piecesOf(request, { ...of, name, read });
    for (const piece of pieces) await mark(request, { ...of, digest: piece.digest });
  }
}

async function piecesOf(
  { blobs, world }: SweepRequest,
  of: Marking & {
    readonly name: string;
    readonly read: typeof readParts | typeof readFolder | typeof readPacks;
  },
): Promise<readonly { readonly digest: string }[]> {
  try {
    const list = of.read(await readList(blobs, world, of.name), { digest: of.digest, place: blobs.place });
    if ('packs' in list) return list.packs;
    return 'parts' in list ? list.parts : list.files;
  } catch (error) {
    // Another pruning has removed it since it was listed.
    if (error instanceof NoSuchBlob) return [];
    if (of.lenient && error instanceof OutsideError) return [];
    throw error;
  }
}

function digestOf(blob: Blob): string {
  return parseName(blob.name)?.digest ?? blob.name;
}

function rank(blob: Blob): number {
  const kind = parseName(blob.name)?.kind;
  return kind === 'folder' ? 0 : kind === 'content' || kind === undefined ? 2 : 1;
}

function total(blobs: readonly Blob[]): { readonly count: number; readonly bytes: number } {
  return { count: blobs.length, bytes: blobs.reduce((sum, blob) => sum + blob.bytes, 0) };
}
