import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OutsideError, UserError } from '../../errors.js';
import { processMark } from './process-mark.js';

/** The folder `.assay/` and safe writing in it. */

const STORE = '.assay';

/**
 * Makes a folder and its parents. Whoever first makes something in `.assay/` makes it ignore itself in git, so that
 * the user's `git status` stays clean without a line in their `.gitignore`.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const store = storeAround(resolve(folder));
    if (store) await writeFile(join(store, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoreExisting);
  } catch (error) {
    throw storeError(
      errorCode(error) === 'ENOENT' ? await whyNotMade(resolve(folder), error) : error,
      folder,
    );
  }
}

/** Node says of a read-only file system that the folder does not exist; making the first missing one says why. */
async function whyNotMade(folder: string, otherwise: unknown): Promise<unknown> {
  let missing = folder;
  while (dirname(missing) !== missing && !(await exists(dirname(missing)))) missing = dirname(missing);
  return mkdir(missing).then(
    () => otherwise,
    (error: unknown) => error,
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function storeAround(folder: string): string | undefined {
  for (let at = folder; dirname(at) !== at; at = dirname(at)) if (basename(at) === STORE) return at;
  return undefined;
}

/** Writes a file that is never seen half-written; replaces what was there. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw storeError(error, path);
  }
}

/** Like `writeAtomically`, piece by piece: the file is there once the last piece is. */
export async function writeStream(
  path: string,
  pieces: () => AsyncIterable<string | Uint8Array>,
): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = temporaryBeside(path);
  try {
    await pipeline(pieces, createWriteStream(temporary, { flags: 'wx', flush: true }));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw errorCode(error) === undefined ? error : storeError(error, path);
  }
}

/** A name in the same folder (so that a rename is atomic) which no reader takes for content. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${processMark()}.${randomUUID()}.partial`);
}

/** The text of a file; undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw storeError(error, path);
  }
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Whether there is no space left. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
}

function ignoreExisting(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}

/** What the file system says, as an error for people: where, and what they can do. */
export function storeError(error: unknown, path: string): Error {
  if (error instanceof UserError || error instanceof OutsideError) return error;
  const detail = { cause: error };
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new OutsideError(`no space left on the disk for ${path}`, {
        ...detail,
        mend: 'free some space, then run the same command again',
      });
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new UserError(`${path} cannot be written: the folder is read-only`, {
        ...detail,
        mend: 'check the owner and the rights of the folder, or run where it is writable',
      });
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return new UserError(`${path} cannot be written: a file is where a folder must be, or the reverse`, {
        ...detail,
        mend: 'move it away',
      });
    case 'ENOENT':
      return new UserError(`there is no ${path}`, detail);
    default:
      return new OutsideError(`${path}: ${error instanceof Error ? error.message : String(error)}`, detail);
  }
}

/** SHA-256 in lower-case hex; the file is streamed. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    throw storeError(error, path);
  }
  return hash.digest('hex');
}
