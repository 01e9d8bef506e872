import { randomUUID } from 'node:crypto';
import type { Content } from '../../artifacts/ports.js';
import { OutsideError } from '../../errors.js';
import {
  type ArtifactRelease,
  type Asset,
  assetIn,
  openRelease,
  PREFIX,
  removeAsset,
  renameAsset,
} from './artifact-releases.js';
import { findAsset, isRight, settle, type UploadOptions } from './asset-conflict.js';
import { GitHubError } from './failure.js';

/**
 * One asset into the newest release that has room. After a failure that leaves open whether it arrived, it is looked
 * for before anything is sent again. Where the unfinished upload of another job has the name, and it cannot be known
 * whether that job still lives, the asset is sent under a name of its own and renamed when it is whole.
 */

const ATTEMPTS = 6;
/** Slower than this, an attempt is given up. */
const SLOWEST_BYTES_PER_SECOND = 200_000;

export async function uploadAsset(options: UploadOptions, name: string, content: Content): Promise<void> {
  const { index, world } = options;
  const assetName = PREFIX + name;
  let [draft, aside] = [false, false];
  for (let attempt = 1; ; ) {
    world.cancel.throwIfAborted();
    if ((await index.find(name))?.size === content.bytes) return;
    const release = await releaseWithRoom(options, draft);
    const began = world.now();
    const sentAs = aside ? `${assetName}.${randomUUID().slice(0, 8)}` : assetName;
    const sent = await send(options, { release, assetName: sentAs, content });
    if (!(sent instanceof GitHubError)) {
      if (aside) await takeName(options, { release, assetName, content, asset: sent });
      else index.add(sent, release);
      return;
    }
    const failure = sent;
    switch (await settle(options, { release, assetName: sentAs, content, failure, began })) {
      case 'stored':
        return;
      case 'full':
        continue;
      case 'immutable':
        draft = true;
        continue;
      case 'occupied':
        aside = true;
        continue;
      case 'again':
        if (++attempt > ATTEMPTS) throw failure;
        await world.wait(pauseAfter(failure, attempt), world.cancel);
    }
  }
}

function pauseAfter(failure: GitHubError, attempt: number): number {
  const usual = Math.min(60, 2 ** (attempt - 1));
  return failure.kind === 'secondary-limit' ? (failure.retryAfter ?? 60 * (attempt - 1)) : usual;
}

/** Where the next asset goes: into the newest release, or into a new one when that is full or takes none any more. */
async function releaseWithRoom(options: UploadOptions, draft: boolean): Promise<ArtifactRelease> {
  const { client, index, mostAssets } = options;
  for (let tries = 0; tries < 5; tries++) {
    const releases = await index.releases();
    const [newest] = releases;
    const takes = newest && !newest.immutable && (newest.draft || !draft);
    if (takes && (await index.count(newest)) < mostAssets) return newest;
    // One that was published and locked at once tells that this repository locks all of them.
    const locks = draft || releases.some((release) => release.immutable || release.draft);
    const opened = await openRelease(client, { number: (newest?.number ?? 0) + 1, draft: locks });
    if (opened && !opened.immutable) {
      index.addRelease(opened);
      return opened;
    }
    index.reset();
  }
  throw new OutsideError(`no release for artifacts could be opened in ${client.owner}/${client.repo}`, {
    mend: 'look at the releases assay-artifacts-…; another job may be opening them again and again',
  });
}

/** Gives an asset that is whole its name, in place of an unfinished one; of two whole ones the first stays. */
async function takeName(
  options: UploadOptions,
  of: {
    readonly release: ArtifactRelease;
    readonly assetName: string;
    readonly content: Content;
    readonly asset: Asset;
  },
): Promise<void> {
  const { client, index } = options;
  for (let tries = 0; tries < 5; tries++) {
    const found = await findAsset(options, of);
    if (found && isRight(found, of.content)) {
      await removeAsset(client, of.asset);
      index.add(found, of.release);
      return;
    }
    if (found) await removeAsset(client, found);
    const renamed = await renameAsset(client, of.asset, of.assetName);
    if (renamed) {
      index.add(renamed, of.release);
      return;
    }
  }
  throw new OutsideError(`${of.assetName} is taken again and again in ${client.owner}/${client.repo}`, {
    mend: 'another job stores the same: run the same command again when it has ended',
  });
}

/** The asset when it has arrived. Throws what the content throws, and failures that no repetition mends. */
async function send(
  options: UploadOptions,
  of: { readonly release: ArtifactRelease; readonly assetName: string; readonly content: Content },
): Promise<Asset | GitHubError> {
  const { client, world } = options;
  const { release, content, assetName } = of;
  let wrong: { readonly error: unknown } | undefined;
  async function* body() {
    try {
      yield* content.stream();
    } catch (error) {
      wrong = { error };
      throw error;
    }
  }
  try {
    const response = await client.stream({
      method: 'POST',
      url: `${release.uploadUrl}?name=${encodeURIComponent(assetName)}`,
      route: '/repos/{owner}/{repo}/releases/{release_id}/assets',
      headers: {
        accept: 'application/vnd.github+json',
        'content-type': 'application/octet-stream',
        'content-length': String(content.bytes),
      },
      body: content.bytes === 0 ? new Uint8Array() : ReadableStream.from(body()),
      timeoutSeconds: 300 + Math.ceil(content.bytes / SLOWEST_BYTES_PER_SECOND),
      cancel: world.cancel,
    });
    const asset = assetIn(release).safeParse(await response.json().catch(() => undefined));
    if (asset.success && isRight(asset.data, content)) return asset.data;
    return new GitHubError(
      {
        method: 'POST',
        route: '/repos/{owner}/{repo}/releases/{release_id}/assets',
        repository: `${client.owner}/${client.repo}`,
        status: response.status,
        headers: {},
        body: undefined,
        detail: 'it took something else than was sent',
      },
      {
        kind: 'malformed',
        message: `GitHub did not take ${assetName} as it was sent`,
        mend: 'run the same command again',
      },
    );
  } catch (error) {
    if (wrong) {
      await removeLeftover(options, of);
      throw wrong.error;
    }
    if (error instanceof GitHubError) return error;
    throw error;
  }
}

async function removeLeftover(
  options: UploadOptions,
  of: { readonly release: ArtifactRelease; readonly assetName: string },
): Promise<void> {
  const left = await findAsset(options, of).catch(() => undefined);
  if (left && left.state !== 'uploaded') await removeAsset(options.client, left).catch(() => {});
}
