import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Archive } from '../../history/archive.js';
import { blockOf } from '../../history/block.js';
import type { History, HistoryQuery } from '../../history/port.js';
import { type AnyRecord, recordKind } from '../../history/record.js';
import { type PlacedRow, type PlacedSelection, recordFields, selectRows } from '../../history/select.js';
import { isOwner, leftOutReporter, placeRecord } from '../../history/stored.js';
import { editionOf, UPGRADES, type Upgrade, upgraded } from '../../history/upgrade.js';
import { gitArchive } from './archive.js';
import { type BranchOptions, openBranch } from './history-branch.js';
import { type IndexFile, openIndexFile } from './index-file.js';
import { isDamagedBlock, readBlocks, readWhole, type UnitBlock } from './stored-records.js';
import { type Problems, type Unit, unitsOf, type Wanted } from './units.js';
import { MirrorForgotten } from './unreachable.js';

export interface GitHistoryOptions extends BranchOptions {
  /** Of older records; those of this Assay when left out. */
  readonly upgrades?: readonly Upgrade[];
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
  const { upgrades = UPGRADES, onIndexing } = options;
  const index = openIndexes(
    async () => join((await branch.place()).common, 'assay', 'index'),
    editionOf(upgrades),
  );

  type StoreBlock = UnitBlock | ReturnType<typeof waitingBlock>;
  const blocksOf = async (wanted: Wanted): Promise<readonly StoreBlock[]> => {
    const problems: Problems = new Map();
    const indexes = await index();
    const views = await branch.views();
    const lists = await Promise.all(views.map((view) => unitsOf(view, wanted, problems)));
    // The same folder in two commits is the same content.
    const units = [...new Map(lists.flat().map((unit) => [`${unit.path} ${unit.id}`, unit])).values()];
    const blocks = await readBlocks(units, {
      index: indexes.of,
      fieldsOf: recordFields(upgrades),
      problems,
      onProgress: onIndexing,
    });
    const waiting = (await branch.unsent()).filter((record) => fits(record, wanted));
    report(problems);
    return waiting.length > 0 ? [...blocks, waitingBlock(waiting, upgrades)] : blocks;
  };

  /** The last one: what is listed was often selected the moment before. */
  let last:
    | { readonly key: string; readonly of: unknown; readonly found: PlacedSelection<StoreBlock> }
    | undefined;
  const selectOnce = async (
    wanted: Wanted,
    query: Pick<HistoryQuery, 'where' | 'order' | 'limit'>,
  ): Promise<PlacedSelection<StoreBlock>> => {
    const { where, order, limit } = query;
    const key = JSON.stringify([wanted.kind, wanted.owner, wanted.date, where, order, limit]);
    // Another list of views after each append of this process.
    const of = await branch.views();
    if (last?.key === key && last.of === of) return last.found;
    const found = selectRows(await blocksOf(wanted), query);
    last = { key, of, found };
    return found;
  };

  /** What the index says is read once more from git when its file is damaged. */
  const choose = async (
    wanted: Wanted,
    query: Pick<HistoryQuery, 'where' | 'order' | 'limit' | 'fields'>,
  ): Promise<PlacedSelection<StoreBlock>> => {
    for (let attempt = 0; ; attempt++) {
      try {
        const selection = await selectOnce(wanted, query);
        const fields = query.fields === 'all' ? selection.fields() : (query.fields ?? []);
        for (const row of selection.rows) for (const field of fields) row.get(field);
        return selection;
      } catch (error) {
        last = undefined;
        if (attempt > 0) throw error;
        if (error instanceof MirrorForgotten) branch.forgetViews();
        else if (isDamagedBlock(error)) (await index()).forget();
        else throw error;
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
    for (const [id, { record }] of await readWhole(wanted)) records.set(id, upgraded(record, upgrades));
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
  return { history, archive: gitArchive(branch, { report, upgrades }) };
}

function waitingBlock(records: readonly AnyRecord[], upgrades: readonly Upgrade[]) {
  return {
    ...blockOf(records, recordFields(upgrades)),
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
function openIndexes(folder: () => Promise<string>, edition: string) {
  const files = new Map<string, IndexFile>();
  return async () => {
    const root = await folder();
    return {
      of: (kind: string): IndexFile => {
        const file = files.get(kind) ?? openIndexFile(join(root, `${kind}.idx`), edition);
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
