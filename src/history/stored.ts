import type { StoredRecord } from './archive.js';
import { type AnyRecord, anyRecord, recordPath } from './record.js';

/** How a record lies in a store, be it a branch or a folder: its path, its bytes, and what is believed when read. */

/** Larger files are left out unread: no record comes near it, and one planted file must not fill the memory. */
export const MAXIMUM_RECORD_BYTES = 16 * 1024 * 1024;

const OWNER = '[a-z0-9_][a-z0-9_-]{0,63}';
const RECORD_PATH = new RegExp(`^[a-z]+s/${OWNER}/\\d{4}/\\d{2}/\\d{2}/(\\d{8}T\\d{9}Z-[0-9a-f]{8})\\.json$`);

/** The id in the path of a record, of a kind that a newer Assay may have, too; undefined for every other path. */
export function idFromPath(path: string): string | undefined {
  return RECORD_PATH.exec(path)?.[1];
}

export function isOwner(name: string): boolean {
  return new RegExp(`^${OWNER}$`).test(name);
}

/** The bytes of a record, for people to read: indented, one newline at the end. */
export function recordText(record: AnyRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** Checks what is about to be written; throws when it is no record, which is a bug of the caller. */
export function placeRecord(record: AnyRecord): StoredRecord {
  anyRecord.parse(record);
  const path = recordPath(record);
  if (idFromPath(path) !== record.id) throw new Error(`a record must not be stored at ${path}`);
  return { path, text: recordText(record), record };
}

/** A file of the store as a record; otherwise what is wrong with it, in words. */
export function parseStored(
  path: string,
  text: string,
): { readonly record: AnyRecord } | { readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: 'it is not JSON' };
  }
  return recordAt(path, json);
}

/** The same of what was parsed already. */
export function recordAt(
  path: string,
  json: unknown,
): { readonly record: AnyRecord } | { readonly problem: string } {
  const record = asRecord(json);
  if (record === undefined) return { problem: 'it is not a record' };
  if (recordPath(record) !== path) return { problem: 'its content belongs to another path' };
  return { record };
}

const SCHEMA = /^assay\/[a-z]+@\d+$/;
const ID = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/;

/**
 * What `anyRecord` accepts. A first reading of a long history asks it a hundred thousand times: what is plainly a record
 * is told by hand, and the schema decides about the rest.
 */
function asRecord(json: unknown): AnyRecord | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const { schema, id, time, commit, actor, trigger, model, dataset } = json as Partial<AnyRecord>;
  const isPlain =
    typeof schema === 'string' &&
    SCHEMA.test(schema) &&
    typeof id === 'string' &&
    ID.test(id) &&
    // As the clock of this program writes it: the time of the id.
    typeof time === 'string' &&
    time.length === 24 &&
    time.replace(/[-:.]/g, '') === id.slice(0, 19) &&
    !Number.isNaN(Date.parse(time)) &&
    (commit === null || typeof commit === 'string') &&
    typeof actor === 'string' &&
    (model === undefined || typeof model === 'string') &&
    (dataset === undefined || typeof dataset === 'string') &&
    typeof trigger === 'object' &&
    trigger !== null &&
    typeof trigger.event === 'string' &&
    (trigger.url === null || typeof trigger.url === 'string') &&
    Number.isSafeInteger(trigger.attempt) &&
    trigger.attempt > 0 &&
    Object.keys(trigger).length === 3;
  if (isPlain) return json as AnyRecord;
  const parsed = anyRecord.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

/** Newest first: ids start with the time. */
export function newestFirst(records: readonly AnyRecord[]): readonly AnyRecord[] {
  return [...records].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
}

/** Reports files that are no records, each once, in one line per reading. */
export function leftOutReporter(warn: (line: string) => void): (files: ReadonlyMap<string, string>) => void {
  const told = new Set<string>();
  return (files) => {
    const fresh = [...files].filter(([path]) => !told.has(path));
    const [first] = fresh;
    if (!first) return;
    for (const [path] of fresh) told.add(path);
    const others = fresh.length === 1 ? '' : ` (and ${fresh.length - 1} more)`;
    warn(`left out of the history: ${first[0]}: ${first[1]}${others}`);
  };
}
