import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OutsideError, UserError } from '../../errors.js';
import type { Randomness } from '../../history/port.js';
import { backOff, moveBranch, removeStaleLock } from './branch.js';
import { type Change, changeTree, commitOf } from './commit.js';
import type { Git } from './git.js';
import type { ObjectReader } from './object-reader.js';
import { type GitObject, type HashName, treeOfCommit } from './objects.js';
import { storeObjects } from './store-objects.js';
import type { BranchView } from './units.js';

/** Putting a change on the history branch, here or at the remote, among others who do the same. */

/** A matrix of many jobs ends at one moment, and each push of one refuses all others'. */
export const TRIES = 24;
export interface Author {
  readonly hash: HashName;
  readonly identity: { readonly author: string; readonly committer: string };
  now(): Date;
  readonly randomness: Randomness;
}

/** What is to be put on the tip, worked out again whenever the tip is another. */
export type Plan = (tip: TreeReader) => Promise<{ readonly change: Change; readonly message: string }>;

/** The branch at one moment. */
export interface TreeReader {
  readonly hash: HashName;
  /** Undefined when there is no branch yet. */
  readonly view: BranchView | undefined;
  /** Undefined when there is no branch yet. */
  readonly tree: string | undefined;
  readTree(id: string): Promise<Buffer>;
  readBlobs(ids: readonly string[]): Promise<readonly string[]>;
  /** Writes objects ahead of the commit, so that a large change need not be in memory as a whole. */
  store(objects: readonly GitObject[]): Promise<void>;
}

export interface Landed {
  readonly commit: string;
  /** Paths that this change brought; those that were there already are not among them. */
  readonly added: readonly string[];
}

export async function putLocally(parts: {
  readonly git: Git;
  readonly objects: ObjectReader;
  readonly refs: { readonly local: string; readonly tracking: string };
  /** The `.git` that holds the branches. */
  readonly common: string;
  readonly author: Author;
  readonly plan: Plan;
}): Promise<Landed | undefined> {
  const { git, objects, refs, author, plan } = parts;
  const lock = join(parts.common, `${refs.local}.lock`);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await backOff({ attempt, random: author.randomness.bytes(2) });
    const from = await localTip(git, refs.local);
    // A first local record goes on top of what was fetched, so that the branch can be pushed later as it is.
    const base = from ?? (await objects.read(`${refs.tracking}^{commit}`))?.id;
    const made = await commitOn(base, {
      tip: await localReader({ git, objects, commit: base, hash: author.hash }),
      author,
      plan,
    });
    if (made === undefined && base === from) return undefined;
    const commit = made?.commit.id ?? base;
    if (commit === undefined) return undefined;
    if (made) await storeObjects(git, [...made.objects, made.commit], author.hash);
    if (await moveBranch(git, { ref: refs.local, from, to: commit }))
      return { commit, added: made?.added ?? [] };
    await removeStaleLock(lock);
  }
  if (existsSync(lock)) {
    throw new OutsideError(
      `the file ${lock} is in the way: another git works on this branch, or one was killed`,
      {
        mend: 'when no git is running any more: remove the file',
      },
    );
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

async function localReader(parts: {
  readonly git: Git;
  readonly objects: ObjectReader;
  readonly commit: string | undefined;
  readonly hash: HashName;
}): Promise<TreeReader> {
  const { git, objects, commit, hash } = parts;
  const must = async (id: string) => {
    const found = await objects.read(id);
    if (found) return found.body;
    throw new OutsideError(`the object ${id} of the history is not in this repository`, {
      mend: 'look for damage: git fsck',
    });
  };
  return {
    hash,
    tree: commit === undefined ? undefined : treeOfCommit(await must(commit)),
    readTree: must,
    readBlobs: (ids) => Promise.all(ids.map(async (id) => (await must(id)).toString('utf8'))),
    view: commit === undefined ? undefined : localView(objects, commit),
    store: (made) => storeObjects(git, made, hash),
  };
}

/** The branch in the user's repository. Nothing is brought: what is not here, is not here. */
export function localView(objects: ObjectReader, commit: string): BranchView {
  return { commit, objects, bring: async () => {} };
}

/** Undefined when the tip holds everything already. */
export async function commitOn(
  base: string | undefined,
  parts: { readonly tip: TreeReader; readonly author: Author; readonly plan: Plan },
) {
  const { tip, author, plan } = parts;
  const { change, message } = await plan(tip);
  const { tree, objects, added } = await changeTree(tip, change);
  if (tree === tip.tree) return undefined;
  const commit = commitOf({
    hash: author.hash,
    tree,
    tip: base,
    identity: author.identity,
    time: author.now(),
    message,
  });
  return { commit, objects, added };
}
