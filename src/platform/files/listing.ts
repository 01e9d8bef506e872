import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Listing } from '../../survey/listing.js';

/** Nothing of the team's own stands deeper, and the walk stays short in a repository of any size. */
const MAXIMUM_DEPTH = 4;
const MAXIMUM_FILES = 5000;
const NOT_ENTERED =
  /^(\..*|node_modules|site-packages|venv|env|renv|packrat|target|build|dist|__pycache__|mlruns|wandb|lightning_logs)$/;

/** What is in `folder`, for `init` to look at. Links are not followed; what cannot be read is left out. */
export async function listFolder(folder: string): Promise<Listing> {
  const files: string[] = [];
  const folders: string[] = [];
  let level: readonly string[] = [''];
  for (let depth = 0; depth < MAXIMUM_DEPTH && level.length > 0; depth++) {
    const next: string[] = [];
    for (const inside of level) {
      const entries = await readdir(join(folder, inside), { withFileTypes: true }).catch(() => []);
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
        if (entry.isDirectory()) {
          if (depth === 0) folders.push(entry.name);
          if (!NOT_ENTERED.test(entry.name)) next.push(path);
        } else if (entry.isFile() && files.length < MAXIMUM_FILES) files.push(path);
      }
    }
    level = next;
  }
  return { files, folders, head: (file, length) => readHead(join(folder, file), length) };
}

async function readHead(path: string, length: number): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
