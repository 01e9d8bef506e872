import type { Content, TransferWorld } from '../../artifacts/ports.js';
import { type ArtifactRelease, type Asset, listAssets, removeAsset } from './artifact-releases.js';
import type { AssetIndex } from './asset-index.js';
import type { GitHubClient } from './client.js';
import type { GitHubError } from './failure.js';

/** What a failed upload came to, and what stands in its way. */

export interface UploadOptions {
  readonly client: GitHubClient;
  readonly world: Pick<TransferWorld, 'wait' | 'now' | 'cancel'>;
  readonly index: AssetIndex;
  readonly mostAssets: number;
}

const LONGEST_WAIT_SECONDS = 120;
/** An upload of another job is waited for as long as it takes at this speed, for that is cheaper than sending it too. */
const USUAL_BYTES_PER_SECOND = 20_000_000;
const USUAL_SECONDS = 15;
const LOOK_AGAIN_SECONDS = 5;

export type Settled = 'stored' | 'full' | 'immutable' | 'occupied' | 'again';

/** What the failure came to: whether the asset is there all the same, and what its next attempt needs. */
export async function settle(
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
  if (failure.kind === 'not-found') {
    if (await isGone(options, of.release)) return 'again';
    // Another job was faster with the same, and has put its own in the place of this one while it was being sent.
    return clearWay(options, { ...of, mine: true });
  }
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

export async function findAsset(
  { client }: UploadOptions,
  of: { readonly release: ArtifactRelease; readonly assetName: string },
): Promise<Asset | undefined> {
  return (await listAssets(client, of.release)).find((asset) => asset.name === of.assetName);
}

export function isRight(asset: Asset, content: Content): boolean {
  if (asset.state !== 'uploaded' || asset.size !== content.bytes) return false;
  return !asset.digest?.startsWith('sha256:') || asset.digest === `sha256:${content.digest}`;
}
