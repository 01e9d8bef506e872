import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Git } from './git.js';

/** Where a repository lies (absolute paths). */
export interface Place {
  /** Top of the checkout; the folder itself in a bare repository. */
  readonly top: string;
  /** The `.git` that all worktrees of a clone share. */
  readonly common: string;
}

/** Looks at the files, as git does; asks git where they are not of the usual form. Throws UserError outside a repository. */
export async function findPlace(git: Git): Promise<Place> {
  for (let at = resolve(git.folder); ; at = dirname(at)) {
    const common = (await isRepository(join(at, '.git'))) ? join(at, '.git') : await linked(at);
    if (common !== undefined) return { top: at, common };
    if (await isRepository(at)) return { top: at, common: at };
    if (dirname(at) === at) break;
  }
  const common = await git.text(['rev-parse', '--git-common-dir']);
  const top = await git.run(['rev-parse', '--show-toplevel']);
  return {
    top: top.code === 0 ? top.stdout.toString('utf8').trim() : git.folder,
    common: resolve(git.folder, common),
  };
}

async function isRepository(folder: string): Promise<boolean> {
  const there = await Promise.all([
    exists(join(folder, 'HEAD')),
    exists(join(folder, 'objects')),
    exists(join(folder, 'refs')),
  ]);
  return there.every(Boolean);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A worktree or a submodule: `.git` is a file that names the real one. */
async function linked(at: string): Promise<string | undefined> {
  const gitDir = /^gitdir: (.+)$/m.exec(await textOf(join(at, '.git')))?.[1];
  if (gitDir === undefined) return undefined;
  const folder = resolve(at, gitDir);
  const common = (await textOf(join(folder, 'commondir'))).trim();
  const found = common === '' ? folder : resolve(folder, common);
  return (await isRepository(found)) ? found : undefined;
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
