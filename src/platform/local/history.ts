import { constants, copyFile, link, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../errors.js';
import type { Archive, StoredRecord } from '../../history/archive.js';
import type { History, HistoryQuery } from '../../history/port.js';
import type { AnyRecord } from '../../history/record.js';
import { selectRecords } from '../../history/select.js';
import {
  idFromPath,
  isOwner,
  leftOutReporter,
  MAXIMUM_RECORD_BYTES,
  newestFirst,
  parseStored,
  placeRecord,
} from '../../history/stored.js';
import { UPGRADES, type Upgrade, upgraded } from '../../history/upgrade.js';
import { errorCode, makeFolder, readIfThere, storeError, temporaryBeside } from './store.js';

interface DirectoryOptions {
  readonly folder: string;
  readonly warn: (line: string) => void;
  /** Of older records; those of this Assay when left out. */
  readonly upgrades?: readonly Upgrade[];
}

export function directoryHistory(options: DirectoryOptions): History {
  return openDirectoryStore(options).history;
}

/** The history as files in a folder, laid out as on the branch: for work outside git. There is no index: all is read. */
export function openDirectoryStore(options: DirectoryOptions): {
  readonly history: History;
  readonly archive: Archive;
} {
  const { folder, upgrades = UPGRADES } = options;
  const report = leftOutReporter(options.warn);

  const read = async function* (
    prefix: string,
    problems: Map<string, string>,
    isWanted: (id: string) => boolean = () => true,
  ): AsyncGenerator<StoredRecord> {
    for (const path of await filesUnder(folder, prefix, problems)) {
      const id = idFromPath(path);
      if (id === undefined) problems.set(path, 'records are not kept at such a path');
      else if (isWanted(id)) {
        const result = await readRecordFile(folder, path);
        if ('problem' in result) problems.set(path, result.problem);
        else yield result;
      }
    }
  };
  const readAll = async (prefix: string, idPrefix = ''): Promise<readonly AnyRecord[]> => {
    const problems = new Map<string, string>();
    const records: AnyRecord[] = [];
    for await (const { record } of read(prefix, problems, (id) => id.startsWith(idPrefix))) {
      records.push(upgraded(record, upgrades));
    }
    report(problems);
    return newestFirst(records);
  };
  const ofQuery = async ({ kind, owner }: HistoryQuery): Promise<readonly AnyRecord[]> => {
    if (!/^[a-z]+$/.test(kind) || (owner !== undefined && !isOwner(owner))) return [];
    return readAll(owner === undefined ? `${kind}s` : `${kind}s/${owner}`);
  };
  const add = async (records: readonly StoredRecord[]): Promise<number> => {
    const written: string[] = [];
    try {
      for (const { path, text } of records) {
        if (await createFile(join(folder, path), text)) written.push(path);
      }
    } catch (error) {
      // All or none: take back what this append wrote.
      for (const path of written) await rm(join(folder, path), { force: true });
      throw storeError(error, folder);
    }
    return written.length;
  };

  const history: History = {
    append: async (records) => {
      await add(records.map(placeRecord));
    },
    list: async (query) => {
      const records = await ofQuery(query);
      const byId = new Map(records.map((record) => [record.id, record]));
      return selectRecords(records, query).rows.flatMap(({ id }) => byId.get(id) ?? []);
    },
    select: async (query) => selectRecords(await ofQuery(query), query),
    find: async (idPrefix) => (idPrefix === '' ? [] : readAll('', idPrefix)),
  };
  const onBranchOnly = (what: string) =>
    new UserError(`a history in a folder is not ${what}`, {
      mend: 'keep it on a branch of a git repository: history: { branch: assay }',
    });
  const archive: Archive = {
    records: async function* (onProblem) {
      const problems = new Map<string, string>();
      yield* read('', problems);
      if (onProblem) for (const [path, why] of problems) onProblem(path, why);
      else report(problems);
    },
    restore: async (records) => {
      const added = await add(records);
      return { added, present: records.length - added };
    },
    send: async () => {
      throw onBranchOnly('sent anywhere');
    },
    compact: async () => {
      throw onBranchOnly('compacted: files in a folder are near no limit');
    },
    size: async () => {
      const files = await filesUnder(folder, '', new Map());
      return { files: files.length, largest: undefined, widest: undefined, bytes: null, waiting: 0 };
    },
  };
  return { history, archive };
}

/**
 * Writes a file that must not exist yet, complete or not at all: a hard link, unlike a rename, never replaces.
 * @returns false when the same content is there already
 */
async function createFile(path: string, text: string): Promise<boolean> {
  await makeFolder(dirname(path));
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await linkOrCopy(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw storeError(error, path);
    if ((await readIfThere(path)) === text) return false;
    throw new UserError(`the history holds ${path} already, with other content`);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Some file systems (FAT, some network shares) have no hard links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(errorCode(error) ?? '')) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

/** Paths relative to the folder with `/`; links are never followed. */
async function filesUnder(
  folder: string,
  relative: string,
  problems: Map<string, string>,
): Promise<readonly string[]> {
  const files: string[] = [];
  const pending = [relative];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of await entriesOf(join(folder, at))) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile()) {
        if (!entry.name.endsWith('.partial') && entry.name !== '.gitignore') files.push(path);
      } else problems.set(path, entry.isSymbolicLink() ? 'it is a symbolic link' : 'it is not a file');
    }
  }
  return files;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    if (errorCode(error) === 'ENOTDIR') {
      throw new UserError(`the history ${folder} is a file, and must be a folder`, { mend: 'move it away' });
    }
    throw storeError(error, folder);
  }
}

async function readRecordFile(
  folder: string,
  path: string,
): Promise<StoredRecord | { readonly problem: string }> {
  const full = join(folder, path);
  try {
    const { size } = await stat(full);
    if (size > MAXIMUM_RECORD_BYTES) return { problem: `it is larger than any record (${size} bytes)` };
    const text = await readFile(full, 'utf8');
    const parsed = parseStored(path, text);
    return 'problem' in parsed ? parsed : { path, text, record: parsed.record };
  } catch (error) {
    return { problem: `it cannot be read (${errorCode(error) ?? 'unknown error'})` };
  }
}
