import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OutsideError, UserError } from '../../errors.js';
import { type AnyRecord, anyRecord } from '../../history/record.js';
import { recordText } from '../../history/stored.js';
import { errorCode, readIfThere, storeError, writeAtomically } from '../local/store.js';
import { PathTaken } from './commit.js';

/** Records that could not be pushed, kept as files until an append gets through. */
export interface Unsent {
  readonly folder: string;
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
  const write = async (place: string, records: readonly AnyRecord[]) => {
    for (const record of records) await writeAtomically(pathIn(place, record), recordText(record));
  };
  return {
    folder,
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
          if (record && name === `${record.id}.json`) records.set(record.id, record);
          else warn(`${join(place, name)} is no record and was not sent`);
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
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Nothing measured is lost: what could not be appended waits in a folder for the next append.
 * @returns the error to throw
 */
export async function keepUnsent(
  error: unknown,
  unsent: Unsent,
  records: readonly AnyRecord[],
): Promise<unknown> {
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
