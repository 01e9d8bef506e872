import { spawn } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { Utf8Check } from '../../data/encoding.js';
import { UserError } from '../../errors.js';
import { formatBytes } from '../../format.js';

/** The bytes of a source file: digested as they stand on disk, decompressed, and checked to be UTF-8. */

export interface ContentOptions {
  readonly path: string;
  /** As messages name it. */
  readonly name: string;
  readonly hash: { update(bytes: Uint8Array): unknown };
  /** Bytes up to which an archive may unpack to any number of times its size; 1 GB when left out. */
  readonly maxUnpacked?: number | undefined;
  readonly cancel: AbortSignal;
  /** Told how many bytes were read since the last call. */
  onRead(bytes: number): void;
}

const CHUNK = 1024 * 1024;

async function* digested({ path, name, hash, cancel, onRead }: ContentOptions): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: CHUNK, signal: cancel });
  const chunks = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((cause: Error) => {
        cancel.throwIfAborted();
        throw new UserError(`${name} cannot be read: ${cause.message}`, { cause });
      });
      if (next.done) return;
      hash.update(next.value);
      onRead(next.value.length);
      yield next.value;
    }
  } finally {
    stream.destroy();
  }
}

/** Adds the file to the digest without looking into it. */
export async function digestFile(options: ContentOptions): Promise<void> {
  for await (const _ of digested(options));
}

/** Decompressed text without a byte order mark. Throws UserError for a damaged archive and for text that is not UTF-8. */
export async function* textContent(
  options: ContentOptions & { readonly line: () => number },
): AsyncGenerator<Uint8Array> {
  const check = new Utf8Check();
  let begun = false;
  let opening: Uint8Array = new Uint8Array(0);
  let bytes = 0;
  for await (const chunk of decompressed(options)) {
    const offset = check.push(chunk);
    if (offset !== undefined) throw notUtf8(options, offset, { chunk, start: bytes });
    bytes += chunk.length;
    if (begun) yield chunk;
    else {
      opening = Buffer.concat([opening, chunk]);
      begun = opening.length >= 4;
      if (begun) yield withoutMark(opening);
    }
  }
  const offset = check.end();
  if (offset !== undefined) throw notUtf8(options, offset, { chunk: new Uint8Array(0), start: bytes });
  if (!begun && opening.length > 0) yield withoutMark(opening);
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function notUtf8(
  options: { readonly name: string; readonly line: () => number },
  offset: number,
  at: { readonly chunk: Uint8Array; readonly start: number },
): UserError {
  if (offset === 0 && isUtf16(at.chunk)) {
    return new UserError(`${options.name} is UTF-16, not UTF-8`, {
      location: { file: options.name, line: 1 },
      mend: `convert it: iconv -f UTF-16 -t UTF-8 ${options.name} > utf8.csv`,
    });
  }
  let line = options.line();
  for (let i = 0; i < offset - at.start; i++) if (at.chunk[i] === 10) line++;
  return new UserError(`not UTF-8 at byte ${offset} (counted from 0)`, {
    location: { file: options.name, line },
    mend: 'save the file as UTF-8; from Latin-1: iconv -f ISO-8859-1 -t UTF-8 FILE',
  });
}

function isUtf16(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

export function isCompressed(name: string): boolean {
  return /\.(gz|zst)$/i.test(name);
}

async function* decompressed(options: ContentOptions): AsyncGenerator<Uint8Array> {
  const { name } = options;
  let read = 0;
  const counting = {
    ...options,
    onRead: (bytes: number) => {
      read += bytes;
      options.onRead(bytes);
    },
  };
  if (/\.gz$/i.test(name)) {
    const gunzip = zlib.createGunzip({ chunkSize: CHUNK });
    const decoder = { into: gunzip, from: gunzip, kind: 'gzip', stop: () => gunzip.destroy() };
    yield* bounded(options, () => read, piped(counting, decoder));
  } else if (/\.zst$/i.test(name)) {
    yield* bounded(options, () => read, piped(counting, zstd(name)));
  } else yield* digested(options);
}

interface Decoder {
  readonly into: NodeJS.WritableStream;
  readonly from: AsyncIterable<Uint8Array>;
  readonly kind: string;
  stop(): void;
}

/** What no honest file of data reaches: the best that gzip can do is about 1,000. */
const BOMB_RATIO = 500;
const BOMB_BYTES = 1e9;

/** Throws UserError when far more comes out of an archive than went in. */
async function* bounded(
  options: ContentOptions,
  read: () => number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > (options.maxUnpacked ?? BOMB_BYTES) && bytes > BOMB_RATIO * read()) {
      throw new UserError(
        `${options.name} unpacks to more than ${BOMB_RATIO} times its size (${formatBytes(bytes)} so far)`,
        {
          location: { file: options.name },
          mend: 'this is what a zip bomb does; if it is meant, add to the dataset how large it may be: max_unpacked: 20GB',
        },
      );
    }
    yield chunk;
  }
}

async function* piped(
  options: ContentOptions,
  { into, from, kind, stop }: Decoder,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(digested(options), { objectMode: false });
  // A pipe does not pass on that its source has failed.
  const failed = new Promise<never>((_, reject) => source.once('error', reject));
  failed.catch(() => undefined);
  source.pipe(into);
  const chunks = from[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), failed]);
      if (next.done) break;
      yield next.value;
    }
  } catch (cause) {
    options.cancel.throwIfAborted();
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${options.name} is not a whole ${kind} file`, {
      mend: 'it is damaged or was cut off; write it again',
      cause,
    });
  } finally {
    source.destroy();
    stop();
  }
}

/** Node decompresses zstd from 22.15 on; before that the `zstd` program does. */
function zstd(name: string): Decoder {
  const kind = 'zstd';
  const create = (zlib as { createZstdDecompress?: () => zlib.Gunzip }).createZstdDecompress;
  if (create) {
    const decoder = create();
    return { into: decoder, from: decoder, kind, stop: () => decoder.destroy() };
  }
  const child = spawn('zstd', ['-dcq'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exit = new Promise<void>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(
        new UserError(`${name} cannot be read: Node ${process.versions.node} knows no zstd`, {
          mend: 'use Node 22.15 or later, install the program zstd, or compress with gzip',
          cause,
        }),
      ),
    );
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`zstd exited with ${code}`))));
  });
  exit.catch(() => undefined);
  // A decoder that has stopped early has said why by its exit.
  child.stdin.on('error', () => undefined);
  async function* output(): AsyncGenerator<Uint8Array> {
    yield* child.stdout;
    await exit;
  }
  return { into: child.stdin, from: output(), kind, stop: () => child.kill() };
}

/** Told every byte of a file while it is digested. */
export type Watch = ReadonlyMap<string, { update(bytes: Uint8Array): void }>;

/** SHA-256 of one file; of several: over each name and the SHA-256 of its content, in the order given (sorted). */
export class SourceDigest {
  readonly #files: { readonly name: string; readonly hash: Hash }[] = [];
  readonly #watch: Watch | undefined;

  constructor(watch?: Watch) {
    this.#watch = watch;
  }

  file(name: string): { update(bytes: Uint8Array): void } {
    const hash = createHash('sha256');
    this.#files.push({ name, hash });
    const watched = this.#watch?.get(name);
    return {
      update: (bytes) => {
        hash.update(bytes);
        watched?.update(bytes);
      },
    };
  }

  value(): string {
    const digests = this.#files.map(({ name, hash }) => ({ name, digest: hash.digest('hex') }));
    const [only] = digests;
    if (only && digests.length === 1) return only.digest;
    const all = createHash('sha256');
    for (const { name, digest } of digests) all.update(`${name}\0${digest}\n`);
    return all.digest('hex');
  }
}
