import { UserError } from '../../../errors.js';
import type { SourceFile } from '../../ports.js';
import { crc32After } from '../binary/crc32.js';

/**
 * The `.wandb` log: a LevelDB log (https://github.com/google/leveldb/blob/main/doc/log_format.md) with a header of its own.
 * Blocks of 32 kB hold pieces of records; each piece has a CRC-32 (of its type and content), a length and a type.
 */

const BLOCK = 32_768;
const FILE_HEADER = 7;
const PIECE_HEADER = 7;
const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];
const LARGEST_RECORD = 256_000_000;

/** `:W&B`, then the magic number 0xBEE1. */
export function beginsAsLog(head: Uint8Array): boolean {
  return [0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe].every((byte, index) => head[index] === byte);
}

/**
 * Hands every record to `take`. Returns whether the log ends within a record, as that of a run that was killed does. Throws
 * UserError for a record whose CRC is wrong.
 */
export async function eachLogRecord(file: SourceFile, take: (record: Uint8Array) => void): Promise<boolean> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let begun = false;
  for await (const { block, offset } of blocksOf(file)) {
    for (const piece of piecesOf(block, { file: file.path, offset })) {
      if (piece === 'cut off') return true;
      if (piece.type === FULL || piece.type === FIRST) {
        parts = [];
        size = 0;
        begun = true;
      }
      // The end of a record whose beginning is lost.
      if (!begun) continue;
      parts.push(piece.content.slice());
      size += piece.content.length;
      if (size > LARGEST_RECORD)
        throw new UserError(`${file.path} has a record that is larger than any metric`);
      if (piece.type !== FULL && piece.type !== LAST) continue;
      take(Buffer.concat(parts));
      begun = false;
    }
  }
  return begun;
}

async function* blocksOf(
  file: SourceFile,
): AsyncGenerator<{ readonly block: Uint8Array; readonly offset: number }> {
  let rest: Uint8Array = new Uint8Array(0);
  let offset = 0;
  for await (const piece of file.chunks()) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    for (; at + BLOCK <= bytes.length; at += BLOCK)
      yield { block: bytes.subarray(at, at + BLOCK), offset: offset + at };
    rest = bytes.slice(at);
    offset += at;
  }
  if (rest.length > 0) yield { block: rest, offset };
}

function* piecesOf(
  block: Uint8Array,
  of: { readonly file: string; readonly offset: number },
): Generator<{ readonly type: number; readonly content: Uint8Array } | 'cut off'> {
  let at = of.offset === 0 ? FILE_HEADER : 0;
  while (at + PIECE_HEADER <= block.length) {
    const view = new DataView(block.buffer, block.byteOffset + at, PIECE_HEADER);
    const crc = view.getUint32(0, true);
    const length = view.getUint16(4, true);
    const type = view.getUint8(6);
    // Space that was reserved and not yet written.
    if (type === 0 && length === 0 && crc === 0) return;
    const start = at + PIECE_HEADER;
    const end = start + length;
    if (end > block.length) {
      if (block.length < BLOCK) yield 'cut off';
      else throw damaged(of, at);
      return;
    }
    const known = type === FULL || type === FIRST || type === MIDDLE || type === LAST;
    if (!known || crc32After(type, block, { start, end }) !== crc) throw damaged(of, at);
    yield { type, content: block.subarray(start, end) };
    at = end;
  }
  if (block.length < BLOCK && at < block.length) yield 'cut off';
}

function damaged(of: { readonly file: string; readonly offset: number }, at: number): UserError {
  return new UserError(`${of.file} is damaged: the record at byte ${of.offset + at} does not match its CRC`, {
    mend: 'copy the file again from where it was written',
  });
}
