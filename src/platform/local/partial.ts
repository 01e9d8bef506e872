import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isAlive, placeOfNumbers } from './process-mark.js';
import { makeFolder } from './store.js';

/**
 * Files and folders in the making: hidden beside their final name (so that the rename is atomic), with a name that says
 * what is in them and which process writes, so that a later attempt takes up what a dead one left.
 */

/**
 * Of a process elsewhere (another machine, another container) it cannot be seen whether it lives: it is taken for dead
 * when it has not written for longer than a transfer may stand still.
 */
const QUIET_MS = 150_000;
const NOBODY = 0;

/** The path for what is being made; the largest unfinished one of the same content is renamed to it when there is one. */
export async function partialBeside(path: string, digest: string): Promise<string> {
  const folder = dirname(path);
  await makeFolder(folder);
  const key = digest.slice(0, 16);
  const mine = join(folder, partialName(key, process.pid));
  let taken = false;
  for (const left of await abandoned(folder, key)) {
    if (taken) {
      await rm(left, { recursive: true, force: true });
    } else {
      // Of several that try, one succeeds.
      taken = await rename(left, mine).then(
        () => true,
        () => false,
      );
    }
  }
  return mine;
}

/** Those of the content that nobody writes any more, the largest first. */
async function abandoned(folder: string, key: string): Promise<readonly string[]> {
  const found: { readonly path: string; readonly bytes: number }[] = [];
  for (const name of await readdir(folder)) {
    const left = parsePartial(name);
    const path = join(folder, name);
    if (left?.key !== key || !(await isAbandoned(path, left))) continue;
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    found.push({ path, bytes: size });
  }
  return found.sort((a, b) => b.bytes - a.bytes).map(({ path }) => path);
}

/** Gives it up for others to take. */
export async function leavePartial(path: string): Promise<void> {
  const key = parsePartial(basename(path))?.key;
  if (key === undefined) return;
  await rename(path, join(dirname(path), partialName(key, NOBODY))).catch(() => {});
}

function partialName(key: string, pid: number): string {
  return `.${key}.${pid}${pid === NOBODY ? '' : `@${placeOfNumbers()}`}.${randomUUID().slice(0, 8)}.partial`;
}

interface Partial {
  readonly key: string;
  readonly pid: number;
  /** Where that number names a process; undefined when that is not known. */
  readonly place: string | undefined;
}

export function parsePartial(name: string): Partial | undefined {
  const [, key, pid, place] =
    /^\.([0-9a-f]{16})\.(\d+)(?:@([0-9a-f]{8}))?\.[0-9a-f]{8}\.partial$/.exec(name) ?? [];
  return key === undefined ? undefined : { key, pid: Number(pid), place };
}

async function isAbandoned(path: string, by: Partial): Promise<boolean> {
  if (by.pid === NOBODY) return true;
  const here = by.place === placeOfNumbers();
  if (here && (by.pid === process.pid || !isAlive(by.pid))) return by.pid !== process.pid;
  const found = await stat(path).catch(() => undefined);
  if (!found) return false;
  // Since the machine was started another process may have got the number.
  return here ? found.mtimeMs < Date.now() - uptime() * 1000 : Date.now() - found.mtimeMs > QUIET_MS;
}

/** Removes unfinished things that nobody has written to since `before`. */
export async function removePartials(
  folder: string,
  before: Date,
): Promise<{ readonly count: number; readonly bytes: number }> {
  let [count, bytes] = [0, 0];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.partial')) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (!found || found.mtimeMs >= before.getTime()) continue;
    await rm(path, { recursive: true, force: true });
    count++;
    bytes += found.size;
  }
  return { count, bytes };
}

const READ_BYTES = 2 ** 20;
const LENT_BYTES = 2 ** 18;

/**
 * The bytes of a file from an offset on, in large pieces.
 * @param options.lent for consumers that are done with a piece when they ask for the one after the next, or copy it: the
 *   pieces lie in memory that is used again, for what is left to the collector piles up to a hundred megabytes
 */
export async function* readFrom(
  path: string,
  from: number,
  options: { readonly lent?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    yield* readHandle(file, { from, room: options.lent ? ring() : freshRoom });
  } finally {
    await file.close();
  }
}

function freshRoom(): Buffer {
  return Buffer.allocUnsafeSlow(READ_BYTES);
}

/** One is being read, two are with the consumer, and the rest is for what a socket has not sent yet. */
const LENT_PIECES = 8;

function ring(): () => Buffer {
  const buffers: Buffer[] = [];
  let next = 0;
  return () => {
    const at = next++ % LENT_PIECES;
    buffers[at] ??= Buffer.allocUnsafeSlow(LENT_BYTES);
    return buffers[at];
  };
}

/** The next piece is read while the last one is used. */
async function* readHandle(
  file: FileHandle,
  of: { readonly from: number; readonly room: () => Buffer },
): AsyncGenerator<Uint8Array> {
  let at = of.from;
  const read = () => {
    const buffer = of.room();
    return file.read(buffer, 0, buffer.length, at);
  };
  let next = read();
  try {
    for (;;) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      at += bytesRead;
      next = read();
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await next.catch(() => {});
  }
}

/** A file that grows at its end. Runs of zeros become holes, as `cp` makes them. */
export interface GrowingFile {
  readonly bytes: number;
  read(from: number): AsyncIterable<Uint8Array>;
  write(chunk: Uint8Array): Promise<void>;
  /** Forgets what is behind that many bytes. */
  cut(bytes: number): Promise<void>;
  /** With that mode; with `sync`, on the disk also when the power fails now. */
  finish(options: { readonly mode: number; readonly sync: boolean }): Promise<void>;
  close(): Promise<void>;
}

const ZEROS = Buffer.alloc(64 * 1024);

export async function growingFile(path: string): Promise<GrowingFile> {
  const file = await open(path, 'a+').then(async (made) => {
    await made.close();
    return open(path, 'r+');
  });
  let bytes = (await file.stat()).size;
  return {
    get bytes() {
      return bytes;
    },
    read: (from) => readHandle(file, { from, room: freshRoom }),
    write: async (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const end = Math.min(chunk.length, at + runLength(chunk, at));
        if (!isZero(chunk.subarray(at, at + ZEROS.length)))
          await writeAll(file, chunk.subarray(at, end), bytes + at);
        at = end;
      }
      bytes += chunk.length;
    },
    cut: async (to) => {
      await file.truncate(to);
      bytes = to;
    },
    finish: async ({ mode, sync }) => {
      await file.truncate(bytes);
      await file.chmod(mode);
      if (sync) await file.sync();
    },
    close: async () => {
      await file.close();
    },
  };
}

/** Bytes from `at` on that are written alike: one zero block, or all blocks up to the next zero one. */
function runLength(chunk: Uint8Array, at: number): number {
  if (isZero(chunk.subarray(at, at + ZEROS.length))) return ZEROS.length;
  let end = at + ZEROS.length;
  while (end < chunk.length && !isZero(chunk.subarray(end, end + ZEROS.length))) end += ZEROS.length;
  return end - at;
}

function isZero(block: Uint8Array): boolean {
  return ZEROS.compare(block, 0, block.length, 0, block.length) === 0;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
