import type { StoredRecord } from '../../history/archive.js';
import { isCompactedName, readCompacted } from '../../history/compacted.js';
import { recordKind } from '../../history/record.js';
import type { Plan, TreeReader } from './append.js';
import { type BranchFile, PathRefused, PathTaken } from './commit.js';
import { isFolder, parseTree } from './objects.js';

/** Which files an append adds to the tip at hand, and with which message. */

/** A plan that adds files, but for those that are there, be it as a file or as a line of a compacted month. */
export function planFor(
  files: readonly BranchFile[],
  messageFor: (paths: ReadonlySet<string>) => string,
): Plan {
  return async (tip) => {
    const add = await notCompacted(tip, files);
    return { change: { add }, message: messageFor(new Set(add.map((file) => file.path))) };
  };
}

async function notCompacted(tip: TreeReader, files: readonly BranchFile[]): Promise<readonly BranchFile[]> {
  const months = new Map<string, BranchFile[]>();
  for (const file of files) {
    const month = file.path.split('/').slice(0, 4).join('/');
    months.set(month, [...(months.get(month) ?? []), file]);
  }
  const known = new Map<string, string>();
  for (const month of months.keys()) {
    const ids = (await entriesAt(tip, month))
      .filter((entry) => !isFolder(entry) && isCompactedName(entry.name))
      .map((entry) => entry.id);
    if (ids.length === 0) continue;
    for (const text of await tip.readBlobs(ids)) {
      for (const stored of readCompacted(text).records) known.set(stored.path, stored.text);
    }
  }
  const other = files.find((file) => (known.get(file.path) ?? file.text) !== file.text);
  if (other) {
    throw new PathTaken(other.path);
  }
  return files.filter((file) => !known.has(file.path));
}

/** What is in a folder of the branch; nothing when it is not there. */
export async function entriesAt(tip: TreeReader, path: string): Promise<ReturnType<typeof parseTree>> {
  let id = tip.tree;
  for (const name of path.split('/')) {
    if (id === undefined) return [];
    id = parseTree(await tip.readTree(id), tip.hash).find(
      (entry) => entry.name === name && isFolder(entry),
    )?.id;
  }
  return id === undefined ? [] : parseTree(await tip.readTree(id), tip.hash);
}

/** The subject names the first; the body has one line each, as long as somebody would read it. */
export function messageOf(records: readonly StoredRecord[]): (paths: ReadonlySet<string>) => string {
  return (paths) => {
    const names = records
      .filter(({ path }) => paths.has(path))
      .map(({ record }) =>
        [recordKind(record), record.model ?? record.dataset, record.id].filter(Boolean).join(' '),
      );
    const [first = ''] = names;
    if (names.length <= 1) return first;
    return [`${first} and ${names.length - 1} more`, '', ...names.slice(0, 100)].join('\n');
  };
}

/** What was put, and what the branch has no place for, with the reason. */
interface Fitting {
  readonly added: readonly string[];
  readonly refused: ReadonlyMap<StoredRecord, PathRefused>;
}

/**
 * Puts `records` all or none, together with as many of `waiting` as the branch has a place for: one that can never be
 * put must not hold up the others for ever. Throws PathRefused for one of `records`.
 */
export async function putFitting(parts: {
  readonly records: readonly StoredRecord[];
  readonly waiting: readonly StoredRecord[];
  readonly put: (plan: Plan) => Promise<readonly string[]>;
}): Promise<Fitting> {
  const refused = new Map<StoredRecord, PathRefused>();
  for (;;) {
    const all = [...parts.records, ...parts.waiting.filter((one) => !refused.has(one))];
    if (all.length === 0) return { added: [], refused };
    try {
      return { added: await parts.put(planFor(all, messageOf(all))), refused };
    } catch (error) {
      if (!(error instanceof PathRefused)) throw error;
      const lies = ({ path }: StoredRecord) => path === error.path || path.startsWith(`${error.path}/`);
      const hit = all.filter(lies);
      if (hit.length === 0 || parts.records.some(lies)) throw error;
      for (const one of hit) refused.set(one, error);
    }
  }
}
