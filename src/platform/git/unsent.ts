import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AnyRecord, anyRecord } from '../../history/record.js';
import { recordText } from '../../history/stored.js';
import { errorCode, readIfThere, storeError, writeAtomically } from '../local/store.js';

/** Records that could not be pushed, kept as files until an append gets through. */
export interface Unsent {
  readonly folder: string;
  keep(records: readonly AnyRecord[]): Promise<void>;
  read(): Promise<readonly AnyRecord[]>;
  forget(records: readonly AnyRecord[]): Promise<void>;
}

/** @param warn told about files in the folder that are no records; they stay where they are */
export function openUnsent(folder: string, warn: (line: string) => void): Unsent {
  const path = (record: { readonly id: string }) => join(folder, `${record.id}.json`);
  return {
    folder,
    keep: async (records) => {
      for (const record of records) await writeAtomically(path(record), recordText(record));
    },
    read: async () => {
      const records: AnyRecord[] = [];
      for (const name of await namesIn(folder)) {
        const record = parseRecord(await readIfThere(join(folder, name)));
        if (record && name === `${record.id}.json`) records.push(record);
        else warn(`${join(folder, name)} is no record and was not sent`);
      }
      return records;
    },
    forget: async (records) => {
      for (const record of records) await rm(path(record), { force: true });
    },
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw storeError(error, folder);
  }
}

function parseRecord(text: string | undefined): AnyRecord | undefined {
  try {
    const parsed = anyRecord.safeParse(JSON.parse(text ?? ''));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
