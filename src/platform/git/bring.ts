import { OutsideError } from '../../errors.js';
import type { TreeReader } from './append.js';
import type { Mirror } from './mirror.js';
import { type GitObject, type HashName, treeOfCommit } from './objects.js';
import { refusal, remoteProblem } from './refusal.js';
import type { BranchView } from './units.js';
import { DAMAGED, MirrorForgotten, Unreachable, unreachable } from './unreachable.js';

/** The branch at the remote as far as it was brought here, and bringing the rest when it is asked for. */

/** The branch as the remote has it, folders brought as they are asked for. */
export async function remoteReader(
  mirror: Mirror,
  commit: string | undefined,
  hash: HashName,
): Promise<TreeReader> {
  const must = async (id: string) => {
    const found = (await mirror.objects.read(id)) ?? (await bringOne(mirror, id));
    return found.body;
  };
  return {
    hash,
    tree: commit === undefined ? undefined : treeOfCommit(await must(commit)),
    readTree: must,
    readBlobs: async (ids) => {
      await bringMissing(mirror, ids, 'one');
      return Promise.all(ids.map(async (id) => (await must(id)).toString('utf8')));
    },
    view: commit === undefined ? undefined : remoteView(mirror, commit),
    store: (made) => storeIn(mirror, made),
  };
}

/** The branch at the remote, as far as it was brought here; the rest is brought when it is asked for. */
export function remoteView(mirror: Mirror, commit: string): BranchView {
  return {
    commit,
    // Another one once the mirror was made anew.
    get objects() {
      return mirror.objects;
    },
    bring: (ids, extent) => bringMissing(mirror, ids, extent),
  };
}

async function bringOne(mirror: Mirror, id: string) {
  await bringObjects(mirror, [id], 'one');
  const found = await mirror.objects.read(id);
  if (found) return found;
  throw new Unreachable(`the object ${id} of the history was not sent by the remote`, 'unreachable');
}

/** Brings those that are not here. */
export async function bringMissing(
  mirror: Mirror,
  ids: readonly string[],
  extent: 'one' | 'whole',
): Promise<void> {
  const missing: string[] = [];
  for (const id of ids) if (!(await mirror.objects.has(id))) missing.push(id);
  if (missing.length > 0) await bringObjects(mirror, missing, extent);
}

export async function bringObjects(
  mirror: Mirror,
  ids: readonly string[],
  extent: 'one' | 'whole',
): Promise<void> {
  const result = await mirror.bring(ids, extent);
  if (result.code === 0) return;
  const problem = remoteProblem(result);
  switch (problem) {
    case 'denied':
      throw refusal('fetch', result);
    case 'refused':
    case 'busy':
      throw unreachable('fetch', result, problem);
    case 'absent':
    case 'unreachable':
      // A server that filters and yet hands out no single object: everything is fetched instead.
      if (/not our ref|unadvertised object|Server does not allow request/i.test(result.stderr)) {
        await mirror.reset({ whole: true });
        throw new MirrorForgotten(result);
      }
      if (DAMAGED.test(result.stderr)) {
        await mirror.reset({ whole: false });
        throw new MirrorForgotten(result);
      }
      throw unreachable('fetch', result, 'unreachable');
  }
}

/** Another process of this clone may have found the mirror damaged, and made it anew under our hands. */
export async function storeIn(mirror: Mirror, objects: readonly GitObject[]): Promise<void> {
  try {
    await mirror.store(objects);
  } catch (error) {
    if (error instanceof OutsideError && DAMAGED.test(error.message))
      throw new Unreachable(error.message, 'refused');
    throw error;
  }
}
