import { z } from 'zod';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

/**
 * The releases that hold artifacts: `assay-artifacts-1`, `assay-artifacts-2` …, one opened when the last is full. They
 * are prereleases and never the latest, so that they do not stand before a team's versions. Where the repository makes
 * releases immutable on publishing they stay drafts, which take assets for ever but are seen by tokens that may write only.
 */

export const MOST_ASSETS = 1000;
/** Before the name of the blob, so that the asset tells what it is. */
export const PREFIX = 'sha256-';
const TAG = /^assay-artifacts-([1-9]\d{0,5})$/;

const releaseAnswer = z.object({
  id: z.int(),
  tag_name: z.string(),
  draft: z.boolean(),
  immutable: z.boolean().optional(),
  upload_url: z.string(),
});
export const assetAnswer = z.object({
  id: z.int(),
  name: z.string(),
  /** `uploaded`; anything else is what a broken upload has left. */
  state: z.string(),
  size: z.int().nonnegative(),
  /** `sha256:…`; not on every server. */
  digest: z.string().nullish(),
  url: z.string(),
  created_at: z.coerce.date(),
  updated_at: z.coerce.date(),
});
export type Asset = z.infer<typeof assetAnswer>;

export interface ArtifactRelease {
  readonly id: number;
  readonly number: number;
  readonly tag: string;
  readonly draft: boolean;
  readonly immutable: boolean;
  readonly uploadUrl: string;
}

type ReleaseAnswer = z.infer<typeof releaseAnswer>;

/** The newest first. */
export async function listReleases(client: GitHubClient): Promise<readonly ArtifactRelease[]> {
  const found: ArtifactRelease[] = [];
  const list = { item: releaseAnswer };
  for await (const page of client.pages('GET /repos/{owner}/{repo}/releases', {}, list)) {
    for (const release of page.items) {
      const number = Number(TAG.exec(release.tag_name)?.[1]);
      if (number > 0) found.push(toRelease(release, number));
    }
  }
  return found.sort((a, b) => b.number - a.number || b.id - a.id);
}

export async function listAssets(client: GitHubClient, release: ArtifactRelease): Promise<readonly Asset[]> {
  const found: Asset[] = [];
  const route = 'GET /repos/{owner}/{repo}/releases/{release_id}/assets';
  try {
    for await (const page of client.pages(route, { release_id: release.id }, { item: assetAnswer })) {
      found.push(...page.items);
    }
  } catch (error) {
    // Removed since it was listed.
    if (!(error instanceof GitHubError && error.kind === 'not-found')) throw error;
  }
  return found;
}

/** Undefined when another job has opened one of that number meanwhile. */
export async function openRelease(
  client: GitHubClient,
  of: { readonly number: number; readonly draft: boolean },
): Promise<ArtifactRelease | undefined> {
  try {
    const release = await client.call(
      'POST /repos/{owner}/{repo}/releases',
      {
        tag_name: `assay-artifacts-${of.number}`,
        name: `Assay artifacts ${of.number}`,
        body: 'Files of runs, named by the SHA-256 of their content. Kept by Assay: `assay prune` removes what no record needs any more. Please leave it as it is.',
        draft: of.draft,
        prerelease: true,
        make_latest: 'false',
      },
      releaseAnswer,
    );
    return toRelease(release, of.number);
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    const taken = error.kind === 'invalid' && /already_exists/.test(error.said);
    if (!taken && !error.mayHaveHappened) throw error;
    // Perhaps it was made after all: whoever asks looks for it.
    return undefined;
  }
}

/** As it is now; undefined when it is gone. */
export async function readAsset(client: GitHubClient, id: number): Promise<Asset | undefined> {
  try {
    return await client.call(
      'GET /repos/{owner}/{repo}/releases/assets/{asset_id}',
      { asset_id: id },
      assetAnswer,
    );
  } catch (error) {
    if (error instanceof GitHubError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

export async function removeAsset(client: GitHubClient, id: number): Promise<void> {
  await remove(() =>
    client.call('DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}', { asset_id: id }, z.unknown(), {
      repeatable: true,
    }),
  );
}

/** Undefined when the name is taken. */
export async function renameAsset(
  client: GitHubClient,
  asset: { readonly id: number; readonly name: string },
): Promise<Asset | undefined> {
  try {
    return await client.call(
      'PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}',
      { asset_id: asset.id, name: asset.name },
      assetAnswer,
      { repeatable: true },
    );
  } catch (error) {
    if (error instanceof GitHubError && error.kind === 'invalid') return undefined;
    throw error;
  }
}

/** With its tag. */
export async function removeRelease(client: GitHubClient, release: ArtifactRelease): Promise<void> {
  await remove(() =>
    client.call(
      'DELETE /repos/{owner}/{repo}/releases/{release_id}',
      { release_id: release.id },
      z.unknown(),
      {
        repeatable: true,
      },
    ),
  );
  if (release.draft) return;
  await remove(() =>
    client.call('DELETE /repos/{owner}/{repo}/git/refs/{ref}', { ref: `tags/${release.tag}` }, z.unknown(), {
      repeatable: true,
    }),
  );
}

async function remove(request: () => Promise<unknown>): Promise<void> {
  try {
    await request();
  } catch (error) {
    const gone = error instanceof GitHubError && (error.status === 404 || /does not exist/i.test(error.said));
    if (!gone) throw error;
  }
}

function toRelease(release: ReleaseAnswer, number: number): ArtifactRelease {
  return {
    id: release.id,
    number,
    tag: release.tag_name,
    draft: release.draft,
    immutable: release.immutable ?? false,
    uploadUrl: release.upload_url.replace(/\{.*\}$/, ''),
  };
}
