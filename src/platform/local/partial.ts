import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './process-mark.js';
import { makeFolder } from './store.js';

/**
 * Files and folders in the making: hidden beside their final name (so that the rename is atomic), with a name that says
 * what is in them and which process writes, so that a later attempt takes up what a dead one left.
 */

/** A process of another container may seem dead; but one that lives has written to its file within this time. */
const QUIET_MS = 5000;
const NOBODY = 0;

/** The path for what is being made; an unfinished one of the same content is renamed to it when there is one. */
export async function partialBeside(path: string, digest: string): Promise<string> {
  const folder = dirname(path);
  await makeFolder(folder);
  const key = digest.slice(0, 16);
  const mine = join(folder, partialName(key, process.pid));
  for (const name of await readdir(folder)) {
    const left = parsePartial(name);
    if (left?.key === key && (await isAbandoned(join(folder, name), left.pid))) {
      // Of several that try, one succeeds.
      const taken = await rename(join(folder, name), mine).then(
        () => true,
        () => false,
      );
      if (taken) return mine;
    }
  }
  return mine;
}

/** Gives it up for others to take. */
export async function leavePartial(path: string): Promise<void> {
  const key = parsePartial(basename(path))?.key;
  if (key === undefined) return;
  await rename(path, join(dirname(path), partialName(key, NOBODY))).catch(() => {});
}

function partialName(key: string, pid: number): string {
  return `.${key}.${pid}.${randomUUID().slice(0, 8)}.partial`;
}

export function parsePartial(name: string): { readonly key: string; readonly pid: number } | undefined {
  const [, key, pid] = /^\.([0-9a-f]{16})\.(\d+)\.[0-9a-f]{8}\.partial$/.exec(name) ?? [];
  return key === undefined ? undefined : { key, pid: Number(pid) };
}

async function isAbandoned(path: string, pid: number): Promise<boolean> {
  if (pid === NOBODY) return true;
  if (pid === process.pid || isAlive(pid)) return false;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > QUIET_MS;
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

/** The bytes of a file from an offset on, in large pieces. */
export async function* readFrom(path: string, from: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    yield* readHandle(file, from);
  } finally {
    await file.close();
  }
}

/** The next piece is read while the last one is used. */
async function* readHandle(file: FileHandle, from: number): AsyncGenerator<Uint8Array> {
  let at = from;
  const read = () => file.read(Buffer.allocUnsafeSlow(READ_BYTES), 0, READ_BYTES, at);
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
    read: (from) => readHandle(file, from),
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
