import { UserError } from '../../../errors.js';
import { formatBytes } from '../../../format.js';
import type { SourceFile } from '../../ports.js';
import { crc32c, masked } from '../binary/crc32.js';

/** TFRecord: length (64 bits), CRC-32C of it (masked), data, CRC-32C of the data (masked); little-endian. */

const HEADER = 12;
const FOOTER = 4;
/** A larger record is a damaged length, or something that is no metric. */
const LARGEST_RECORD = 256_000_000;

/** True when the bytes begin as a TFRecord does: the CRC of the first length leaves no doubt. */
export function beginsAsRecord(head: Uint8Array): boolean {
  if (head.length < HEADER) return false;
  return wordAt(head, 8) === masked(crc32c(head, 0, 8));
}

/**
 * Hands every record to `take`, which must be done with the bytes when it returns. Returns how many bytes at the end are the
 * beginning of a record that was not written to its end (as of a training that is going on or was killed); 0 when there are
 * none. Throws UserError for a record whose CRC is wrong.
 */
export async function eachRecord(
  file: SourceFile,
  take: (bytes: Uint8Array, start: number, end: number) => void,
): Promise<number> {
  let rest: Uint8Array = new Uint8Array(0);
  /** Where `rest` begins in the file, and how many bytes its record needs. */
  let offset = 0;
  let wanted = HEADER;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for await (const piece of file.chunks()) {
    waitingBytes += piece.length;
    if (rest.length + waitingBytes < wanted) {
      waiting.push(piece.slice());
      continue;
    }
    const bytes = joined([rest, ...waiting, piece]);
    waiting = [];
    waitingBytes = 0;
    const { at, needs } = takeRecords(bytes, { file: file.path, offset, take });
    rest = bytes.slice(at);
    offset += at;
    wanted = needs;
  }
  return rest.length + waitingBytes;
}

/** Takes the whole records; returns where the first that is not whole begins, and how long it is. */
function takeRecords(
  bytes: Uint8Array,
  of: {
    readonly file: string;
    readonly offset: number;
    readonly take: (bytes: Uint8Array, start: number, end: number) => void;
  },
): { readonly at: number; readonly needs: number } {
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const length = lengthAt(bytes, at);
    if (length === undefined || wordAt(bytes, at + 8) !== masked(crc32c(bytes, at, at + 8))) {
      throw damaged(of.file, { byte: of.offset + at, what: 'length' });
    }
    if (length > LARGEST_RECORD) {
      throw new UserError(`${of.file} has a record of ${formatBytes(length)}, which is no metric`);
    }
    const start = at + HEADER;
    const end = start + length;
    if (end + FOOTER > bytes.length) return { at, needs: HEADER + length + FOOTER };
    if (wordAt(bytes, end) !== masked(crc32c(bytes, start, end))) {
      throw damaged(of.file, { byte: of.offset + at, what: 'content' });
    }
    of.take(bytes, start, end);
    at = end + FOOTER;
  }
  return { at, needs: HEADER };
}

function damaged(file: string, of: { readonly byte: number; readonly what: string }): UserError {
  return new UserError(
    `${file} is damaged: the ${of.what} of the record at byte ${of.byte} does not match its CRC`,
    {
      mend: 'copy the file again from where it was written',
    },
  );
}

/** Undefined when it is more than a file can hold. */
function lengthAt(bytes: Uint8Array, at: number): number | undefined {
  return wordAt(bytes, at + 4) === 0 ? wordAt(bytes, at) : undefined;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const filled = parts.filter(({ length }) => length > 0);
  if (filled.length === 1 && filled[0]) return filled[0];
  const all = new Uint8Array(filled.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of filled) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
