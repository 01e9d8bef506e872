import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../errors.js';
import { formatBytes } from '../../format.js';
import type { SourceFile, SourceFolder, Workspace } from '../../runs/ports.js';

/** Files and folders as readers see them; who asks has made sure that `place` is inside the workspace. */

const PIECE_BYTES = 4 * 1024 * 1024;
/** After so many small files others get their turn. */
const TURN = 2000;

/** @param found.place absolute, without symbolic links */
export function sourceFile(
  path: string,
  found: { readonly place: string; readonly bytes: number; readonly workspace: Workspace },
): SourceFile {
  const { place, bytes, workspace } = found;
  return {
    path,
    bytes,
    async head(length) {
      const file = await open(place);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(length, bytes)), 0, undefined, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async text(maximumBytes) {
      if (bytes > maximumBytes) {
        throw new UserError(
          `${path} is ${formatBytes(bytes)}; at most ${formatBytes(maximumBytes)} are read`,
        );
      }
      const content = await readFile(place);
      if (isUtf8(content)) return new TextDecoder().decode(content);
      throw notUtf8(path, content);
    },
    chunks: () => pieces(place, bytes),
    beside: (inner) => workspace.file(join(dirname(path), inner)),
    async database() {
      const { openDatabase } = await import('../sqlite/database.js');
      return openDatabase({ path, place });
    },
  };
}

/** Not more than the file held when it was opened: one that is still being written would never end. */
async function* pieces(place: string, bytes: number): AsyncGenerator<Uint8Array> {
  const file = await open(place);
  try {
    // No Buffer: its `slice` copies nothing, and readers keep slices.
    const buffer = new Uint8Array(Math.min(PIECE_BYTES, Math.max(bytes, 1)));
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

export function sourceFolder(
  path: string,
  found: { readonly place: string; readonly workspace: Workspace },
): SourceFolder {
  const { place, workspace } = found;
  const within = (inner: string): string => (inner === '' ? path : `${path.replace(/\/$/, '')}/${inner}`);
  return {
    path,
    list: async (inner) => listFolder(join(place, inner)),
    file: (inner) => workspace.file(within(inner)),
    folder: (inner) => workspace.folder(within(inner)),
    async texts(inner, maximumBytes) {
      const texts: (string | undefined)[] = [];
      const buffer = Buffer.allocUnsafe(maximumBytes + 1);
      for (const [index, one] of inner.entries()) {
        texts.push(readSmall(join(place, one), buffer));
        if (index % TURN === TURN - 1) await new Promise(setImmediate);
      }
      return texts;
    },
    modified: (inner) => workspace.modified(within(inner)),
  };
}

function listFolder(place: string): readonly { readonly name: string; readonly folder: boolean }[] {
  try {
    return readdirSync(place, { withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => ({ name: entry.name, folder: entry.isDirectory() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

/** Thousands of files of a few bytes: one buffer and no promises make that fast. A link at the end of the path is not followed. */
function readSmall(place: string, buffer: Buffer): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const bytes = readSync(file, buffer, 0, buffer.length, 0);
    if (bytes >= buffer.length || (bytes === 0 && !fstatSync(file).isFile())) return undefined;
    return buffer.toString('utf8', 0, bytes);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function notUtf8(path: string, content: Buffer): UserError {
  const utf16 = content[0] === 0xff && content[1] === 0xfe;
  let line = 1;
  let start = 0;
  for (let end = content.indexOf(10); end !== -1; end = content.indexOf(10, start)) {
    if (!isUtf8(content.subarray(start, end))) break;
    line++;
    start = end + 1;
  }
  return new UserError(`${utf16 ? 'UTF-16' : 'not UTF-8'} text`, {
    location: { file: path, line },
    mend: utf16 ? 'write it as UTF-8 (PowerShell: Out-File -Encoding utf8)' : 'write it as UTF-8',
  });
}
