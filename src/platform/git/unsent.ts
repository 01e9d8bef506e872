import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutsideError, UserError } from '../../errors.js';
import { type AnyRecord, anyRecord, recordPath } from '../../history/record.js';
import { idFromPath, recordText } from '../../history/stored.js';
import { errorCode, readIfThere, storeError, writeAtomically } from '../local/store.js';

/** Records that could not be pushed, kept as files until an append gets through. */
export interface Unsent {
  readonly folder: string;
  readonly ahead: string;
  /** Where a person finds them, after a failure. */
  keep(records: readonly AnyRecord[]): Promise<void>;
  /** Inside `.git`, while they are being sent: a kill in the middle of it loses nothing either. */
  keepAhead(records: readonly AnyRecord[]): Promise<void>;
  read(): Promise<readonly AnyRecord[]>;
  forget(records: readonly AnyRecord[]): Promise<void>;
}

/** @param warn told about files in the folder that are no records; they stay where they are */
export function openUnsent(options: {
  /** `.assay/unsent` */
  readonly folder: string;
  readonly ahead: string;
  readonly warn: (line: string) => void;
}): Unsent {
  const { folder, ahead, warn } = options;
  const told = new Set<string>();
  const write = async (place: string, records: readonly AnyRecord[]) => {
    for (const record of records) await writeAtomically(pathIn(place, record), recordText(record));
  };
  return {
    folder,
    ahead,
    keep: (records) => write(folder, records),
    keepAhead: (records) => write(ahead, records),
    read: async () => {
      const records = new Map<string, AnyRecord>();
      for (const place of [folder, ahead]) {
        for (const name of await namesIn(place)) {
          const text = await readIfThere(join(place, name));
          // Another process sent it since.
          if (text === undefined) continue;
          const record = parseRecord(text);
          const path = join(place, name);
          if (record && name === `${record.id}.json`) records.set(record.id, record);
          else if (!told.has(path)) {
            told.add(path);
            warn(`${path} is no record and was not sent`);
          }
        }
      }
      return [...records.values()];
    },
    forget: async (records) => {
      for (const record of records) {
        for (const place of [folder, ahead]) await rm(pathIn(place, record), { force: true });
      }
    },
  };
}

function pathIn(folder: string, record: { readonly id: string }): string {
  return join(folder, `${record.id}.json`);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw storeError(error, folder);
  }
}

function parseRecord(text: string): AnyRecord | undefined {
  try {
    const parsed = anyRecord.safeParse(JSON.parse(text));
    // Edited by hand, it may name a place where records are not kept.
    const isRecord = parsed.success && idFromPath(recordPath(parsed.data)) === parsed.data.id;
    return isRecord ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Nothing measured is lost: what could not be appended waits in a folder for the next append; where nothing can be
 * written there, in a folder for temporary files; and where that is full, too, it is told.
 * @returns the error to throw
 */
export async function keepUnsent(
  error: unknown,
  kept: {
    readonly unsent: Unsent;
    readonly records: readonly AnyRecord[];
    readonly warn: (line: string) => void;
  },
): Promise<unknown> {
  const { records, warn } = kept;
  if (records.length === 0) return error;
  const what = records.length === 1 ? 'the record is' : `${records.length} records are`;
  const where = await keepSomewhere(kept);
  if (!(error instanceof OutsideError || error instanceof UserError)) {
    warn(`${what} ${where}`);
    return error;
  }
  const told = `${what} ${where}`;
  const detail = { cause: error, mend: error.mend ? `${error.mend}; ${told}` : told };
  const message = `the history could not be written: ${error.message}`;
  return error instanceof OutsideError ? new OutsideError(message, detail) : new UserError(message, detail);
}

async function keepSomewhere(kept: {
  readonly unsent: Unsent;
  readonly records: readonly AnyRecord[];
  readonly warn: (line: string) => void;
}): Promise<string> {
  const { unsent, records, warn } = kept;
  for (const [folder, keep] of [
    [unsent.folder, unsent.keep],
    [unsent.ahead, unsent.keepAhead],
  ] as const) {
    if (await succeeds(keep(records)))
      return `kept in ${folder}, and the next append takes them along; to send them now: assay history push`;
  }
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  try {
    const file = join(await mkdtemp(join(tmpdir(), 'assay-unsent-')), 'records.jsonl');
    await writeFile(file, lines, { flush: true });
    return `kept in ${file}, for nothing can be written in the repository; to take them in later: assay import jsonl ${file}`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    for (const record of records) warn(`not recorded: ${JSON.stringify(record)}`);
    return `kept nowhere (${why}): its text is printed above; saved as a file, it is taken in by assay import jsonl FILE`;
  }
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
