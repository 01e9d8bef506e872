import { OutsideError, UserError } from '../../errors.js';
import type { Randomness } from '../../history/port.js';
import type { AnyRecord } from '../../history/record.js';
import { type BranchFile, backOff, type Committer, moveBranch, PathTaken } from './branch.js';
import { firstComplaint, type Git, gitFailure } from './git.js';
import { type Remote, remoteProblem } from './remote.js';
import type { Unsent } from './unsent.js';

/** Appending files to the history branch, here or at the remote, among others who do the same. */

/** A matrix of many jobs ends at one moment, and each push of one refuses all others'. */
const TRIES = 20;

interface Refs {
  readonly local: string;
  readonly tracking: string;
  readonly fetched: string;
}

export interface Change {
  readonly git: Git;
  readonly refs: Refs;
  readonly committer: Committer;
  readonly files: readonly BranchFile[];
  readonly message: string;
  readonly randomness: Randomness;
}

export async function addLocally({
  git,
  refs,
  committer,
  files,
  message,
  randomness,
}: Change): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await backOff(attempt, randomness.bytes(2));
    const from = await localTip(git, refs.local);
    // A first local record goes on top of what was fetched, so that the branch can be pushed later as it is.
    const base = from ?? (await readRef(git, refs.tracking));
    const to = await committer.commit(base, files, message);
    if (to === from || (await moveBranch(git, { ref: refs.local, from, to }))) return;
  }
  throw new OutsideError(`${refs.local} was moved by others at each of ${TRIES} tries`);
}

/** Throws UserError when the branch is checked out: moving it would leave that checkout behind. */
async function localTip(git: Git, ref: string): Promise<string | undefined> {
  const found = await git.text(['for-each-ref', '--format=%(objectname) %(worktreepath)', ref]);
  const [tip = '', ...rest] = found.split('\n')[0]?.split(' ') ?? [];
  const checkout = rest.join(' ');
  if (checkout === '') return tip || undefined;
  throw new UserError(`the branch ${ref.slice('refs/heads/'.length)} is checked out in ${checkout}`, {
    mend: 'switch to another branch there, or name another branch: history: { branch: assay }',
  });
}

async function readRef(git: Git, ref: string): Promise<string | undefined> {
  const result = await git.run(['rev-parse', '--verify', '--quiet', ref]);
  return result.code === 0 ? result.stdout.toString('utf8').trim() : undefined;
}

export async function pushRecords({ remote, ...parts }: Change & { readonly remote: Remote }): Promise<void> {
  const { git, refs, committer, files, message, randomness } = parts;
  let last: unknown;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const failed = last instanceof Unreachable && !last.busy;
    // A network that just failed is given longer than another writer.
    if (attempt > 0) await backOff(attempt + (failed ? 3 : 0), randomness.bytes(2));
    try {
      const tip = await fetchTip(git, remote, refs);
      const commit = await committer.commit(tip, files, message);
      if (commit === tip || (await pushCommit(remote, commit, refs.local))) {
        await git.run(['update-ref', refs.fetched, commit]);
        return;
      }
      last = undefined;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      last = error;
      // The network gets a few chances, a busy branch all of them.
      if (!error.busy && attempt >= 3) break;
    }
  }
  throw last ?? new OutsideError(`the branch at the remote was moved by others at each of ${TRIES} tries`);
}

/** Waits for another process of this clone that fetches; does not try the network again. */
export async function fetchForReading(
  parts: Pick<Change, 'git' | 'refs' | 'randomness'> & { readonly remote: Remote },
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await fetchTip(parts.git, parts.remote, parts.refs);
      return;
    } catch (error) {
      if (!(error instanceof Unreachable && error.busy) || attempt >= TRIES) throw error;
      await backOff(attempt, parts.randomness.bytes(2));
    }
  }
}

/** Failed in a way that may pass: the network, or another process of this clone that fetches at the same moment. */
class Unreachable extends OutsideError {
  readonly busy: boolean;

  constructor(message: string, busy: boolean) {
    super(message, { mend: 'check the network and the address: git remote -v' });
    this.busy = busy;
  }
}

/** Brings the remote's branch; undefined when the remote has none yet. Never with `--depth`: that would cut a full clone. */
async function fetchTip(git: Git, remote: Remote, refs: Refs): Promise<string | undefined> {
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
  // --no-filter: in a partial clone, records fetched one by one on reading would be slow.
  const result = await remote.run([...args, '--no-filter', remote.name, `+${refs.local}:${refs.fetched}`]);
  if (result.code === 0) return readRef(git, refs.fetched);
  const problem = remoteProblem(result);
  switch (problem) {
    case 'absent':
      // What an earlier fetch brought is gone at the remote; it must not come back with the next push.
      await git.run(['update-ref', '-d', refs.fetched]);
      return undefined;
    case 'denied':
      throw gitFailure(args, result, DENIED);
    case 'refused':
    case 'unreachable':
      throw new Unreachable(`git fetch failed: ${firstComplaint(result.stderr)}`, problem === 'refused');
  }
}

const DENIED =
  'in a workflow: permissions: { contents: write }; elsewhere ASSAY_TOKEN, or the rights of the remote';

/** @returns false when somebody else was first */
async function pushCommit(remote: Remote, commit: string, ref: string): Promise<boolean> {
  // --no-verify: the team's pre-push hook guards their code, not these records.
  const args = ['push', '--quiet', '--no-verify', '--recurse-submodules=no', remote.name, `${commit}:${ref}`];
  const result = await remote.run(args);
  if (result.code === 0) return true;
  switch (remoteProblem(result)) {
    case 'refused':
      return false;
    case 'denied':
      throw gitFailure(args, result, DENIED);
    case 'absent':
    case 'unreachable':
      throw new Unreachable(`git push failed: ${firstComplaint(result.stderr)}`, false);
  }
}

/**
 * Nothing measured is lost: what could not be appended waits in a folder for the next append.
 * @returns the error to throw
 */
export async function keepUnsent(
  error: unknown,
  unsent: Unsent,
  records: readonly AnyRecord[],
): Promise<unknown> {
  if (!(error instanceof OutsideError || error instanceof UserError) || error instanceof PathTaken)
    return error;
  try {
    await unsent.keep(records);
  } catch {
    return error;
  }
  const what = records.length === 1 ? 'the record is' : `${records.length} records are`;
  const kept = `${what} kept in ${unsent.folder}, and the next append takes them along`;
  const detail = { cause: error, mend: error.mend ? `${error.mend}; ${kept}` : kept };
  const message = `the history could not be written: ${error.message}`;
  return error instanceof OutsideError ? new OutsideError(message, detail) : new UserError(message, detail);
}
