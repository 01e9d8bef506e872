import { type ArtifactRelease, type Asset, listAssets, listReleases, PREFIX } from './artifact-releases.js';
import { releasesHolding } from './asset-search.js';
import type { GitHubClient } from './client.js';

/** Of a full release, 100 assets each. Once so many names were asked for, listing would have cost no more. */
const REQUESTS_TO_LIST = 10;

/** Which assets there are: the newest release is listed, and older ones as far as a question needs. */
export interface AssetIndex {
  /** The newest first. */
  releases(): Promise<readonly ArtifactRelease[]>;
  /** By the name of the blob; undefined when there is none that is whole. */
  find(name: string): Promise<Asset | undefined>;
  /** In every release, for two jobs may have uploaded it at once. */
  findAll(name: string): Promise<readonly Asset[]>;
  all(): Promise<readonly Asset[]>;
  /** How many assets the release has, leftovers of broken uploads counted. */
  count(release: ArtifactRelease): Promise<number>;
  add(asset: Asset, release?: ArtifactRelease): void;
  forget(asset: Asset): void;
  /** Is to be replaced by a newer one of the same name: not found any more. */
  outdate(asset: Asset): void;
  /** Those of that name that have a newer one now; each is given once. */
  outdated(name: string): readonly Asset[];
  /** GitHub says that it takes no more. */
  markFull(release: ArtifactRelease): void;
  addRelease(release: ArtifactRelease): void;
  /** Lists everything anew when it is next asked. */
  reset(): void;
}

export function assetIndex(client: GitHubClient): AssetIndex {
  let listed: Promise<ArtifactRelease[]> | undefined;
  let counts = new Map<number, number>();
  let byId = new Map<number, Asset>();
  let old: Asset[] = [];
  /** By name, the releases that may have it of those that are not listed. */
  let searched = new Map<string, readonly ArtifactRelease[]>();
  let searches = 0;
  /** Serialises listing, so that parallel questions do not list the same twice. */
  let listing: Promise<unknown> = Promise.resolve();

  const releases = () => {
    listed ??= listReleases(client).then(
      (found) => [...found],
      (error: unknown) => {
        listed = undefined;
        throw error;
      },
    );
    return listed;
  };
  const load = async (release: ArtifactRelease): Promise<void> => {
    if (counts.has(release.id)) return;
    const assets = await listAssets(client, release);
    counts.set(release.id, assets.length);
    for (const asset of assets) if (asset.state === 'uploaded') byId.set(asset.id, asset);
  };
  const named = (name: string) => [...byId.values()].filter((asset) => asset.name === PREFIX + name);
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = listing.then(work, work);
    listing = turn.catch(() => {});
    return turn;
  };
  const find = async (name: string): Promise<Asset | undefined> => {
    const [known] = named(name);
    if (known) return known;
    for (const release of await releases()) {
      if (counts.has(release.id)) continue;
      // The newest is listed: what is wanted is mostly there, and whoever stores must know how full it is.
      const unlisted = (await releases()).filter(({ id }) => !counts.has(id));
      const older = release === (await releases())[0] ? undefined : await search(name, unlisted);
      if (older && !older.includes(release)) continue;
      await load(release);
      const [found] = named(name);
      if (found) return found;
    }
    return undefined;
  };
  /** Those that may have it; undefined when listing is the better way to know. */
  const search = async (
    name: string,
    unlisted: readonly ArtifactRelease[],
  ): Promise<readonly ArtifactRelease[] | undefined> => {
    const [drafts, published] = [
      unlisted.filter(({ draft }) => draft),
      unlisted.filter(({ draft }) => !draft),
    ];
    const before = searched.get(name);
    if (before) return before;
    if (searches >= published.length * REQUESTS_TO_LIST) return undefined;
    searches++;
    const holding = await releasesHolding(client, { name, releases: published });
    if (!holding) searches = Number.POSITIVE_INFINITY;
    else searched.set(name, [...drafts, ...holding]);
    return holding && [...drafts, ...holding];
  };
  const loadAll = () =>
    inTurn(async () => {
      for (const release of await releases()) await load(release);
    });

  return {
    releases,
    find: (name) => inTurn(() => find(name)),
    findAll: async (name) => {
      await loadAll();
      return named(name);
    },
    all: async () => {
      await loadAll();
      return [...byId.values()];
    },
    count: (release) =>
      inTurn(async () => {
        await load(release);
        return counts.get(release.id) ?? 0;
      }),
    add: (asset, release) => {
      if (release) counts.set(release.id, (counts.get(release.id) ?? 0) + 1);
      byId.set(asset.id, asset);
    },
    forget: (asset) => {
      byId.delete(asset.id);
    },
    outdate: (asset) => {
      byId.delete(asset.id);
      old.push(asset);
    },
    outdated: (name) => {
      const given = named(name).length > 0 ? old.filter((asset) => asset.name === PREFIX + name) : [];
      old = old.filter((asset) => !given.includes(asset));
      return given;
    },
    markFull: (release) => {
      counts.set(release.id, Number.POSITIVE_INFINITY);
    },
    addRelease: (release) => {
      const current = listed;
      listed = (current ?? Promise.resolve([])).then((found) =>
        [release, ...found].sort((a, b) => b.number - a.number || b.id - a.id),
      );
      counts.set(release.id, 0);
    },
    reset: () => {
      listed = undefined;
      counts = new Map();
      byId = new Map();
      searched = new Map();
    },
  };
}
