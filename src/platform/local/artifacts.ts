import { lstat, open, opendir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseName } from '../../artifacts/names.js';
import { type Blob, type Blobs, type Content, NoSuchBlob } from '../../artifacts/ports.js';
import { Interrupted } from '../../errors.js';
import {
  type GrowingFile,
  growingFile,
  leavePartial,
  partialBeside,
  readFrom,
  removePartials,
} from './partial.js';
import { errorCode, makeFolder, storeError } from './store.js';

/**
 * Blobs as files named by the SHA-256 of their content: `sha256/ab/cdef…`, read-only. A list of a folder's files lies
 * beside them as `sha256/ab/cdef….folder`.
 */
export function directoryBlobs(options: { readonly folder: string }): Blobs {
  const place = (name: string) => join(options.folder, 'sha256', name.slice(0, 2), name.slice(2));
  return {
    place: options.folder,
    // A file system takes files of any size, and a whole file can be used without Assay.
    partBytes: Number.POSITIVE_INFINITY,
    parallel: 2,
    stat: (name) => statBlob(name, place(name)),
    put: async (name, content) => {
      const target = place(name);
      try {
        if ((await statBlob(name, target))?.bytes === content.bytes) return;
        await write(content, target);
      } catch (error) {
        throw storeError(error, target);
      }
    },
    get: (name, from) => read(name, { path: place(name), from }),
    touch: async (name) => {
      const now = new Date();
      return utimes(place(name), now, now).then(
        () => true,
        async (error: unknown) => {
          if (errorCode(error) === 'ENOENT') return false;
          // A store that is shared for reading: whoever owns it decides what is pruned.
          if (['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')) return true;
          throw storeError(error, place(name));
        },
      );
    },
    remove: async (name) => {
      await rm(place(name), { force: true }).catch((error: unknown) => {
        throw storeError(error, place(name));
      });
    },
    list: () => listBlobs(join(options.folder, 'sha256')),
    tidy: async (before) => {
      const total = { count: 0, bytes: 0 };
      const root = join(options.folder, 'sha256');
      for (const name of await readdir(root).catch(() => [])) {
        const removed = await removePartials(join(root, name), before);
        total.count += removed.count;
        total.bytes += removed.bytes;
      }
      return total;
    },
  };
}

async function statBlob(name: string, path: string): Promise<Blob | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    return { name, bytes: found.size, modified: found.mtime, digest: null };
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw storeError(error, path);
  }
}

async function* read(
  name: string,
  at: { readonly path: string; readonly from: number },
): AsyncGenerator<Uint8Array> {
  try {
    yield* readFrom(at.path, at.from);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new NoSuchBlob(name);
    throw storeError(error, at.path);
  }
}

async function write(content: Content, target: string): Promise<void> {
  await makeFolder(dirname(target));
  const partial = await partialBeside(target, content.digest);
  try {
    const file = await growingFile(partial);
    try {
      await fill(file, content);
      await file.finish({ mode: 0o444, sync: true });
    } finally {
      await file.close();
    }
    await rename(partial, target);
    await syncFolder(dirname(target));
  } catch (error) {
    // Interrupted: to be continued. Anything else would only take space.
    if (error instanceof Interrupted) await leavePartial(partial);
    else await rm(partial, { force: true });
    throw error;
  }
}

/** Appends what is missing; what an earlier attempt wrote is held against the content as it comes by. */
async function fill(file: GrowingFile, content: Content): Promise<void> {
  const before = file.bytes > 0 ? file.read(0)[Symbol.asyncIterator]() : undefined;
  let there: Uint8Array = new Uint8Array();
  let at = 0;
  for await (const chunk of content.stream()) {
    let done = 0;
    while (before && done < chunk.length && at + done < file.bytes) {
      if (there.length === 0) there = (await before.next()).value ?? new Uint8Array();
      const length = Math.min(there.length, chunk.length - done);
      const same = Buffer.compare(there.subarray(0, length), chunk.subarray(done, done + length)) === 0;
      if (!same || length === 0) await file.cut(at + done);
      else done += length;
      there = there.subarray(length);
    }
    if (done < chunk.length) await file.write(chunk.subarray(done));
    at += chunk.length;
  }
  if (file.bytes > at) await file.cut(at);
}

/** So that the name outlasts a power failure too; not every file system can. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // The content is on the disk; only its name may be lost, and then it is stored again.
  }
}

async function* listBlobs(root: string): AsyncGenerator<Blob> {
  for (const prefix of (await names(root)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    const folder = await opendir(join(root, prefix)).catch((error: unknown) => {
      throw storeError(error, join(root, prefix));
    });
    for await (const { name } of folder) {
      if (!parseName(prefix + name)) continue;
      const found = await lstat(join(root, prefix, name)).catch(() => undefined);
      if (found?.isFile()) {
        yield { name: prefix + name, bytes: found.size, modified: found.mtime, digest: null };
      }
    }
  }
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw storeError(error, folder);
  });
}
