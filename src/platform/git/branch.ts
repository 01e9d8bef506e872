import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import type { Clock } from '../../history/port.js';
import { type Git, gitFailure } from './git.js';

/** Commits on a branch that nobody has checked out: plumbing in a temporary index, the user's own never touched. */

export interface BranchFile {
  readonly path: string;
  readonly text: string;
}

export interface Committer {
  /** A commit that adds the files to `tip` (or starts a history); `tip` itself when it holds them all already. */
  commit(tip: string | undefined, files: readonly BranchFile[], message: string): Promise<string>;
}

const FALLBACK = { name: 'Assay', email: 'assay@users.noreply.github.com' };

export function openCommitter(git: Git, clock: Clock): Committer {
  let identity: Promise<Record<string, string>> | undefined;
  return {
    commit: async (tip, files, message) => {
      const folder = await mkdtemp(join(tmpdir(), 'assay-index-'));
      try {
        const place = { tip, folder };
        const fresh = await filesToAdd(git, place, files);
        if (tip !== undefined && fresh.length === 0) return tip;
        const tree = await writeTree(git, place, fresh);
        identity ??= readIdentity(git);
        const date = `@${Math.floor(clock.now().getTime() / 1000)} +0000`;
        return await git.text(['commit-tree', tree, ...(tip === undefined ? [] : ['-p', tip])], {
          input: `${message}\n`,
          env: { ...(await identity), GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
        });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Somebody made another record of the same id: by hand, for ids are random. */
export class PathTaken extends UserError {}

interface Blob {
  readonly path: string;
  readonly id: string;
}

/** Writes the blobs and leaves out those that are there already. A record is never overwritten. */
async function filesToAdd(
  git: Git,
  place: { readonly tip: string | undefined; readonly folder: string },
  files: readonly BranchFile[],
): Promise<readonly Blob[]> {
  const blobs = await writeBlobs(git, place.folder, files);
  if (place.tip === undefined) return blobs;
  const args = ['ls-tree', '-z', '--full-tree', place.tip, ...blobs.map((blob) => blob.path)];
  const there = new Map(parseTree(await git.text(args)).map((entry) => [entry.path, entry.id]));
  const other = blobs.find((blob) => there.has(blob.path) && there.get(blob.path) !== blob.id);
  if (other) {
    throw new PathTaken(`the history holds ${other.path} already, with other content`, {
      mend: 'a record is never overwritten; if it waits in .assay/unsent, remove it there',
    });
  }
  return blobs.filter((blob) => !there.has(blob.path));
}

/** By one process for all of them: an import may bring thousands. */
async function writeBlobs(git: Git, folder: string, files: readonly BranchFile[]): Promise<readonly Blob[]> {
  const paths: string[] = [];
  for (const [number, file] of files.entries()) {
    const path = join(folder, `blob-${number}`);
    await writeFile(path, file.text);
    paths.push(`${path}\n`);
  }
  const ids = await git.text(['hash-object', '-w', '--no-filters', '--stdin-paths'], {
    input: paths.join(''),
  });
  return ids.split('\n').map((id, number) => ({ id, path: files[number]?.path ?? '' }));
}

export interface TreeEntry extends Blob {
  /** `100644` a file, `120000` a symbolic link, `160000` a submodule. */
  readonly mode: string;
  /** Known with `-l` only. */
  readonly bytes: number;
}

/** The output of `git ls-tree -z`, with or without `-l`. */
export function parseTree(listing: string): readonly TreeEntry[] {
  return listing
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', , id = '', bytes = ''] = line.slice(0, tab).split(/ +/);
      return { mode, id, path: line.slice(tab + 1), bytes: Number(bytes) || 0 };
    });
}

async function writeTree(
  git: Git,
  place: { readonly tip: string | undefined; readonly folder: string },
  blobs: readonly Blob[],
): Promise<string> {
  const env = { GIT_INDEX_FILE: join(place.folder, 'index') };
  if (place.tip !== undefined) await git.text(['read-tree', place.tip], { env });
  const input = blobs.map((blob) => `100644 ${blob.id}\t${blob.path}\0`).join('');
  await git.text(['update-index', '--add', '-z', '--index-info'], { env, input });
  return git.text(['write-tree'], { env });
}

/** The user's name as git knows it; Assay's own where none is configured, as on a runner. */
export async function readIdentity(git: Git): Promise<Record<string, string>> {
  const configured = await git.run(['config', '--get-regexp', '^user\\.(name|email)$']);
  const lines = configured.stdout.toString('utf8').split('\n');
  const value = (key: string) =>
    lines.findLast((line) => line.startsWith(`${key} `))?.slice(key.length + 1) || undefined;
  const person = { name: value('user.name'), email: value('user.email') };
  const { name, email } = person.name && person.email ? { name: person.name, email: person.email } : FALLBACK;
  return {
    GIT_AUTHOR_NAME: git.env.GIT_AUTHOR_NAME || name,
    GIT_AUTHOR_EMAIL: git.env.GIT_AUTHOR_EMAIL || email,
    GIT_COMMITTER_NAME: git.env.GIT_COMMITTER_NAME || name,
    GIT_COMMITTER_EMAIL: git.env.GIT_COMMITTER_EMAIL || email,
  };
}

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

/** Waits before the next try: up to twice as long each time, with jitter so that racing writers part ways. */
export async function backOff(attempt: number, random: Uint8Array): Promise<void> {
  const longest = Math.min(50 * 2 ** attempt, 8000);
  const share = ((random[0] ?? 0) * 256 + (random[1] ?? 0)) / 65_536;
  await new Promise((resolve) => setTimeout(resolve, longest * (0.25 + 0.75 * share)));
}

/** Throws UserError for a branch name that git refuses; called before anything is written. */
export async function checkBranchName(git: Git, branch: string): Promise<void> {
  if (branch.startsWith('-') || (await git.run(['check-ref-format', `refs/heads/${branch}`])).code !== 0) {
    throw new UserError(`history.branch: ${JSON.stringify(branch)} is not a name for a branch`, {
      mend: 'the default is: history: { branch: assay }',
    });
  }
}
