import { OutsideError } from '../../errors.js';
import type { Randomness } from '../../history/port.js';
import { type Author, commitOn, type Landed, type Plan, TRIES, type TreeReader } from './append.js';
import { backOff } from './branch.js';
import { firstComplaint, type GitResult } from './git.js';
import type { Mirror } from './mirror.js';
import { type GitObject, type HashName, treeOfCommit } from './objects.js';
import { refusal, remoteProblem } from './refusal.js';
import { retryAfterSeconds } from './retry-after.js';
import type { BranchView } from './units.js';

/** Putting a change on the branch at the remote, and knowing what is there. */

/** The network gets a few chances, a busy branch all of them. */
const NETWORK_TRIES = 4;
/** In all. A server that wants more patience than this gets it from the next verb: a job is paid by the minute. */
const MOST_SECONDS = 120;

export async function putAtRemote(parts: {
  readonly mirror: Mirror;
  readonly branch: string;
  readonly author: Author;
  readonly plan: Plan;
}): Promise<Landed | undefined> {
  const { mirror, branch, author, plan } = parts;
  let last: Unreachable | undefined;
  let failures = 0;
  let waited = 0;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) {
      const leastSeconds = last?.askedSeconds(author.now()) ?? 0;
      waited += leastSeconds;
      if (waited > MOST_SECONDS) break;
      await backOff({
        attempt,
        random: author.randomness.bytes(2),
        patience: last?.patience,
        leastSeconds,
      });
    }
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
      await backOff({ attempt, random: parts.randomness.bytes(2) });
    }
  }
}

/** Failed in a way that may pass. */
class Unreachable extends OutsideError {
  /** Another process of this clone that fetches at the same moment. */
  readonly isLocal: boolean;
  /** A network that just failed is given longer than another writer, and a server that asks for patience the longest. */
  readonly patience: 'short' | 'some' | 'long';
  readonly #retryAfter: string | undefined;

  constructor(message: string, kind: 'refused' | 'busy' | 'unreachable', retryAfter?: string) {
    super(retryAfter === undefined ? message : `${message} (retry-after: ${retryAfter.slice(0, 40)})`, {
      mend:
        kind === 'busy'
          ? 'the server asks for patience: try again later'
          : 'check the network and the address: git remote -v',
    });
    this.#retryAfter = retryAfter;
    this.isLocal = kind === 'refused';
    this.patience = kind === 'refused' ? 'short' : kind === 'busy' ? 'long' : 'some';
  }

  /** How long the server asked to wait, in seconds. */
  askedSeconds(now: Date): number | undefined {
    return retryAfterSeconds(this.#retryAfter, now);
  }
}

function unreachable(
  action: 'fetch' | 'push',
  result: GitResult,
  kind: 'refused' | 'busy' | 'unreachable',
): Unreachable {
  const after = kind === 'busy' ? result.retryAfter : undefined;
  return new Unreachable(`git ${action} failed: ${firstComplaint(result.stderr)}`, kind, after);
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
      throw refusal('fetch', result);
    case 'refused':
    case 'busy':
    case 'unreachable':
      throw unreachable('fetch', result, again);
  }
}

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
      }
      throw unreachable('fetch', result, 'unreachable');
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
      throw refusal('push', result, branch);
    case 'absent':
      throw unreachable('push', result, 'unreachable');
    case 'busy':
    case 'unreachable':
      throw unreachable('push', result, problem);
  }
}
