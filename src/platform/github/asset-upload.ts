import { randomUUID } from 'node:crypto';
import type { Content, TransferWorld } from '../../artifacts/ports.js';
import { OutsideError } from '../../errors.js';
import {
  type ArtifactRelease,
  type Asset,
  assetIn,
  listAssets,
  openRelease,
  PREFIX,
  removeAsset,
  renameAsset,
} from './artifact-releases.js';
import type { AssetIndex } from './asset-index.js';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

/**
 * One asset into the newest release that has room. After a failure that leaves open whether it arrived, it is looked
 * for before anything is sent again. Where the unfinished upload of another job has the name, and it cannot be known
 * whether that job still lives, the asset is sent under a name of its own and renamed when it is whole.
 */

export interface UploadOptions {
  readonly client: GitHubClient;
  readonly world: Pick<TransferWorld, 'wait' | 'now' | 'cancel'>;
  readonly index: AssetIndex;
  readonly mostAssets: number;
}

const ATTEMPTS = 6;
const LONGEST_WAIT_SECONDS = 120;
/** Slower than this, an attempt is given up. */
const SLOWEST_BYTES_PER_SECOND = 200_000;
/** An upload of another job is waited for as long as it takes at this speed, for that is cheaper than sending it too. */
const USUAL_BYTES_PER_SECOND = 20_000_000;
const USUAL_SECONDS = 15;
const LOOK_AGAIN_SECONDS = 5;

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

type Settled = 'stored' | 'full' | 'immutable' | 'occupied' | 'again';

/** What the failure came to: whether the asset is there all the same, and what its next attempt needs. */
async function settle(
  options: UploadOptions,
  of: {
    readonly release: ArtifactRelease;
    readonly assetName: string;
    readonly content: Content;
    readonly failure: GitHubError;
    readonly began: Date;
  },
): Promise<Settled> {
  const { failure } = of;
  if (failure.kind === 'invalid') {
    if (/file_count|assets per release/i.test(failure.said)) {
      options.index.markFull(of.release);
      return 'full';
    }
    if (/immutable/i.test(failure.said)) return 'immutable';
    if (!/already_exists/.test(failure.said)) throw failure;
    return clearWay(options, of);
  }
  if (failure.kind === 'secondary-limit' && (failure.retryAfter ?? 60) <= LONGEST_WAIT_SECONDS)
    return 'again';
  if (failure.kind === 'not-found' && (await isGone(options, of.release))) return 'again';
  if (!failure.mayHaveHappened) throw failure;
  return clearWay(options, { ...of, mine: true });
}

async function isGone({ index }: UploadOptions, release: ArtifactRelease): Promise<boolean> {
  index.reset();
  return !(await index.releases()).some(({ id }) => id === release.id);
}

/**
 * Looks at what stands in the way under that name: the whole asset (then all is well), the leftover of a broken upload
 * (then it is removed), or the upload of another job that may still be going on (then it is waited for, a while).
 */
async function clearWay(
  options: UploadOptions,
  of: {
    readonly release: ArtifactRelease;
    readonly assetName: string;
    readonly content: Content;
    readonly began: Date;
    /** This process has just sent it. */
    readonly mine?: true;
  },
): Promise<Settled> {
  const { client, world, index } = options;
  const patience = USUAL_SECONDS + of.content.bytes / USUAL_BYTES_PER_SECOND;
  for (;;) {
    const found = await findAsset(options, of);
    if (!found) return 'again';
    if (found.state === 'uploaded') {
      if (isRight(found, of.content)) {
        index.add(found, of.release);
        return 'stored';
      }
      await removeAsset(client, found);
      index.forget(found);
      return 'again';
    }
    const age = (world.now().getTime() - found.created_at.getTime()) / 1000;
    // Dates of the API have no milliseconds.
    const own = of.mine === true && found.created_at.getTime() >= of.began.getTime() - 1000;
    if (own) {
      await removeAsset(client, found);
      return 'again';
    }
    if (age > patience) return 'occupied';
    await world.wait(LOOK_AGAIN_SECONDS, world.cancel);
  }
}

async function findAsset(
  { client }: UploadOptions,
  of: { readonly release: ArtifactRelease; readonly assetName: string },
): Promise<Asset | undefined> {
  return (await listAssets(client, of.release)).find((asset) => asset.name === of.assetName);
}

function isRight(asset: Asset, content: Content): boolean {
  if (asset.state !== 'uploaded' || asset.size !== content.bytes) return false;
  return !asset.digest?.startsWith('sha256:') || asset.digest === `sha256:${content.digest}`;
}
