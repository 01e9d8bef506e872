import { join } from 'node:path';
import { fileName } from '../../report/escape.js';
import type { Checks } from '../../report/ports.js';
import { writeAtomically } from './store.js';

/** Checks as files: `<commit>-<name>.json`, the newest of a commit and name. */
export function localChecks(options: { readonly folder: string }): Checks {
  return {
    publish: async (check) => {
      const path = join(options.folder, `${fileName(`${check.commit}-${check.name}`, 120)}.json`);
      await writeAtomically(path, `${JSON.stringify(check, null, 2)}\n`);
      return { url: path };
    },
  };
}
