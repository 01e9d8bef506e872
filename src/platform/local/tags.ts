import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import type { Tags } from '../../registry/ports.js';
import { fileName } from '../../report/escape.js';
import { errorCode, makeFolder, readIfThere, storeError } from './store.js';

const tagFile = z.object({ tag: z.string(), commit: z.string(), message: z.string() });

/** Tags as files, for work outside git. */
export function localTags(options: { readonly folder: string }): Tags {
  const place = (tag: string) => join(options.folder, `${fileName(tag)}.json`);
  return {
    create: async (tag, commit, message) => {
      await makeFolder(options.folder);
      try {
        const text = `${JSON.stringify({ tag, commit, message }, null, 2)}\n`;
        await writeFile(place(tag), text, { flag: 'wx' });
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw storeError(error, place(tag));
        const before = await readTag(place(tag));
        if (before?.tag === tag && before.commit === commit) return;
        throw new UserError(`the tag ${tag} exists already, on ${before?.commit ?? 'an unreadable file'}`, {
          mend: 'a released version never moves: register a new one',
        });
      }
    },
    list: async (prefix) => {
      const names = await readdir(options.folder).catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return [];
        throw storeError(error, options.folder);
      });
      const tags: string[] = [];
      for (const name of names) {
        const found = await readTag(join(options.folder, name));
        if (found?.tag.startsWith(prefix)) tags.push(found.tag);
      }
      return tags.sort();
    },
  };
}

async function readTag(path: string): Promise<z.infer<typeof tagFile> | undefined> {
  try {
    return tagFile.parse(JSON.parse((await readIfThere(path)) ?? ''));
  } catch {
    return undefined;
  }
}
