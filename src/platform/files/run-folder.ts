import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFolder } from '../../runs/ports.js';
import { makeFolder } from '../local/store.js';

/** @param options.folder does not exist yet; made on first use */
export function localRunFolder(options: { readonly folder: string }): RunFolder {
  return {
    async prepare(seed, params) {
      const folder = join(options.folder, `seed-${seed}`);
      const place = {
        params: join(folder, 'params.json'),
        out: join(folder, 'out'),
        log: join(folder, 'train.log'),
      };
      await rm(folder, { recursive: true, force: true });
      await makeFolder(place.out);
      await writeFile(place.params, params);
      return {
        ...place,
        async outFiles() {
          const { glob } = await import('tinyglobby');
          const found = await glob('**', {
            cwd: place.out,
            dot: true,
            followSymbolicLinks: false,
            expandDirectories: false,
          });
          return found.sort();
        },
      };
    },
    remove: () => rm(options.folder, { recursive: true, force: true }),
  };
}
