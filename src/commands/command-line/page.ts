import { resolve } from 'node:path';
import type { World } from '../../world.js';

/** Writes a page where `--html` says, and tells where that is. */
export async function writePage(
  page: string,
  { file, world }: { readonly file: string; readonly world: World },
): Promise<void> {
  const { writeAtomically } = await import('../../platform/local/store.js');
  const path = resolve(world.cwd, file);
  await writeAtomically(path, page);
  world.terminal.info(`written: ${path}`);
}
