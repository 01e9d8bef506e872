import { rm, stat } from 'node:fs/promises';
import { UserError } from '../../errors.js';
import { type Git, gitFailure } from './git.js';

/** The name of the branch, moving it, and waiting for others who move it. */

/**
 * Moves a branch from `from` to `to` unless somebody else was first.
 * @returns false when the branch is no longer at `from`
 */
export async function moveBranch(
  git: Git,
  move: { readonly ref: string; readonly from: string | undefined; readonly to: string },
): Promise<boolean> {
  // An all-zero old value means: must not exist yet. Its length is that of the repository's hash.
  const old = move.from ?? '0'.repeat(move.to.length);
  const args = ['update-ref', '-m', 'assay: append', move.ref, move.to, old];
  const result = await git.run(args);
  if (result.code === 0) return true;
  if (
    /cannot lock ref|reference already exists|but expected|unable to resolve reference/i.test(result.stderr)
  ) {
    if (/No space left|Read-only file system|Permission denied|Not a directory/i.test(result.stderr)) {
      throw gitFailure(args, result);
    }
    return false;
  }
  throw gitFailure(args, result);
}

/**
 * Older locks are taken to be of a git that was killed: what is locked here is written in an instant, or can be had again.
 * One that lives and loses its lock fails, and is tried again.
 */
const LOCK_SECONDS = 30;

export async function removeStaleLock(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found && Date.now() - found.mtimeMs > LOCK_SECONDS * 1000)
    await rm(path, { force: true }).catch(() => {});
}

/** Milliseconds, doubled with each try up to the longest. */
const PATIENCE = {
  /** Another writer was first. */
  short: { first: 50, longest: 8000 },
  /** The network or the server failed. */
  some: { first: 400, longest: 8000 },
  /** The server asks for patience. */
  long: { first: 1000, longest: 30_000 },
} as const;

/** Waits before the next try, at least as long as the server asked for, with jitter so that racing writers part ways. */
export async function backOff(wait: {
  readonly attempt: number;
  /** Two random bytes. */
  readonly random: Uint8Array;
  readonly patience?: keyof typeof PATIENCE | undefined;
  readonly leastSeconds?: number | undefined;
}): Promise<void> {
  const { attempt, random, leastSeconds = 0 } = wait;
  const { first, longest } = PATIENCE[wait.patience ?? 'short'];
  const most = Math.min(first * 2 ** attempt, longest);
  const share = ((random[0] ?? 0) * 256 + (random[1] ?? 0)) / 65_536;
  await new Promise((resolve) => setTimeout(resolve, leastSeconds * 1000 + most * (0.25 + 0.75 * share)));
}

/**
 * Throws UserError for a branch name that git refuses (git-check-ref-format), or that could be taken for an option.
 */
export function checkBranchName(branch: string): void {
  const parts = branch.split('/');
  const isName =
    branch !== '@' &&
    !/^-|\.\.|@\{|\.$|[\0-\x20\x7f~^:?*[\\]/.test(branch) &&
    parts.every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
  if (isName) return;
  throw new UserError(`history.branch: ${JSON.stringify(branch)} is not a name for a branch`, {
    mend: 'the default is: history: { branch: assay }',
  });
}
