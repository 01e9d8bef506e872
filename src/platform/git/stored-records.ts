import type { AnyRecord } from '../../history/record.js';
import { idFromPath, MAXIMUM_RECORD_BYTES, parseStored } from '../../history/stored.js';
import { parseTree, type TreeEntry } from './branch.js';
import { type Git, gitFailure } from './git.js';

/** Reading records out of commits, by as few processes as there can be: git starts in 5 ms, a thousand do not. */
export interface StoredRecords {
  /**
   * Records under `prefix` (all when empty) whose id starts with `idPrefix`, in any of the commits.
   * @param problems filled with the files that are no records: path and reason
   */
  read(
    commits: readonly string[],
    wanted: { readonly prefix: string; readonly idPrefix: string },
    problems: Map<string, string>,
  ): Promise<readonly AnyRecord[]>;
}

export function openStoredRecords(git: Git): StoredRecords {
  /** By blob: a blob never changes, so what was read once in this process is not read again. */
  const parsed = new Map<string, ReturnType<typeof parseStored>>();
  return {
    read: async (commits, { prefix, idPrefix }, problems) => {
      const entries = new Map<string, TreeEntry>();
      const listings = await Promise.all(commits.map((commit) => listTree(git, commit, prefix)));
      for (const entry of listings.flat()) {
        if (entries.has(entry.path)) continue;
        const problem = entryProblem(entry);
        if (problem) problems.set(entry.path, problem);
        else if (idFromPath(entry.path)?.startsWith(idPrefix)) entries.set(entry.path, entry);
      }
      const chosen = [...entries.values()];
      const unread = chosen.filter((entry) => !parsed.has(entry.id));
      const texts = await readBlobs(
        git,
        unread.map((entry) => entry.id),
      );
      for (const [number, entry] of unread.entries()) {
        const text = texts[number];
        parsed.set(
          entry.id,
          text === undefined ? { problem: 'it is not there' } : parseStored(entry.path, text),
        );
      }
      const records: AnyRecord[] = [];
      for (const entry of chosen) {
        const result = parsed.get(entry.id);
        if (result && 'problem' in result) problems.set(entry.path, result.problem);
        else if (result) records.push(result.record);
      }
      return records;
    },
  };
}

async function listTree(git: Git, commit: string, prefix: string): Promise<readonly TreeEntry[]> {
  const args = ['ls-tree', '-r', '-l', '-z', '--full-tree', commit];
  return parseTree(await git.text(prefix === '' ? args : [...args, '--', prefix]));
}

function entryProblem(entry: TreeEntry): string | undefined {
  if (entry.mode === '120000') return 'it is a symbolic link';
  if (entry.mode === '160000') return 'it is a submodule';
  if (idFromPath(entry.path) === undefined) return 'records are not kept at such a path';
  if (entry.bytes > MAXIMUM_RECORD_BYTES) return `it is larger than any record (${entry.bytes} bytes)`;
  return undefined;
}

/** The text of each blob in the order asked; undefined for one that is not there. */
async function readBlobs(git: Git, ids: readonly string[]): Promise<readonly (string | undefined)[]> {
  if (ids.length === 0) return [];
  const args = ['cat-file', '--batch'];
  const result = await git.run(args, { input: `${ids.join('\n')}\n` });
  if (result.code !== 0) throw gitFailure(args, result);
  const texts: (string | undefined)[] = [];
  let at = 0;
  for (const _ of ids) {
    const end = result.stdout.indexOf(10, at);
    const header = result.stdout.toString('utf8', at, end).split(' ');
    at = end + 1;
    if (header[1] !== 'blob') {
      texts.push(undefined);
      continue;
    }
    const bytes = Number(header[2]);
    texts.push(result.stdout.toString('utf8', at, at + bytes));
    at += bytes + 1;
  }
  return texts;
}
