import { rm } from 'node:fs/promises';
import { makeScratch } from '../../platform/local/scratch.js';

/** Does something with an empty folder of its own, which is gone afterwards, whatever happens. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeScratch('files');
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
