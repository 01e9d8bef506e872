import { OutsideError } from '../../errors.js';
import type { Randomness } from '../../history/port.js';
import { type Author, commitOn, type Landed, type Plan, TRIES } from './append.js';
import { backOff } from './branch.js';
import { remoteReader, storeIn } from './bring.js';
import type { Mirror } from './mirror.js';
import { refusal, remoteProblem } from './refusal.js';
import { DAMAGED, Unreachable, unreachable } from './unreachable.js';

/** Putting a change on the branch at the remote, and asking for its tip. */

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
      if (DAMAGED.test(error.message)) await mirror.reset({ whole: false });
      if (error.isLocal) await mirror.removeStaleLocks();
      else failures += 1;
      if (failures >= (error.patience === 'long' ? 2 * NETWORK_TRIES : NETWORK_TRIES)) break;
    }
  }
  throw last ?? new OutsideError(`the branch at the remote was moved by others at each of ${TRIES} tries`);
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

async function fetchTip(mirror: Mirror, branch: string): Promise<string | undefined> {
  let result = await mirror.fetchTip(branch);
  const problem = result.code === 0 ? undefined : remoteProblem(result);
  if ((problem === 'unreachable' || problem === 'refused') && DAMAGED.test(result.stderr)) {
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
