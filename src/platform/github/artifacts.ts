import { parseName } from '../../artifacts/names.js';
import {
  type Blob,
  type Blobs,
  BrokenTransfer,
  NoSuchBlob,
  type TransferWorld,
} from '../../artifacts/ports.js';
import { startOf } from '../http/range.js';
import {
  type Asset,
  changeAsset,
  listAssets,
  MOST_ASSETS,
  PREFIX,
  readAsset,
  removeAsset,
  removeRelease,
} from './artifact-releases.js';
import { assetIndex } from './asset-index.js';
import { uploadAsset } from './asset-upload.js';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

/**
 * Blobs as assets of releases. Names are looked for in the newest release first, and each release is listed once in a
 * process, for a token has 1,000 requests an hour.
 */
export function releaseBlobs(options: {
  readonly client: GitHubClient;
  readonly world: Pick<TransferWorld, 'wait' | 'now' | 'cancel'>;
  readonly limits?: { readonly assets: number; readonly partBytes: number };
}): Blobs {
  const { client, world } = options;
  const limits = options.limits ?? { assets: MOST_ASSETS, partBytes: PART_BYTES };
  const index = assetIndex(client);
  /** GitHub asks for one write after another. */
  let writing: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = writing.then(work, work);
    writing = turn.catch(() => {});
    return turn;
  };
  return {
    place: `the releases of ${client.owner}/${client.repo}`,
    partBytes: limits.partBytes,
    parallel: 4,
    packing: { smallBytes: SMALL_BYTES, packBytes: PACK_BYTES },
    stat: async (name) => toBlob(await index.find(name)),
    put: (name, content) =>
      inTurn(async () => {
        await uploadAsset({ client, world, index, mostAssets: limits.assets }, name, content);
        for (const old of index.outdated(name)) await removeAsset(client, old);
      }),
    get: (name, from) => read(options, { name, from, asset: () => index.find(name) }),
    touch: (name) => inTurn(() => touch(options, { name, index })),
    remove: (name, { unlessModifiedSince: since } = {}) =>
      inTurn(async () => {
        const assets = await index.findAll(name);
        for (const asset of since ? assets : []) {
          const now = await readAsset(client, asset);
          if (since && now && now.updated_at >= since) return false;
        }
        for (const asset of assets) {
          await removeAsset(client, asset);
          index.forget(asset);
        }
        return true;
      }),
    list: async function* () {
      for (const asset of await index.all()) {
        const blob = toBlob(asset);
        if (blob && parseName(asset.name.slice(PREFIX.length))) yield blob;
      }
    },
    tidy: (before) => inTurn(() => tidy(options, before)),
  };
}

/** A write costs about as much of the limits as a mebibyte does of the time. */
const SMALL_BYTES = 2 ** 20;
const PACK_BYTES = 16 * 2 ** 20;

/** An asset must be smaller than 2 GiB. */
const PART_BYTES = Math.floor(1.9 * 2 ** 30);

function toBlob(asset: Asset | undefined): Blob | undefined {
  if (!asset) return undefined;
  const digest = /^sha256:([0-9a-f]{64})$/.exec(asset.digest ?? '')?.[1] ?? null;
  return {
    name: asset.name.slice(PREFIX.length),
    bytes: asset.size,
    modified: asset.updated_at,
    digest,
  };
}

type Options = Parameters<typeof releaseBlobs>[0];

const SLOWEST_BYTES_PER_SECOND = 200_000;

async function* read(
  { client, world }: Options,
  of: { readonly name: string; readonly from: number; readonly asset: () => Promise<Asset | undefined> },
): AsyncGenerator<Uint8Array> {
  const asset = await of.asset();
  if (!asset) throw new NoSuchBlob(of.name);
  if (of.from >= asset.size) return;
  try {
    const response = await client.stream({
      method: 'GET',
      url: asset.url,
      route: '/repos/{owner}/{repo}/releases/assets/{asset_id}',
      headers: {
        accept: 'application/octet-stream',
        'accept-encoding': 'identity',
        ...(of.from > 0 ? { range: `bytes=${of.from}-` } : {}),
      },
      timeoutSeconds: 300 + Math.ceil((asset.size - of.from) / SLOWEST_BYTES_PER_SECOND),
      cancel: world.cancel,
    });
    let skip = of.from - startOf(response, of.from);
    for await (const chunk of response.body ?? []) {
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  } catch (error) {
    world.cancel.throwIfAborted();
    throw await readFailure(error, of.name, world);
  }
}

/** Longer waits are for a person to decide. */
const LONGEST_WAIT_SECONDS = 120;

async function readFailure(
  error: unknown,
  name: string,
  world: Pick<TransferWorld, 'wait' | 'cancel'>,
): Promise<unknown> {
  if (!(error instanceof GitHubError)) {
    // What undici throws for a body that ends early.
    const broken = error instanceof Error && (error instanceof TypeError || error.name === 'TimeoutError');
    const cause = broken && error.cause instanceof Error ? error.cause : error;
    return broken ? new BrokenTransfer((cause as Error).message, { cause: error }) : error;
  }
  if (error.kind === 'not-found') return new NoSuchBlob(name);
  if (error.kind === 'secondary-limit' && (error.retryAfter ?? 60) <= LONGEST_WAIT_SECONDS) {
    await world.wait(error.retryAfter ?? 60, world.cancel);
    return new BrokenTransfer(error.message, { cause: error });
  }
  return error.kind === 'unavailable' ? new BrokenTransfer(error.message, { cause: error }) : error;
}

/** A pruning leaves alone what is younger than a week: what was made lately needs no touch where that means sending it. */
const TOUCH_BY_SENDING_AFTER_MS = 3 * 86_400_000;

/** Changing the label sets `updated_at`. */
async function touch(
  { client, world }: Options,
  of: { readonly name: string; readonly index: ReturnType<typeof assetIndex> },
): Promise<boolean> {
  const asset = await of.index.find(of.name);
  if (!asset) return false;
  if (asset.release !== null) {
    // A server that keeps no time of change: it is stored anew, and then the old one goes.
    if (world.now().getTime() - asset.updated_at.getTime() < TOUCH_BY_SENDING_AFTER_MS) return true;
    of.index.outdate(asset);
    return false;
  }
  try {
    await changeAsset(client, asset, { label: `wanted ${world.now().toISOString()}` });
    of.index.add({ ...asset, updated_at: world.now() });
    return true;
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    if (error.kind === 'not-found') {
      of.index.forget(asset);
      return false;
    }
    // A token that may only read: whoever may write decides what is pruned. An immutable release keeps what it has.
    if (error.kind === 'permission' || error.kind === 'invalid') return true;
    throw error;
  }
}

/** Unfinished, or whole under the name that it had while it was sent. */
function isLeftover(asset: Asset): boolean {
  const name = asset.name.startsWith(PREFIX) ? asset.name.slice(PREFIX.length) : '';
  return asset.state !== 'uploaded' || (/\.[0-9a-f]{8}$/.test(name) && isBlobName(name.slice(0, -9)));
}

function isBlobName(name: string): boolean {
  return parseName(name) !== undefined;
}

/** Removes what broken uploads left, and releases that pruning has emptied; the newest stays, for it is being filled. */
async function tidy(
  { client }: Options,
  before: Date,
): Promise<{ readonly count: number; readonly bytes: number }> {
  const index = assetIndex(client);
  let count = 0;
  const [, ...older] = await index.releases();
  for (const release of await index.releases()) {
    const assets = await listAssets(client, release);
    const left = assets.filter((asset) => isLeftover(asset) && asset.created_at < before);
    for (const asset of left) {
      await removeAsset(client, asset);
      count++;
    }
    if (assets.length === left.length && older.includes(release) && !release.immutable) {
      await removeRelease(client, release);
    }
  }
  return { count, bytes: 0 };
}
