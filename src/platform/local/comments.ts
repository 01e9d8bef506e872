import { join } from 'node:path';
import { fileName } from '../../report/escape.js';
import type { Comments } from '../../report/ports.js';
import { writeAtomically } from './store.js';

/** Comments as files: `pr-<number>-<key>.md`, or `commit-<key>.md` without a pull request. There is one, in any mode. */
export function localComments(options: { readonly folder: string }): Comments {
  return {
    publish: async ({ pullRequest, key, body }) => {
      const subject = pullRequest === null ? 'commit' : `pr-${pullRequest}`;
      const path = join(options.folder, `${fileName(`${subject}-${key}`)}.md`);
      await writeAtomically(path, body);
      return { url: path };
    },
  };
}
