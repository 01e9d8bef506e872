import { constants, copyFile, link, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../errors.js';
import type { History } from '../../history/port.js';
import type { AnyRecord } from '../../history/record.js';
import {
  idFromPath,
  isOwner,
  leftOutReporter,
  MAXIMUM_RECORD_BYTES,
  newestFirst,
  parseStored,
  placeRecord,
} from '../../history/stored.js';
import { errorCode, makeFolder, readIfThere, storeError, temporaryBeside } from './store.js';

/** The history as files in a folder, laid out as on the branch: for work outside git. */
export function directoryHistory(options: {
  readonly folder: string;
  readonly warn: (line: string) => void;
}): History {
  const { folder } = options;
  const report = leftOutReporter(options.warn);

  const read = async (prefix: string, idPrefix: string): Promise<readonly AnyRecord[]> => {
    const problems = new Map<string, string>();
    const records: AnyRecord[] = [];
    for (const path of await filesUnder(folder, prefix, problems)) {
      const id = idFromPath(path);
      if (id === undefined) problems.set(path, 'records are not kept at such a path');
      else if (id.startsWith(idPrefix)) {
        const result = await readRecordFile(folder, path);
        if ('problem' in result) problems.set(path, result.problem);
        else records.push(result.record);
      }
    }
    report(problems);
    return newestFirst(records);
  };

  return {
    append: async (records) => {
      const written: string[] = [];
      try {
        for (const { path, text } of records.map(placeRecord)) {
          if (await createFile(join(folder, path), text)) written.push(path);
        }
      } catch (error) {
        // All or none: take back what this append wrote.
        for (const path of written) await rm(join(folder, path), { force: true });
        throw storeError(error, folder);
      }
    },
    list: async ({ kind, owner }) => {
      if (owner !== undefined && !isOwner(owner)) return [];
      return read(owner === undefined ? `${kind}s` : `${kind}s/${owner}`, '');
    },
    find: async (idPrefix) => (idPrefix === '' ? [] : read('', idPrefix)),
  };
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

async function readRecordFile(folder: string, path: string): Promise<ReturnType<typeof parseStored>> {
  const full = join(folder, path);
  try {
    const { size } = await stat(full);
    if (size > MAXIMUM_RECORD_BYTES) return { problem: `it is larger than any record (${size} bytes)` };
    return parseStored(path, await readFile(full, 'utf8'));
  } catch (error) {
    return { problem: `it cannot be read (${errorCode(error) ?? 'unknown error'})` };
  }
}
