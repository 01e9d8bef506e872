import { type ZodType, z } from 'zod';
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
const assetAnswer = z.object({
  id: z.int(),
  name: z.string(),
  /** `uploaded`; anything else is what a broken upload has left. Gitea shows whole ones only. */
  state: z.string().default('uploaded'),
  size: z.int().nonnegative(),
  /** `sha256:…`; not on every server. */
  digest: z.string().nullish(),
  /** Not on Gitea. */
  url: z.string().optional(),
  browser_download_url: z.string().optional(),
  created_at: z.coerce.date(),
  /** Not on Gitea, which does not know when an asset was changed. */
  updated_at: z.coerce.date().optional(),
});

export interface Asset {
  readonly id: number;
  readonly name: string;
  readonly state: string;
  readonly size: number;
  readonly digest: string | null;
  /** Where its bytes are. */
  readonly url: string;
  readonly created_at: Date;
  /** That of its making where the server keeps no other. */
  readonly updated_at: Date;
  /** The release that an address of the asset names, as on Gitea; null where it has an address of its own. */
  readonly release: number | null;
}

/** An asset as a server describes it. */
export function assetIn(release: Pick<ArtifactRelease, 'id'>): ZodType<Asset> {
  return assetAnswer.transform(({ url, browser_download_url, ...asset }) => ({
    ...asset,
    digest: asset.digest ?? null,
    url: url ?? browser_download_url ?? '',
    updated_at: asset.updated_at ?? asset.created_at,
    release: url === undefined ? release.id : null,
  }));
}

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
    for await (const page of client.pages(route, { release_id: release.id }, { item: assetIn(release) })) {
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
    // Gitea says 409.
    const taken = error.status === 409 || (error.kind === 'invalid' && /already_exists/.test(error.said));
    if (!taken && !error.mayHaveHappened) throw error;
    // Perhaps it was made after all: whoever asks looks for it.
    return undefined;
  }
}

/** As it is now; undefined when it is gone. */
export async function readAsset(client: GitHubClient, asset: Asset): Promise<Asset | undefined> {
  const { path, parameters, answer } = addressOf(asset);
  try {
    return await client.call(`GET ${path}`, parameters, answer);
  } catch (error) {
    if (error instanceof GitHubError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

export async function removeAsset(client: GitHubClient, asset: Asset): Promise<void> {
  const { path, parameters } = addressOf(asset);
  await remove(() => client.call(`DELETE ${path}`, parameters, z.unknown(), { repeatable: true }));
}

/** Undefined when the name is taken. */
export async function renameAsset(
  client: GitHubClient,
  asset: Asset,
  name: string,
): Promise<Asset | undefined> {
  try {
    return await changeAsset(client, asset, { name });
  } catch (error) {
    if (error instanceof GitHubError && error.kind === 'invalid') return undefined;
    throw error;
  }
}

export async function changeAsset(
  client: GitHubClient,
  asset: Asset,
  change: { readonly name?: string; readonly label?: string },
): Promise<Asset> {
  const { path, parameters, answer } = addressOf(asset);
  return client.call(`PATCH ${path}`, { ...parameters, ...change }, answer, { repeatable: true });
}

/** Gitea has no address for an asset but in its release. */
function addressOf(asset: Asset) {
  const github = '/repos/{owner}/{repo}/releases/assets/{asset_id}' as const;
  const gitea = '/repos/{owner}/{repo}/releases/{release_id}/assets/{asset_id}' as typeof github;
  const inRelease = { asset_id: asset.id, release_id: asset.release };
  return asset.release === null
    ? { path: github, parameters: { asset_id: asset.id }, answer: assetIn({ id: 0 }) }
    : { path: gitea, parameters: inRelease, answer: assetIn({ id: asset.release }) };
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
  await remove(() => removeTag(client, release.tag));
}

async function removeTag(client: GitHubClient, tag: string): Promise<void> {
  const github = 'DELETE /repos/{owner}/{repo}/git/refs/{ref}' as const;
  const gitea = 'DELETE /repos/{owner}/{repo}/tags/{tag}' as typeof github;
  try {
    await client.call(github, { ref: `tags/${tag}` }, z.unknown(), { repeatable: true });
  } catch (error) {
    if (!(error instanceof GitHubError && error.status === 405)) throw error;
    const named = { ref: '', tag };
    await client.call(gitea, named, z.unknown(), { repeatable: true });
  }
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
