import { OutsideError } from '../../errors.js';
import type { Randomness } from '../../history/port.js';
import { type Author, commitOn, type Landed, type Plan, TRIES, type TreeReader } from './append.js';
import { backOff } from './branch.js';
import { firstComplaint, gitFailure } from './git.js';
import type { Mirror } from './mirror.js';
import { type GitObject, type HashName, treeOfCommit } from './objects.js';
import { remoteProblem } from './remote.js';
import type { BranchView } from './units.js';

/** Putting a change on the branch at the remote, and knowing what is there. */

/** The network gets a few chances, a busy branch all of them. */
const NETWORK_TRIES = 4;

export async function putAtRemote(parts: {
  readonly mirror: Mirror;
  readonly branch: string;
  readonly author: Author;
  readonly plan: Plan;
}): Promise<Landed | undefined> {
  const { mirror, branch, author, plan } = parts;
  let last: Unreachable | undefined;
  let failures = 0;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await backOff(attempt, author.randomness.bytes(2), last?.patience);
    try {
      const tip = await fetchTip(mirror, branch);
      const reader = await remoteReader(mirror, tip, author.hash);
      const made = await commitOn(tip, { tip: reader, author, plan });
      if (made === undefined) return undefined;
      await storeIn(mirror, [...made.objects, made.commit]);
      if (await push(mirror, made.commit.id, branch)) {
        await mirror.run(['update-ref', `refs/heads/${branch}`, made.commit.id]);
        return { commit: made.commit.id, added: made.added };
      }
      last = undefined;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      last = error;
      if (error.isLocal) await mirror.removeStaleLocks();
      else failures += 1;
      if (failures >= (error.patience === 'long' ? 2 * NETWORK_TRIES : NETWORK_TRIES)) break;
    }
  }
  throw last ?? new OutsideError(`the branch at the remote was moved by others at each of ${TRIES} tries`);
}

/** Another process of this clone may have found the mirror damaged, and made it anew under our hands. */
async function storeIn(mirror: Mirror, objects: readonly GitObject[]): Promise<void> {
  try {
    await mirror.store(objects);
  } catch (error) {
    if (error instanceof OutsideError && DAMAGED.test(error.message))
      throw new Unreachable(error.message, 'refused');
    throw error;
  }
}

/** The tip, for reading: waits for another process of this clone that fetches; does not try the network again. */
export async function fetchForReading(parts: {
  readonly mirror: Mirror;
  readonly branch: string;
  readonly randomness: Randomness;
}): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await fetchTip(parts.mirror, parts.branch);
    } catch (error) {
      if (!(error instanceof Unreachable && error.isLocal) || attempt >= TRIES) throw error;
      await parts.mirror.removeStaleLocks();
      await backOff(attempt, parts.randomness.bytes(2));
    }
  }
}

/** Failed in a way that may pass. */
class Unreachable extends OutsideError {
  /** Another process of this clone that fetches at the same moment. */
  readonly isLocal: boolean;
  /** A network that just failed is given longer than another writer, and a server that asks for patience the longest. */
  readonly patience: 'short' | 'some' | 'long';

  constructor(message: string, kind: 'refused' | 'busy' | 'unreachable') {
    super(message, { mend: 'check the network and the address: git remote -v' });
    this.isLocal = kind === 'refused';
    this.patience = kind === 'refused' ? 'short' : kind === 'busy' ? 'long' : 'some';
  }
}

/** What git says when the mirror is damaged, or when a kill left half an object. */
const DAMAGED =
  /bad object|missing (blob|tree|commit)|unable to (read|find) [0-9a-f]{40}|could not read [0-9a-f]{40}|is corrupt|corrupt (loose )?object|did not send all necessary objects|invalid sha1 pointer|inflate|bad config|not a git repository|object file .* is empty|packfile .* (is|cannot)|bad (index|pack) file/i;

async function fetchTip(mirror: Mirror, branch: string): Promise<string | undefined> {
  let result = await mirror.fetchTip(branch);
  const problem = result.code === 0 ? undefined : remoteProblem(result);
  if (problem === 'unreachable' && DAMAGED.test(result.stderr)) {
    await mirror.reset({ whole: false });
    result = await mirror.fetchTip(branch);
  }
  if (result.code === 0) return mirror.known(branch);
  const again = remoteProblem(result);
  switch (again) {
    case 'absent':
      // What an earlier fetch brought is gone at the remote; it must not come back with the next push.
      await mirror.run(['update-ref', '-d', `refs/heads/${branch}`]);
      return undefined;
    case 'denied':
      throw gitFailure(['fetch'], result, DENIED);
    case 'refused':
    case 'busy':
    case 'unreachable':
      throw new Unreachable(`git fetch failed: ${firstComplaint(result.stderr)}`, again);
  }
}

const DENIED =
  'in a workflow: permissions: { contents: write }; elsewhere ASSAY_TOKEN, or the rights of the remote';

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
  return { commit, objects: mirror.objects, bring: (ids, extent) => bringMissing(mirror, ids, extent) };
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
  switch (remoteProblem(result)) {
    case 'denied':
      throw gitFailure(['fetch'], result, DENIED);
    case 'refused':
      throw new Unreachable(`git fetch failed: ${firstComplaint(result.stderr)}`, 'refused');
    case 'busy':
      throw new Unreachable(`git fetch failed: ${firstComplaint(result.stderr)}`, 'busy');
    case 'absent':
    case 'unreachable':
      // A server that filters and yet hands out no single object: everything is fetched instead.
      if (/not our ref|unadvertised object|Server does not allow request/i.test(result.stderr)) {
        await mirror.reset({ whole: true });
      }
      throw new Unreachable(`git fetch failed: ${firstComplaint(result.stderr)}`, 'unreachable');
  }
}

/** @returns false when somebody else was first */
async function push(mirror: Mirror, commit: string, branch: string): Promise<boolean> {
  const result = await mirror.push(commit, branch);
  if (result.code === 0) return true;
  const problem = remoteProblem(result);
  switch (problem) {
    case 'refused':
      return false;
    case 'denied':
      throw gitFailure(['push'], result, DENIED);
    case 'absent':
      throw new Unreachable(`git push failed: ${firstComplaint(result.stderr)}`, 'unreachable');
    case 'busy':
    case 'unreachable':
      throw new Unreachable(`git push failed: ${firstComplaint(result.stderr)}`, problem);
  }
}
