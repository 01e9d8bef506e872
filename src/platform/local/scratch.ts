import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeftBehind, processMark } from './process-mark.js';

/** Folders for a moment, and clearing away what processes that were killed left of theirs. */

const PREFIX = 'assay-';

/** An empty folder of this process; whoever asks for it removes it. What killed ones left beside it goes. */
export async function makeScratch(what: string, parent: string = tmpdir()): Promise<string> {
  await sweepScratch(parent);
  return mkdtemp(join(parent, `${PREFIX}${what}-${processMark()}-`));
}

export function sweepScratch(parent: string = tmpdir()): Promise<void> {
  return sweep(parent, (name) => name.startsWith(PREFIX));
}

/** Half-written files (`temporaryBeside`) in a folder of Assay's own, where none can be the only copy of anything. */
export function sweepPartials(folder: string): Promise<void> {
  return sweep(folder, (name) => name.endsWith('.partial'));
}

/** Never throws: what cannot be removed now waits for another time. */
async function sweep(folder: string, isOurs: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!isOurs(name) || !isLeftBehind(name)) continue;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => undefined);
    // Where others write, too, only one's own is removed.
    if (found === undefined || found.uid !== (process.getuid?.() ?? found.uid)) continue;
    await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}
