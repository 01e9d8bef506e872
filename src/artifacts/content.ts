import { createHash } from 'node:crypto';
import { UserError } from '../errors.js';
import type { Content, LocalFiles } from './ports.js';

/** What is to be stored, by SHA-256: looked at once to know it, and held against that whenever it is read again. */

/** A run of bytes of a file. */
export interface Piece {
  readonly digest: string;
  readonly bytes: number;
}

export interface FileDigest extends Piece {
  /** Of at most `partBytes` each; empty when the file fits one blob. */
  readonly parts: readonly Piece[];
}

/** Reads the file once, for its digest and those of its parts. */
export async function digestFile(
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly partBytes: number; readonly onBytes: (bytes: number) => void },
): Promise<FileDigest> {
  const whole = createHash('sha256');
  const parts: Piece[] = [];
  // A file of one part is its own part: nothing is hashed twice until the first part is full.
  let part: ReturnType<typeof createHash> | undefined;
  let [bytes, inPart] = [0, 0];
  const endPart = () => {
    parts.push({ digest: (part ?? whole.copy()).digest('hex'), bytes: inPart });
    [part, inPart] = [createHash('sha256'), 0];
  };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (inPart === options.partBytes) endPart();
      const piece = chunk.subarray(at, at + Math.min(chunk.length - at, options.partBytes - inPart));
      whole.update(piece);
      part?.update(piece);
      at += piece.length;
      inPart += piece.length;
    }
    bytes += chunk.length;
    options.onBytes(bytes);
  }
  if (parts.length > 0) endPart();
  return { digest: whole.digest('hex'), bytes, parts };
}

/**
 * A run of bytes of a local file, from `offset`.
 * @param options.onBytes told how many bytes of it have been handed on; goes back when it is read again
 */
export function fileContent(
  files: LocalFiles,
  source: { readonly path: string; readonly offset: number } & Piece,
  onBytes: (bytes: number) => void,
): Content {
  const { path, offset, bytes, digest } = source;
  return {
    digest,
    bytes,
    stream: () => checked(cut(files.read(path, offset), bytes), { ...source, onBytes }),
  };
}

export function textContent(text: string): Content {
  const bytes = new TextEncoder().encode(text);
  return {
    digest: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    stream: async function* () {
      yield bytes;
    },
  };
}

async function* cut(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  if (left === 0) return;
  for await (const chunk of chunks) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= Math.min(left, chunk.length);
    if (left === 0) return;
  }
}

/** Hands on a chunk only when the next has come, and the last only when all of them are what the digest says. */
async function* checked(
  chunks: AsyncIterable<Uint8Array>,
  of: Piece & { readonly path: string; readonly onBytes: (bytes: number) => void },
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let held: Uint8Array | undefined;
  let bytes = 0;
  for await (const chunk of chunks) {
    if (held) {
      yield held;
      of.onBytes(bytes);
    }
    hash.update(chunk);
    bytes += chunk.length;
    held = chunk;
  }
  if (bytes !== of.bytes || hash.digest('hex') !== of.digest) {
    throw new UserError(`${of.path} changed while it was stored`, {
      mend: 'something still writes to it: wait for that to end, then run the same command again',
    });
  }
  if (held) yield held;
  of.onBytes(bytes);
}
