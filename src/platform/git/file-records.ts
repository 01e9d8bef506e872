import { isUtf8 } from 'node:buffer';
import type { StoredRecord } from '../../history/archive.js';
import { compactedLines } from '../../history/compacted.js';
import { MAXIMUM_RECORD_BYTES, parseStored } from '../../history/stored.js';
import type { Problems, UnitFile } from './units.js';

/** What the files of a unit hold: one record each, or those of a month. */

const NEWLINE = 10;
/** Looking for more ids than these takes longer than reading every line. */
const FEW_IDS = 32;

/** @param again reads the first record of that id in the file at hand once more */
type Take = (stored: StoredRecord, again?: (id: string) => StoredRecord | undefined) => void;

/**
 * Takes each id once. Only a file of a month can hold a record twice, or one that lies beside it, too. Where the file is all
 * there is, as nearly always, ids are remembered and no records: a month may have thousands.
 */
export function takerOnce(
  files: readonly UnitFile[],
  into: { readonly take: (stored: StoredRecord) => void; readonly told: Problems },
): Take {
  if (!files.some((file) => file.compacted)) return into.take;
  const isAlone = files.length === 1;
  const known = new Map<string, StoredRecord | undefined>();
  return (stored, again) => {
    const { id } = stored.record;
    if (!known.has(id)) {
      known.set(id, isAlone ? undefined : stored);
      into.take(stored);
    } else if ((known.get(id) ?? again?.(id))?.text !== stored.text)
      into.told.set(stored.path, 'a record of its id is there with other content');
  };
}

export function takeFile(
  file: UnitFile,
  body: Buffer,
  into: { readonly take: Take; readonly told: Problems; readonly ids: ReadonlySet<string> | undefined },
): void {
  const { take, told, ids } = into;
  if (file.compacted && ids && ids.size <= FEW_IDS) {
    // A month of megabytes for a record or two: only their lines become text.
    for (const found of compactedLines(linesWith(body, ids).toString('utf8')))
      if ('record' in found) take(found);
  } else if (!isUtf8(body)) told.set(file.path, 'it is not UTF-8 text');
  else if (file.compacted) {
    const month = file.path.split('/').slice(0, 4).join('/');
    const text = body.toString('utf8');
    const again = (id: string) => {
      for (const found of compactedLines(linesWith(body, new Set([id])).toString('utf8')))
        if ('record' in found && found.record.id === id) return found;
      return undefined;
    };
    for (const found of compactedLines(text)) {
      if ('problem' in found) told.set(`${file.path}:${found.line}`, found.problem);
      else if (found.path.startsWith(`${month}/`)) take(found, again);
      else told.set(`${file.path}:${found.record.id}`, 'it belongs to another month');
    }
  } else if (body.length > MAXIMUM_RECORD_BYTES) told.set(file.path, tooLarge(body.length));
  else {
    const text = body.toString('utf8');
    const parsed = parseStored(file.path, text);
    if ('problem' in parsed) told.set(file.path, parsed.problem);
    else take({ path: file.path, text, record: parsed.record });
  }
}

/** The lines that name one of the ids. */
function linesWith(body: Buffer, ids: ReadonlySet<string>): Buffer {
  const lines = new Map<number, Buffer>();
  for (const id of ids) {
    for (let at = body.indexOf(id); at !== -1; ) {
      const start = body.lastIndexOf(NEWLINE, at) + 1;
      const newline = body.indexOf(NEWLINE, at);
      const end = newline === -1 ? body.length : newline + 1;
      lines.set(start, body.subarray(start, end));
      at = body.indexOf(id, end);
    }
  }
  const inOrder = [...lines].sort(([a], [b]) => a - b).map(([, line]) => line);
  return Buffer.concat(inOrder);
}

export function tooLarge(bytes: number): string {
  return `it is larger than any record (${bytes} bytes)`;
}
