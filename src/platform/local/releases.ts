import { copyFile, lstat, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { OutsideError, UserError } from '../../errors.js';
import type { ReleaseAsset, Releases } from '../../registry/ports.js';
import { fileName } from '../../report/escape.js';
import {
  fileDigest,
  makeFolder,
  readIfThere,
  storeError,
  temporaryBeside,
  writeAtomically,
} from './store.js';

const releaseFile = z.object({
  tag: z.string(),
  title: z.string(),
  published: z.boolean(),
  assets: z.array(z.object({ name: z.string(), digest: z.string(), bytes: z.number() })),
});
type ReleaseFile = z.infer<typeof releaseFile>;

/** Releases as folders: `<tag>/{release.json, body.md, assets/}`. A draft until it is published. */
export function localReleases(options: { readonly folder: string }): Releases {
  const place = (tag: string) => join(options.folder, fileName(tag));
  const read = (tag: string) => readRelease(join(place(tag), 'release.json'));
  const write = (release: ReleaseFile) =>
    writeAtomically(join(place(release.tag), 'release.json'), `${JSON.stringify(release, null, 2)}\n`);
  const draft = async (tag: string): Promise<ReleaseFile> => {
    const release = await read(tag);
    if (!release) throw new UserError(`there is no draft of the release ${tag}`);
    if (release.published) throw published(tag);
    return release;
  };
  return {
    createDraft: async ({ tag, title, body }) => {
      const before = await read(tag);
      if (before?.published) throw published(tag);
      // A draft that is there was left by a job that was killed: it is taken up again.
      await writeAtomically(join(place(tag), 'body.md'), body);
      await write({ tag, title, published: false, assets: before?.assets ?? [] });
    },
    upload: async (tag, asset, path) => {
      const release = await draft(tag);
      await copyAsset(asset, path, join(place(tag), 'assets', fileName(asset.name)));
      const others = release.assets.filter((other) => other.name !== asset.name);
      const { name, digest, bytes } = asset;
      await write({ ...release, assets: [...others, { name, digest, bytes }] });
    },
    publish: async (tag) => {
      const release = await read(tag);
      if (!release?.published) await write({ ...(await draft(tag)), published: true });
      return { url: null };
    },
    find: async (tag) => {
      const release = await read(tag);
      return release && { published: release.published, assets: release.assets };
    },
  };
}

function published(tag: string): UserError {
  return new UserError(`the release ${tag} is published and never changes`, {
    mend: 'release a new version',
  });
}

async function readRelease(path: string): Promise<ReleaseFile | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return releaseFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(`${path} is no release file`, { cause, mend: 'remove its folder and release again' });
  }
}

async function copyAsset(asset: ReleaseAsset, from: string, to: string): Promise<void> {
  await makeFolder(join(to, '..'));
  const temporary = temporaryBeside(to);
  try {
    if (!(await lstat(from)).isFile()) throw new UserError(`the asset ${asset.name} must be a file: ${from}`);
    await copyFile(from, temporary);
    const arrived = await fileDigest(temporary);
    if (arrived !== asset.digest) {
      throw new OutsideError(
        `the asset ${asset.name} did not arrive as it was sent: expected ${asset.digest}, got ${arrived}`,
        { mend: 'the release is still a draft: run the same command again' },
      );
    }
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true });
    throw storeError(error, from);
  }
}
