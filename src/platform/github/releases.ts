import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { OutsideError, UserError } from '../../errors.js';
import type { ReleaseAsset, Releases } from '../../registry/ports.js';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

const assetAnswer = z.object({
  id: z.number(),
  name: z.string(),
  size: z.number(),
  /** `open` and `starter` are what a broken upload leaves behind. */
  state: z.string(),
  digest: z.string().nullish(),
});
type Asset = z.infer<typeof assetAnswer>;
const releaseAnswer = z.object({
  id: z.number(),
  tag_name: z.string(),
  draft: z.boolean(),
  html_url: z.string(),
  upload_url: z.string(),
  assets: z.array(assetAnswer),
});
type Release = z.infer<typeof releaseAnswer>;

/** 2 GiB an hour, and never less than five minutes. */
const SECONDS_PER_BYTE = 3600 / 2 ** 31;
const UPLOAD_ATTEMPTS = 3;

/** Versions as GitHub releases. A release that is published is not touched again, so that immutable ones are no different. */
export function githubReleases(client: GitHubClient): Releases {
  const at = { client, known: new Map<string, number>() };
  return {
    createDraft: async ({ tag, title, body, commit }) => {
      const before = await findRelease(at, tag);
      if (before && !before.draft) throw publishedAlready(tag);
      const fields = { name: title, body, ...(commit === null ? {} : { target_commitish: commit }) };
      if (before) {
        await patch(at, before, fields);
        return;
      }
      await createOnce(at, { tag_name: tag, draft: true, ...fields });
    },
    upload: async (tag, asset, path) => {
      await upload(at, await draftOf(at, tag), { asset, path });
    },
    publish: async (tag) => {
      const release = await findRelease(at, tag);
      if (!release) throw new UserError(`there is no draft of the release ${tag}`);
      if (!release.draft) return { url: release.html_url };
      // A team's own "latest release" is of its software: a model never takes its place.
      const published = await patch(at, release, { draft: false, make_latest: 'false' });
      return { url: published.html_url };
    },
    find: async (tag) => {
      const release = await findRelease(at, tag);
      if (!release) return undefined;
      const assets = await Promise.all(
        (await assetsOf(at, release)).filter((one) => one.state === 'uploaded').map((one) => known(at, one)),
      );
      return { published: !release.draft, assets };
    },
  };
}

interface At {
  readonly client: GitHubClient;
  /** Ids of drafts found before, by tag: asked for directly, they need no search. */
  readonly known: Map<string, number>;
}

/** Published ones by their tag; drafts have none yet, so the list is looked through, newest first. */
async function findRelease({ client, known }: At, tag: string): Promise<Release | undefined> {
  const id = known.get(tag);
  const found =
    (id === undefined
      ? undefined
      : await ifFound(
          client.call('GET /repos/{owner}/{repo}/releases/{release_id}', { release_id: id }, releaseAnswer),
        )) ??
    (await ifFound(client.call('GET /repos/{owner}/{repo}/releases/tags/{tag}', { tag }, releaseAnswer)));
  if (found) return found;
  for await (const { items } of client.pages(
    'GET /repos/{owner}/{repo}/releases',
    {},
    { item: releaseAnswer },
  )) {
    const draft = items.find((one) => one.draft && one.tag_name === tag);
    if (draft) {
      known.set(tag, draft.id);
      return draft;
    }
  }
  return undefined;
}

async function ifFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof GitHubError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

async function draftOf(at: At, tag: string): Promise<Release> {
  const release = await findRelease(at, tag);
  if (!release) throw new UserError(`there is no draft of the release ${tag}`);
  if (!release.draft) throw publishedAlready(tag);
  return release;
}

function publishedAlready(tag: string): UserError {
  return new UserError(`the release ${tag} is published and never changes`, {
    mend: 'release a new version',
  });
}

async function createOnce(
  at: At,
  fields: { readonly tag_name: string; readonly draft: true; readonly name: string; readonly body: string },
): Promise<void> {
  const create = async () => {
    const made = await at.client.call('POST /repos/{owner}/{repo}/releases', fields, releaseAnswer);
    at.known.set(made.tag_name, made.id);
  };
  try {
    await create();
  } catch (error) {
    if (!(error instanceof GitHubError) || !error.mayHaveHappened) throw error;
    if (!(await findRelease(at, fields.tag_name))) await create();
  }
}

function patch(
  { client }: At,
  release: Release,
  fields: {
    readonly name?: string;
    readonly body?: string;
    readonly draft?: boolean;
    readonly make_latest?: 'false';
  },
): Promise<Release> {
  const route = 'PATCH /repos/{owner}/{repo}/releases/{release_id}';
  return client.call(route, { release_id: release.id, ...fields }, releaseAnswer, { repeatable: true });
}

/** A release names its first assets itself; a long list is asked for page by page. */
async function assetsOf({ client }: At, release: Release): Promise<readonly Asset[]> {
  if (release.assets.length < 30) return release.assets;
  const all: Asset[] = [];
  const route = 'GET /repos/{owner}/{repo}/releases/{release_id}/assets';
  for await (const { items } of client.pages(route, { release_id: release.id }, { item: assetAnswer })) {
    all.push(...items);
  }
  return all;
}

async function upload(
  at: At,
  release: Release,
  file: { readonly asset: ReleaseAsset; readonly path: string },
): Promise<void> {
  const { asset, path } = file;
  for (let attempt = 1; ; attempt++) {
    // What an earlier attempt has left, whole or not, is replaced unless it is what we send.
    const standing = (await assetsOf(at, attempt === 1 ? release : await draftOf(at, release.tag_name))).find(
      (one) => one.name === asset.name,
    );
    if (standing?.state === 'uploaded' && (await isSame(at, standing, asset))) return;
    if (standing) await remove(at, standing);
    try {
      const arrived = await send(at, release, { asset, path });
      if (await isSame(at, arrived, asset)) return;
      await remove(at, arrived);
    } catch (error) {
      if (!(error instanceof GitHubError) || !error.mayHaveHappened || attempt >= UPLOAD_ATTEMPTS)
        throw error;
      continue;
    }
    if (attempt >= UPLOAD_ATTEMPTS) {
      throw new OutsideError(`the asset ${asset.name} did not arrive as it was sent`, {
        mend: 'the release is still a draft: run the same command again',
      });
    }
  }
}

async function send(
  { client }: At,
  release: Release,
  { asset, path }: { readonly asset: ReleaseAsset; readonly path: string },
): Promise<Asset> {
  const address = release.upload_url.replace(/\{.*\}$/, '');
  const response = await client.stream({
    method: 'POST',
    url: `${address}?name=${encodeURIComponent(asset.name)}`,
    route: '/repos/{owner}/{repo}/releases/{release_id}/assets',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(asset.bytes) },
    body: Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>,
    timeoutSeconds: Math.max(300, asset.bytes * SECONDS_PER_BYTE),
  });
  const parsed = assetAnswer.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new OutsideError(`GitHub's answer to the upload of ${asset.name} cannot be used`, {
    mend: 'the release is still a draft: run the same command again',
  });
}

async function remove({ client }: At, { id }: Asset): Promise<void> {
  const route = 'DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}';
  await client.call(route, { asset_id: id }, z.unknown(), { repeatable: true });
}

async function isSame(at: At, there: Asset, asset: ReleaseAsset): Promise<boolean> {
  return there.size === asset.bytes && (await digestOf(at, there)) === asset.digest;
}

async function known(at: At, asset: Asset): Promise<ReleaseAsset> {
  return { name: asset.name, digest: await digestOf(at, asset), bytes: asset.size };
}

/** As GitHub computed it from what arrived; older servers compute none, and the bytes are read back. */
async function digestOf({ client }: At, asset: Asset): Promise<string> {
  const told = /^sha256:([0-9a-f]{64})$/.exec(asset.digest ?? '')?.[1];
  if (told !== undefined) return told;
  const response = await client.stream({
    method: 'GET',
    url: `${client.baseUrl}/repos/${client.owner}/${client.repo}/releases/assets/${asset.id}`,
    route: '/repos/{owner}/{repo}/releases/assets/{asset_id}',
    headers: { accept: 'application/octet-stream' },
    timeoutSeconds: Math.max(300, asset.size * SECONDS_PER_BYTE),
  });
  const hash = createHash('sha256');
  for await (const chunk of response.body ?? []) hash.update(chunk);
  return hash.digest('hex');
}
