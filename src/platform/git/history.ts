import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { OutsideError, UserError } from '../../errors.js';
import type { Archive, StoredRecord } from '../../history/archive.js';
import { blockOf } from '../../history/block.js';
import type { Clock, History, HistoryQuery, Randomness } from '../../history/port.js';
import { type AnyRecord, recordKind } from '../../history/record.js';
import { type PlacedRow, type PlacedSelection, recordFields, selectRows } from '../../history/select.js';
import { isOwner, leftOutReporter, placeRecord } from '../../history/stored.js';
import { upgraded } from '../../history/upgrade.js';
import { type Author, localView, type Plan, planFor, putLocally } from './append.js';
import { fetchForReading, putAtRemote, remoteView } from './append-remote.js';
import { gitArchive } from './archive.js';
import { checkBranchName } from './branch.js';
import { PathTaken } from './commit.js';
import { type Environment, type Git, openGit } from './git.js';
import { type IndexFile, openIndexFile } from './index-file.js';
import { type Mirror, openMirror } from './mirror.js';
import { type ObjectReader, openObjectReader } from './object-reader.js';
import { findPlace, type Place } from './place.js';
import { openRemote } from './remote.js';
import { hashOfRepository, identityOf, readSettings } from './settings.js';
import { isDamagedBlock, readBlocks, readWhole, type UnitBlock } from './stored-records.js';
import { type BranchView, type Problems, type Unit, unitsOf, type Wanted } from './units.js';
import { openUnsent, type Unsent } from './unsent.js';

export interface GitHistoryOptions {
  readonly folder: string;
  readonly env: Environment;
  /** The orphan branch that holds the records. */
  readonly branch: string;
  /** Whether records go to the remote `origin`; without one they stay on the local branch. */
  readonly push: boolean;
  readonly randomness: Randomness;
  readonly clock: Clock;
  readonly warn: (line: string) => void;
  /** Told while folders that are not in the index are read. */
  readonly onIndexing?: (done: number, total: number) => void;
}

/** The history on a branch of the repository, for verbs and for upkeep. */
export interface GitStore {
  readonly history: History;
  readonly archive: Archive;
}

export function gitHistory(options: GitHistoryOptions): History {
  return openGitStore(options).history;
}

/**
 * The user's checkout, index and config are never touched: objects and refs are written by plumbing. Two writers cannot
 * conflict in content, so whoever comes second puts the same files on the new tip and tries again.
 */
export function openGitStore(options: GitHistoryOptions): GitStore {
  const branch = openBranch(options);
  const report = leftOutReporter(options.warn);
  const index = openIndexes(async () => join((await branch.place()).common, 'assay', 'index'));

  type StoreBlock = UnitBlock | ReturnType<typeof waitingBlock>;
  const blocksOf = async (wanted: Wanted): Promise<readonly StoreBlock[]> => {
    const problems: Problems = new Map();
    const indexes = await index();
    const views = await branch.views();
    const lists = await Promise.all(views.map((view) => unitsOf(view, wanted, problems)));
    // The same folder in two commits is the same content.
    const units = [...new Map(lists.flat().map((unit) => [`${unit.path} ${unit.id}`, unit])).values()];
    const blocks = await readBlocks(units, indexes.of, problems, options.onIndexing);
    const waiting = (await branch.unsent()).filter((record) => fits(record, wanted));
    report(problems);
    return waiting.length > 0 ? [...blocks, waitingBlock(waiting)] : blocks;
  };

  /** What the index says is read once more from git when its file is damaged. */
  const choose = async (
    wanted: Wanted,
    query: Pick<HistoryQuery, 'where' | 'order' | 'limit' | 'fields'>,
  ): Promise<PlacedSelection<StoreBlock>> => {
    for (let attempt = 0; ; attempt++) {
      try {
        const selection = selectRows(await blocksOf(wanted), query);
        const fields = query.fields === 'all' ? selection.fields() : (query.fields ?? []);
        for (const row of selection.rows) for (const field of fields) row.get(field);
        return selection;
      } catch (error) {
        if (!isDamagedBlock(error) || attempt > 0) throw error;
        (await index()).forget();
      }
    }
  };

  const whole = async (rows: readonly PlacedRow<StoreBlock>[]): Promise<readonly AnyRecord[]> => {
    const wanted = new Map<Unit, Set<string>>();
    const records = new Map<string, AnyRecord>();
    for (const { block, id } of rows) {
      if ('records' in block) {
        const record = block.records.get(id);
        if (record) records.set(id, record);
      } else {
        const ids = wanted.get(block.unit) ?? new Set();
        wanted.set(block.unit, ids.add(id));
      }
    }
    for (const [id, { record }] of await readWhole(wanted)) records.set(id, upgraded(record));
    return rows.flatMap(({ id }) => records.get(id) ?? []);
  };

  const history: History = {
    append: (records) => branch.append(records.map(placeRecord)).then(() => undefined),
    list: async (query) => {
      if (query.owner !== undefined && !isOwner(query.owner)) return [];
      return whole((await choose(query, query)).rows);
    },
    select: async (query) => {
      if (query.owner !== undefined && !isOwner(query.owner)) return selectRows([], {});
      return choose(query, query);
    },
    find: async (idPrefix) => {
      if (!/^\d{1,8}(?:T[\dZa-f-]*)?$/.test(idPrefix)) return [];
      const date = /^\d*/.exec(idPrefix)?.[0] ?? '';
      const { rows } = await choose({ date }, {});
      return whole(rows.filter((row) => row.id.startsWith(idPrefix)));
    },
  };
  return { history, archive: gitArchive(branch, { report, onIndexing: options.onIndexing }) };
}

function waitingBlock(records: readonly AnyRecord[]) {
  return {
    ...blockOf(records, recordFields()),
    records: new Map(records.map((record) => [record.id, record])),
  };
}

function fits(record: AnyRecord, wanted: Wanted): boolean {
  return (
    (wanted.kind === undefined || recordKind(record) === wanted.kind) &&
    (wanted.owner === undefined || (record.model ?? record.dataset) === wanted.owner) &&
    record.id.startsWith(wanted.date ?? '')
  );
}

/** One file per kind, opened when it is first asked for. */
function openIndexes(folder: () => Promise<string>) {
  const files = new Map<string, IndexFile>();
  return async () => {
    const root = await folder();
    return {
      of: (kind: string): IndexFile => {
        const file = files.get(kind) ?? openIndexFile(join(root, `${kind}.idx`));
        files.set(kind, file);
        return file;
      },
      forget: () => {
        for (const kind of files.keys()) rmSync(join(root, `${kind}.idx`), { force: true });
        files.clear();
      },
    };
  };
}

/** The branch: where it is known, and how something is put on it. */
export interface Branch {
  readonly git: Git;
  readonly objects: ObjectReader;
  place(): Promise<Place>;
  /** Each place where the branch is known, at one moment: read once, until this process appends. */
  views(): Promise<readonly BranchView[]>;
  /** The tip of the local branch alone; undefined when there is none. */
  localView(): Promise<BranchView | undefined>;
  /** Undefined when there is no remote, or none is to be asked. */
  mirror(force?: boolean): Promise<Mirror | undefined>;
  unsent(): Promise<readonly AnyRecord[]>;
  /** Puts records on the branch, together with those that wait; returns the paths that are new. */
  append(records: readonly StoredRecord[]): Promise<readonly string[]>;
  /** Puts any change on the branch, at the remote when there is one. */
  put(plan: Plan, force?: boolean): Promise<readonly string[]>;
  /** Sends what waits and what is on the local branch alone to the remote. */
  send(records: readonly StoredRecord[]): Promise<readonly string[]>;
  readonly name: string;
}

function once<T>(build: () => Promise<T>): () => Promise<T> {
  let built: Promise<T> | undefined;
  return () => {
    built ??= build();
    return built;
  };
}

function openBranch(options: GitHistoryOptions): Branch {
  const { branch, warn, randomness } = options;
  const git = openGit(options);
  const objects = openObjectReader(git);
  const refs = { local: `refs/heads/${branch}`, tracking: `refs/remotes/origin/${branch}` };
  const place = once(async () => {
    checkBranchName(branch);
    return findPlace(git);
  });
  const settings = once(() => readSettings(git));
  const hash = once(async () => hashOfRepository(await settings()));
  const store = once(async () => {
    const { top, common } = await place();
    return openUnsent({
      folder: join(top, '.assay', 'unsent'),
      ahead: join(common, 'assay', 'sending'),
      warn,
    });
  });
  const openedMirror = once(async () => {
    const known = await settings();
    const remote = await openRemote(git, known);
    if (!remote) return undefined;
    return openMirror({ user: git, place: await place(), settings: known, remote, hash: await hash() });
  });
  const mirror: Branch['mirror'] = async (force = false) =>
    options.push || force ? openedMirror() : undefined;
  const author = once(
    async (): Promise<Author> => ({
      hash: await hash(),
      identity: identityOf(await settings(), git.env),
      now: () => options.clock.now(),
      randomness,
    }),
  );
  /** Undefined until the remote was asked; the tip of this process's own push afterwards. */
  let remoteTip: Promise<string | undefined> | undefined;

  const tipOf = async (ref: string) => (await objects.read(`${ref}^{commit}`))?.id;
  const askRemote = async (known: Mirror): Promise<string | undefined> => {
    try {
      return await fetchForReading({ mirror: known, branch, randomness });
    } catch (error) {
      if (!(error instanceof OutsideError)) throw error;
      warn(`the history at the remote is not known, only what is here: ${error.message}`);
      return known.known(branch);
    }
  };
  let views: Promise<readonly BranchView[]> | undefined;
  const readViews = async (): Promise<readonly BranchView[]> => {
    const known = await mirror();
    const found: BranchView[] = [];
    if (known) {
      await sendWaiting();
      remoteTip ??= askRemote(known);
      const tip = await remoteTip;
      if (tip !== undefined) found.push(remoteView(known, tip));
    }
    for (const ref of [refs.local, refs.tracking]) {
      const tip = await tipOf(ref);
      if (tip !== undefined && !found.some((view) => view.commit === tip))
        found.push(localView(objects, tip));
    }
    return found;
  };
  /** What an earlier failure left is sent by the next verb, whatever it does; still failing, it waits on. */
  const sendWaiting = once(async () => {
    const waiting = await (await store()).read();
    if (waiting.length === 0) return;
    try {
      await append([]);
    } catch (error) {
      if (!(error instanceof OutsideError || error instanceof UserError)) throw error;
      warn(`${waiting.length} kept records are not sent yet: ${error.message}`);
    }
  });

  const put: Branch['put'] = async (plan, force) => {
    const known = await mirror(force);
    const by = await author();
    views = undefined;
    if (!known) {
      const landed = await putLocally({ git, objects, refs, author: by, plan });
      return landed?.added ?? [];
    }
    const landed = await putAtRemote({ mirror: known, branch, author: by, plan });
    if (landed) remoteTip = Promise.resolve(landed.commit);
    else remoteTip = known.known(branch);
    await known.tidy();
    return landed?.added ?? [];
  };
  const append: Branch['append'] = async (records) => {
    const unsent = await store();
    const waiting = (await unsent.read()).filter(
      (old) => !records.some(({ record }) => record.id === old.id),
    );
    const all = [...records, ...waiting.map(placeRecord)];
    if (all.length === 0) return [];
    const own = records.map(({ record }) => record);
    // Ahead of the network, so that a kill in the middle of it loses nothing either.
    if (await mirror()) await unsent.keepAhead(own).catch(() => {});
    let added: readonly string[];
    try {
      added = await put(planFor(all, messageOf(all)));
    } catch (error) {
      if (!(error instanceof PathTaken)) throw await keepUnsent(error, unsent, own);
      await unsent.forget(own);
      if (waiting.length === 0 || records.length === 0) throw error;
      // One that waits must not hold up the others for ever.
      warn(`of the kept records, one cannot be sent: ${error.message}`);
      added = await put(planFor(records, messageOf(records)));
      await unsent.forget(own);
      return added;
    }
    await unsent.forget(all.map(({ record }) => record));
    return added;
  };
  return {
    git,
    objects,
    name: branch,
    place,
    views: () => {
      views ??= readViews();
      return views;
    },
    localView: async () => {
      const tip = await tipOf(refs.local);
      return tip === undefined ? undefined : localView(objects, tip);
    },
    mirror,
    unsent: async () => (await store()).read(),
    append,
    put,
    send: async (records) => {
      const unsent = await store();
      const waiting = (await unsent.read()).map(placeRecord);
      const ids = new Set(waiting.map(({ record }) => record.id));
      const all = [...waiting, ...records.filter(({ record }) => !ids.has(record.id))];
      if (all.length === 0) return [];
      const added = await put(planFor(all, messageOf(all)), true);
      await unsent.forget(waiting.map(({ record }) => record));
      return added;
    },
  };
}

/** The subject names the first; the body has one line each, as long as somebody would read it. */
function messageOf(records: readonly StoredRecord[]): (paths: ReadonlySet<string>) => string {
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

/**
 * Nothing measured is lost: what could not be appended waits in a folder for the next append.
 * @returns the error to throw
 */
async function keepUnsent(error: unknown, unsent: Unsent, records: readonly AnyRecord[]): Promise<unknown> {
  if (!(error instanceof OutsideError || error instanceof UserError) || error instanceof PathTaken)
    return error;
  if (records.length === 0) return error;
  try {
    await unsent.keep(records);
  } catch {
    return error;
  }
  const what = records.length === 1 ? 'the record is' : `${records.length} records are`;
  const kept = `${what} kept in ${unsent.folder}, and the next append takes them along; to send them now: assay history push`;
  const detail = { cause: error, mend: error.mend ? `${error.mend}; ${kept}` : kept };
  const message = `the history could not be written: ${error.message}`;
  return error instanceof OutsideError ? new OutsideError(message, detail) : new UserError(message, detail);
}
