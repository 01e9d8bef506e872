import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutsideError, UserError } from '../src/errors.js';
import { releaseBlobs } from '../src/platform/github/artifacts.js';
import { openGitHub } from '../src/platform/github/client.js';
import { artifactsOver, transferScene } from './artifacts-scene.js';

/**
 * Releases of a real forge with real bytes: a Gitea that the environment names by GITEA_URL (http://host:port) and
 * GITEA_TOKEN (of a user who may make repositories). docs/artifacts.md says what differs from GitHub.
 */

const { GITEA_URL, GITEA_TOKEN } = process.env;
const named = GITEA_URL !== undefined && GITEA_TOKEN !== undefined;

describe.skipIf(!named)('releases on Gitea', () => {
  let folder: string;
  let repository: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'assay-gitea-'));
    const made = await api('POST', '/user/repos', {
      name: `models-${randomBytes(4).toString('hex')}`,
      auto_init: true,
      private: true,
    });
    repository = (made as { full_name: string }).full_name;
  });
  afterEach(async () => {
    await api('DELETE', `/repos/${repository}`);
    rmSync(folder, { recursive: true, force: true });
  });

  async function api(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${GITEA_URL}/api/v1${path}`, {
      method,
      headers: { authorization: `token ${GITEA_TOKEN}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const open = async (
    given: { readonly now?: () => Date; readonly token?: string; readonly assets?: number } = {},
  ) => {
    const world = { ...transferScene(), wait: async () => {}, now: given.now ?? (() => new Date()) };
    const client = await openGitHub({
      env: {
        GITHUB_API_URL: `${GITEA_URL}/api/v1`,
        GITHUB_REPOSITORY: repository,
        GITHUB_TOKEN: given.token ?? GITEA_TOKEN,
      },
      version: '1.2.3',
      now: Date.now,
      cancel: world.cancel,
      warn: () => {},
      secondMs: 1,
    });
    const blobs = releaseBlobs({
      client,
      world,
      limits: { assets: given.assets ?? 1000, partBytes: 1_000_000 },
    });
    return { blobs, store: artifactsOver(blobs, folder, world) };
  };
  function file(name: string, bytes: Uint8Array): string {
    writeFileSync(join(folder, name), bytes);
    return name;
  }
  const releases = async () =>
    (await api('GET', `/repos/${repository}/releases`)) as { tag_name: string; assets: { name: string }[] }[];

  test('files, parts and folders come back, and are stored once', async () => {
    const large = randomBytes(2_500_000);
    mkdirSync(join(folder, 'model'));
    for (let i = 0; i < 30; i++) file(`model/${i}.txt`, Buffer.from(`${i}`));
    const { store } = await open();
    const one = await store.put('model', file('large.bin', large));
    const many = await store.put('folder', 'model');
    await (await open()).store.put('model', 'large.bin');
    expect((await releases()).map(({ tag_name, assets }) => [tag_name, assets.length])).toEqual([
      ['assay-artifacts-1', 7],
    ]);
    const fresh = (await open()).store;
    await fresh.fetch(one, join(folder, 'back.bin'));
    expect(readFileSync(join(folder, 'back.bin')).equals(large)).toBe(true);
    await fresh.fetch(many, join(folder, 'back'));
    expect(readFileSync(join(folder, 'back/29.txt'), 'utf8')).toBe('29');
    // It keeps no digests: all of it is read.
    expect(await fresh.verify(one.digest, { content: true })).toEqual({ state: 'whole', detail: '' });
  });

  test('a download goes on by range', async () => {
    const bytes = randomBytes(900_000);
    const artifact = await (await open()).store.put('model', file('model.bin', bytes));
    mkdirSync(join(folder, 'back'));
    const left = `.${artifact.digest.slice(0, 16)}.0.12345678.partial`;
    writeFileSync(join(folder, 'back', left), bytes.subarray(0, 500_000));
    await (await open()).store.fetch(artifact, join(folder, 'back/model.bin'));
    expect(readFileSync(join(folder, 'back/model.bin')).equals(bytes)).toBe(true);
  });

  test('a further release is opened when one is full, also by two jobs at once', async () => {
    for (let i = 0; i < 8; i++) file(`f${i}`, Buffer.from(`${i}`));
    const { store } = await open({ assets: 3 });
    for (let i = 0; i < 3; i++) await store.put('f', `f${i}`);
    const jobs = await Promise.all([open({ assets: 3 }), open({ assets: 3 })]);
    await Promise.all(jobs.map((job, at) => job.store.put('f', `f${3 + at}`)));
    const fresh = (await open()).store;
    for (let i = 0; i < 5; i++) expect(await fresh.has(sha256(Buffer.from(`${i}`)))).toBe(true);
    const tags = (await releases()).map(({ tag_name }) => tag_name).sort();
    expect(tags).toEqual(['assay-artifacts-1', 'assay-artifacts-2']);
  });

  test('wanted again after days: stored anew, for the forge knows no time of change', async () => {
    const { store } = await open();
    const { digest } = await store.put('model', file('model.bin', randomBytes(1000)));
    const ids = async () =>
      (await releases()).flatMap(({ assets }) => assets as unknown as { id: number }[]).map(({ id }) => id);
    const [before] = await ids();
    await (await open({ now: () => new Date(Date.now() + 2 * 86_400_000) })).store.put('model', 'model.bin');
    expect(await ids()).toEqual([before]);
    await (await open({ now: () => new Date(Date.now() + 4 * 86_400_000) })).store.put('model', 'model.bin');
    const after = await ids();
    expect(after).toHaveLength(1);
    expect(after).not.toEqual([before]);
    expect(await (await open()).store.verify(digest, { content: true })).toMatchObject({ state: 'whole' });
  });

  test('listed, removed, and what is emptied is tidied away', async () => {
    const { store, blobs } = await open({ assets: 2 });
    for (let i = 0; i < 4; i++) await store.put('f', file(`f${i}`, Buffer.from(`${i}`)));
    const listed: string[] = [];
    for await (const { name } of (await open()).blobs.list()) listed.push(name);
    expect(listed).toHaveLength(4);
    const since = new Date(Date.now() - 60_000);
    expect(await blobs.remove(sha256(Buffer.from('0')), { unlessModifiedSince: since })).toBe(false);
    for (let i = 0; i < 2; i++) expect(await blobs.remove(sha256(Buffer.from(`${i}`)))).toBe(true);
    expect(await (await open()).blobs.stat(sha256(Buffer.from('0')))).toBeUndefined();
    await (await open()).blobs.tidy(new Date());
    expect((await releases()).map(({ tag_name }) => tag_name)).toEqual(['assay-artifacts-2']);
  });

  test('a wrong token is told', async () => {
    const { store } = await open({ token: 'ab'.repeat(20) });
    const failure = await store.put('model', file('m', Buffer.from('m'))).catch((error: unknown) => error);
    expect(failure instanceof OutsideError || failure instanceof UserError).toBe(true);
    expect(String(failure)).not.toContain('ab'.repeat(20));
  });
});
