import { OutsideError } from '../../errors.js';
import { isCompactedName } from '../../history/compacted.js';
import { idFromPath, isOwner } from '../../history/stored.js';
import type { ObjectReader } from './object-reader.js';
import { type HashName, hashOf, isFolder, parseTree, type TreeEntry, treeOfCommit } from './objects.js';

/** The history as it lies in one commit, in parts that are read and indexed as a whole. */

/** A commit of the branch, and how its objects are had. */
export interface BranchView {
  readonly commit: string;
  readonly objects: ObjectReader;
  /** Brings objects that are not here with all below them; does nothing where there is nowhere to bring them from. */
  bring(ids: readonly string[], extent: 'one' | 'whole'): Promise<void>;
}

/** The days of the newest month of an owner, and each earlier month: what no longer changes is read once. */
export interface Unit {
  readonly view: BranchView;
  readonly form: 'month' | 'day' | 'compacted';
  readonly kind: string;
  readonly owner: string;
  /** `runs/income/2026/01`, `runs/income/2026/02/03`. */
  readonly path: string;
  readonly id: string;
}

export interface Wanted {
  readonly kind?: string | undefined;
  readonly owner?: string | undefined;
  /** Digits that the date starts with, `20260203`; all when empty. */
  readonly date?: string | undefined;
}

export type Problems = Map<string, string>;

const NO_PLACE = 'records are not kept at such a path';

interface Owner {
  readonly kind: string;
  readonly owner: string;
  readonly path: string;
  readonly id: string;
}

type Open = (id: string) => Promise<readonly TreeEntry[]>;

/** What is read and indexed as a whole, in the order of the paths. */
export async function unitsOf(
  view: BranchView,
  wanted: Wanted,
  problems: Problems,
): Promise<readonly Unit[]> {
  const months = await monthsOf(view, wanted, problems);
  const newest = new Map<string, string>();
  for (const { kind, owner, path } of months) newest.set(`${kind} ${owner}`, path);
  const hash = hashOf(view.commit);
  const lists = await Promise.all(
    months.map(async (month) => {
      if (newest.get(`${month.kind} ${month.owner}`) !== month.path) return [month];
      return daysOf(month, { entries: await openTree(view, month.id, hash), wanted, problems });
    }),
  );
  const fits = fitting(wanted);
  return lists.flat().filter((unit) => unit.form !== 'month' || fits(digitsOf(unit.path)));
}

/** Every month of every owner, the newest too, as one unit each. */
export async function monthsOf(
  view: BranchView,
  wanted: Wanted,
  problems: Problems,
): Promise<readonly Unit[]> {
  const commit = await view.objects.read(view.commit);
  if (!commit) throw new OutsideError(`the commit ${view.commit} of the history is not in this repository`);
  const hash = hashOf(view.commit);
  const open: Open = (id) => openTree(view, id, hash);
  const owners: Owner[] = [];
  for (const entry of await open(treeOfCommit(commit.body))) {
    const kind = /^([a-z]+)s$/.exec(entry.name)?.[1];
    if (kind === undefined || !isFolder(entry)) {
      // A README on the branch is a kindness to who looks at it there.
      if (wanted.kind === undefined && entry.name !== 'README.md') problems.set(entry.name, NO_PLACE);
    } else if (wanted.kind === undefined || wanted.kind === kind) {
      owners.push(...ownersOf(kind, { entries: await open(entry.id), wanted, problems }));
    }
  }
  const lists = await Promise.all(owners.map((owner) => monthsOfOwner(view, { owner, open, problems })));
  return lists.flat();
}

function ownersOf(
  kind: string,
  folder: { readonly entries: readonly TreeEntry[]; readonly wanted: Wanted; readonly problems: Problems },
): readonly Owner[] {
  return folder.entries.flatMap((entry) => {
    if (folder.wanted.owner !== undefined && entry.name !== folder.wanted.owner) return [];
    const path = `${kind}s/${entry.name}`;
    if (isFolder(entry) && isOwner(entry.name)) return [{ kind, owner: entry.name, path, id: entry.id }];
    folder.problems.set(path, NO_PLACE);
    return [];
  });
}

async function monthsOfOwner(
  view: BranchView,
  request: { readonly owner: Owner; readonly open: Open; readonly problems: Problems },
): Promise<readonly Unit[]> {
  const { owner, open, problems } = request;
  const months: Unit[] = [];
  for (const year of await open(owner.id)) {
    const path = `${owner.path}/${year.name}`;
    if (!isFolder(year) || !/^\d{4}$/.test(year.name)) {
      problems.set(path, NO_PLACE);
      continue;
    }
    for (const month of await open(year.id)) {
      const inner = `${path}/${month.name}`;
      if (!isFolder(month) || !/^\d{2}$/.test(month.name)) problems.set(inner, NO_PLACE);
      else
        months.push({ view, form: 'month', kind: owner.kind, owner: owner.owner, path: inner, id: month.id });
    }
  }
  return months;
}

function daysOf(
  month: Unit,
  folder: { readonly entries: readonly TreeEntry[]; readonly wanted: Wanted; readonly problems: Problems },
): readonly Unit[] {
  const fits = fitting(folder.wanted);
  return folder.entries.flatMap((entry) => {
    const path = `${month.path}/${entry.name}`;
    const form = formOf(entry);
    if (form === undefined) folder.problems.set(path, NO_PLACE);
    const isWanted = form === 'compacted' || fits(digitsOf(path));
    return form === undefined || !isWanted ? [] : [{ ...month, form, path, id: entry.id }];
  });
}

/** `runs/income/2026/01/02` is 20260102. */
function digitsOf(path: string): string {
  return path.split('/').slice(2).join('');
}

function fitting(wanted: Wanted): (digits: string) => boolean {
  return (digits) => {
    const date = wanted.date ?? '';
    return date.length < digits.length ? digits.startsWith(date) : date.startsWith(digits);
  };
}

/** Of an entry of a month. */
function formOf(entry: TreeEntry): 'day' | 'compacted' | undefined {
  if (isFolder(entry)) return /^\d{2}$/.test(entry.name) ? 'day' : undefined;
  return isFile(entry) && isCompactedName(entry.name) ? 'compacted' : undefined;
}

function isFile(entry: TreeEntry): boolean {
  return entry.mode === '100644' || entry.mode === '100755' || entry.mode === '100664';
}

async function openTree(view: BranchView, id: string, hash: HashName): Promise<readonly TreeEntry[]> {
  let tree = await view.objects.read(id);
  if (!tree) {
    await view.bring([id], 'one');
    tree = await view.objects.read(id);
  }
  if (tree) return parseTree(tree.body, hash);
  throw new OutsideError(`a folder of the history is not in this repository: ${id}`, {
    mend: 'look for damage: git fsck; a clone that lacks it may fetch it: git fetch origin',
  });
}

/** A file of a unit: a record, or a file of many. */
export interface UnitFile {
  readonly path: string;
  readonly id: string;
  readonly compacted: boolean;
}

/** The files of a unit that may be records, in the order of their paths; the others are told. */
export async function filesOf(unit: Unit, problems: Problems): Promise<readonly UnitFile[]> {
  const { view, path, id } = unit;
  if (unit.form === 'compacted') return [{ path, id, compacted: true }];
  const hash = hashOf(view.commit);
  if (unit.form === 'day') return filesOfDay(path, await openTree(view, id, hash), problems);
  const files: UnitFile[] = [];
  const entries = await openTree(view, id, hash);
  const days = await Promise.all(
    entries.map((entry) => (formOf(entry) === 'day' ? openTree(view, entry.id, hash) : [])),
  );
  for (const [index, entry] of entries.entries()) {
    const inner = `${path}/${entry.name}`;
    const form = formOf(entry);
    if (form === 'day') files.push(...filesOfDay(inner, days[index] ?? [], problems));
    else if (form === 'compacted') files.push({ path: inner, id: entry.id, compacted: true });
    else problems.set(inner, NO_PLACE);
  }
  return files;
}

function filesOfDay(folder: string, entries: readonly TreeEntry[], problems: Problems): readonly UnitFile[] {
  const files: UnitFile[] = [];
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (entry.mode === '120000') problems.set(path, 'it is a symbolic link');
    else if (entry.mode === '160000') problems.set(path, 'it is a submodule');
    else if (!isFile(entry) || idFromPath(path) === undefined) problems.set(path, NO_PLACE);
    else files.push({ path, id: entry.id, compacted: false });
  }
  return files;
}
