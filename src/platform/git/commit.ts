import { UserError } from '../../errors.js';

import {
  type GitObject,
  type HashName,
  isFolder,
  makeCommit,
  makeObject,
  makeTree,
  parseTree,
  type TreeEntry,
} from './objects.js';

/**
 * Commits on a branch that nobody has checked out, folder by folder: only the folders on the way to a changed file are
 * read and written, so the cost does not grow with the history.
 */

export interface BranchFile {
  readonly path: string;
  readonly text: string;
}

/** What is on the branch does not let a file be put at its path. */
export class PathRefused extends UserError {
  /** Of the file, or of the folder on the way to it. */
  readonly path: string;

  constructor(path: string, message: string, mend: string) {
    super(message, { mend });
    this.path = path;
  }
}

/** Somebody made another record of the same id: by hand, for ids are random. */
export class PathTaken extends PathRefused {
  constructor(path: string) {
    super(
      path,
      `the history holds ${path} already, with other content`,
      'a record is never overwritten; if it waits in .assay/unsent, remove it there',
    );
  }
}

/** Somebody put a file, a link or a submodule where a folder must be, or the reverse: it is not followed. */
class PathBlocked extends PathRefused {
  constructor(path: string, entry: TreeEntry, wanted: 'folder' | 'record') {
    const what = isFolder(entry)
      ? 'a folder'
      : entry.mode === '120000'
        ? 'a symbolic link'
        : entry.mode === '160000'
          ? 'a submodule'
          : 'a file';
    super(
      path,
      `on the branch of the history ${path} is ${what}, where there must be a ${wanted}`,
      'remove it from the branch: git worktree add FOLDER BRANCH; then git rm, git commit and git push there',
    );
  }
}

export interface Change {
  /** By text, or by the id of a blob that is stored already. */
  readonly add: readonly (BranchFile | { readonly path: string; readonly id: string })[];
  /** Paths that go, and folders that become empty by it; those that are gone already are left so. */
  readonly remove?: readonly string[];
  /** Paths in `add` that may replace what is there: the files of a compaction, never a record. */
  readonly replace?: boolean;
}

export interface Base {
  readonly hash: HashName;
  /** A tree that must be there; undefined when the commit starts a history. */
  readonly tree: string | undefined;
  /** The tree of that id. Throws when it cannot be had. */
  readTree(id: string): Promise<Buffer>;
}

export interface NewTree {
  readonly tree: string;
  /** What is not in the base: trees and blobs. */
  readonly objects: readonly GitObject[];
  /** Paths that are new; empty when the base holds everything already. */
  readonly added: readonly string[];
}

interface Folder {
  readonly files: Map<string, GitObject | { readonly id: string }>;
  readonly folders: Map<string, Folder>;
  readonly gone: string[];
}

/**
 * The tree with the change. Throws PathTaken when a path is there with other content, for a record is never overwritten,
 * and PathBlocked when there is no way to it.
 */
export async function changeTree(base: Base, change: Change): Promise<NewTree> {
  const root = newFolder();
  for (const path of change.remove ?? []) {
    const names = path.split('/');
    folderAt(root, names.slice(0, -1)).gone.push(names.at(-1) ?? '');
  }
  for (const file of change.add) {
    const names = file.path.split('/');
    const blob = 'id' in file ? file : makeObject(base.hash, 'blob', Buffer.from(file.text));
    folderAt(root, names.slice(0, -1)).files.set(names.at(-1) ?? '', blob);
  }
  const objects: GitObject[] = [];
  const added: string[] = [];
  /** Undefined for a folder without entries: git has none such. */
  const visit = async (folder: Folder, id: string | undefined, path: string): Promise<string | undefined> => {
    const before = id === undefined ? [] : parseTree(await base.readTree(id), base.hash);
    const entries = new Map<string, TreeEntry>(before.map((entry) => [entry.name, entry]));
    for (const name of folder.gone) entries.delete(name);
    for (const [name, blob] of folder.files) {
      const there = entries.get(name);
      if (there?.id === blob.id) continue;
      if (there && isFolder(there)) throw new PathBlocked(path + name, there, 'record');
      if (there && !change.replace) throw new PathTaken(path + name);
      entries.set(name, { mode: '100644', name, id: blob.id });
      if ('body' in blob) objects.push(blob);
      added.push(path + name);
    }
    for (const [name, inner] of folder.folders) {
      const there = entries.get(name);
      if (there && !isFolder(there)) throw new PathBlocked(path + name, there, 'folder');
      const changed = await visit(inner, there?.id, `${path}${name}/`);
      if (changed === undefined) entries.delete(name);
      else entries.set(name, { mode: '40000', name, id: changed });
    }
    if (entries.size === 0) return undefined;
    const tree = makeTree([...entries.values()], base.hash);
    if (tree.id !== id) objects.push(tree);
    return tree.id;
  };
  const tree = (await visit(root, base.tree, '')) ?? emptyTree(base.hash, objects);
  return { tree, objects, added };
}

function emptyTree(hash: HashName, objects: GitObject[]): string {
  const tree = makeTree([], hash);
  objects.push(tree);
  return tree.id;
}

function newFolder(): Folder {
  return { files: new Map(), folders: new Map(), gone: [] };
}

function folderAt(root: Folder, names: readonly string[]): Folder {
  let at = root;
  for (const name of names) {
    const next = at.folders.get(name) ?? newFolder();
    at.folders.set(name, next);
    at = next;
  }
  return at;
}

/** A commit of the tree on top of `tip`. */
export function commitOf(parts: {
  readonly hash: HashName;
  readonly tree: string;
  readonly tip: string | undefined;
  readonly identity: { readonly author: string; readonly committer: string };
  readonly time: Date;
  readonly message: string;
}): GitObject {
  const when = `${Math.floor(parts.time.getTime() / 1000)} +0000`;
  return makeCommit(
    {
      tree: parts.tree,
      parent: parts.tip,
      author: `${parts.identity.author} ${when}`,
      committer: `${parts.identity.committer} ${when}`,
      message: parts.message,
    },
    parts.hash,
  );
}
