import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { OutsideError, UserError } from '../../errors.js';
import { fileName } from '../../report/escape.js';
import type { GitHubClient } from '../github/client.js';
import { GitHubError } from '../github/failure.js';

const release = z.object({
  assets: z.array(
    z.object({ id: z.number(), name: z.string(), size: z.number(), digest: z.string().nullish() }),
  ),
});

/**
 * Brings an asset of a release to this machine and returns its path: from GitHub where the repository is there, else from
 * the releases under `.assay/`. Kept as long as its size and digest stay the same.
 */
export async function fetchReleaseAsset(of: {
  readonly tag: string;
  readonly asset: string;
  /** Where fetched assets are kept (absolute). */
  readonly folder: string;
  /** Folder of the local releases (absolute). */
  readonly local: string;
  readonly github: GitHubClient | undefined;
  readonly cancel: AbortSignal;
}): Promise<string> {
  const { tag, asset, github } = of;
  const here = join(of.local, fileName(tag), 'assets', fileName(asset));
  if ((await stat(here).catch(() => undefined))?.isFile()) return here;
  if (!github) {
    throw new UserError(`there is no asset ${JSON.stringify(asset)} in a release ${JSON.stringify(tag)}`, {
      mend: 'on a laptop set GITHUB_REPOSITORY and GITHUB_TOKEN to reach the releases of the repository',
    });
  }
  const found = await github
    .call('GET /repos/{owner}/{repo}/releases/tags/{tag}', { tag }, release)
    .catch((cause: unknown) => {
      if (!(cause instanceof GitHubError) || cause.status !== 404) throw cause;
      throw new UserError(`there is no release ${JSON.stringify(tag)} in ${github.owner}/${github.repo}`, {
        cause,
      });
    });
  const one = found.assets.find(({ name }) => name === asset);
  if (!one) {
    throw new UserError(`the release ${tag} has no asset ${JSON.stringify(asset)}`, {
      mend: `assets there are: ${found.assets.map(({ name }) => name).join(', ') || 'none'}`,
    });
  }
  const version = (one.digest ?? `id-${one.id}`).replace(/[^\w]+/g, '-').slice(0, 32);
  const path = join(of.folder, fileName(tag), version, fileName(asset));
  if ((await stat(path).catch(() => undefined))?.size === one.size) return path;
  await mkdir(dirname(path), { recursive: true });
  const route = `/repos/${github.owner}/${github.repo}/releases/assets/${one.id}`;
  const response = await github.stream({
    method: 'GET',
    url: `${github.baseUrl}${route}`,
    route: `GET ${route}`,
    headers: { accept: 'application/octet-stream' },
    timeoutSeconds: 300 + one.size / 500_000,
    cancel: of.cancel,
  });
  if (!response.body) throw new OutsideError(`GitHub sent nothing for the asset ${asset}`);
  await pipeline(
    Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
    createWriteStream(`${path}.part`),
  );
  const { size } = await stat(`${path}.part`);
  if (size !== one.size)
    throw new OutsideError(`the asset ${asset} came with ${size} of ${one.size} bytes`, {
      mend: 'run it again',
    });
  await rename(`${path}.part`, path);
  return path;
}
