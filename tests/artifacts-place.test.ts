import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { layeredBlobs } from '../src/artifacts/layers.js';
import { NoSuchBlob } from '../src/artifacts/ports.js';
import { type ArtifactPlace, destinationOf, openBlobs } from '../src/commands/project/artifacts.js';
import { UserError } from '../src/errors.js';
import { openGitHub } from '../src/platform/github/client.js';
import type { World } from '../src/world.js';
import { artifactsOver } from './artifacts-scene.js';
import { releaseAssetsBed } from './beds/release-assets.mjs';
import { memoryBlobs } from './fakes/blobs.js';
import { testWorld } from './fakes/world.js';

/** Which store is meant, and the two stores of a fork's job. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-place-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const FORK = { fromFork: true } as World['runner']['pullRequest'];
const OWN = { fromFork: false } as World['runner']['pullRequest'];
const GITHUB = { GITHUB_REPOSITORY: 'team/models', GITHUB_TOKEN: 'ghs_bedbedbedbedbedbedbed' };

function place(given: {
  readonly settings?: ArtifactPlace['settings'];
  readonly env?: World['env'];
  readonly runner?: Partial<World['runner']>;
}): Omit<ArtifactPlace, 'github'> {
  const world = testWorld({ cwd: folder, env: given.env ?? {}, runner: given.runner ?? {} });
  return { world, settings: given.settings, root: '/repository/ml', store: '/repository/.assay' };
}

describe('where artifacts go', () => {
  const local = { kind: 'directory', folder: '/repository/.assay/artifacts' };
  const releases = (reading: boolean) => ({ ...local, kind: 'releases', reading });
  const github = { kind: 'github' } as const;
  test.each<[string, Parameters<typeof place>[0], object]>([
    ['on a laptop, nothing said', {}, local],
    ['on a laptop with a token, nothing said', { env: GITHUB }, local],
    ['on a laptop with a token, releases', { env: GITHUB, settings: 'releases' }, releases(false)],
    ['on a laptop without a token, releases', { settings: 'releases' }, local],
    ['in a workflow, nothing said', { env: GITHUB, runner: github }, releases(false)],
    ['in a workflow, releases', { env: GITHUB, runner: github, settings: 'releases' }, releases(false)],
    [
      'in a workflow, by the token of the action',
      { env: { GITHUB_REPOSITORY: 'team/models', ASSAY_TOKEN: 'x' }, runner: github },
      releases(false),
    ],
    ['in a workflow without a token', { env: { GITHUB_REPOSITORY: 'team/models' }, runner: github }, local],
    ['for a pull request', { env: GITHUB, runner: { ...github, pullRequest: OWN } }, releases(false)],
    ["for a fork's pull request", { env: GITHUB, runner: { ...github, pullRequest: FORK } }, releases(true)],
    [
      'in a directory beside assay.yml',
      { env: GITHUB, runner: github, settings: { directory: '../store' } },
      { kind: 'directory', folder: '/repository/store' },
    ],
    [
      'in a directory of the machine',
      { settings: { directory: '/mnt/store' } },
      { kind: 'directory', folder: '/mnt/store' },
    ],
    [
      "in S3, for a fork's pull request too",
      { env: GITHUB, runner: { ...github, pullRequest: FORK }, settings: { s3: 's3://b/p' } },
      { kind: 's3', url: 's3://b/p' },
    ],
  ])('%s', (_, given, expected) => {
    expect(destinationOf(place(given))).toEqual(expected);
  });
});

describe('a store of its own before one that is read', () => {
  const layers = () => {
    const [own, shared] = [memoryBlobs({ partBytes: 1e9 }), memoryBlobs({ partBytes: 4 })];
    return { own, shared, blobs: layeredBlobs(own.blobs, shared.blobs) };
  };

  test('what is stored goes to the own one; what either has is found, and not stored again', async () => {
    const { own, shared, blobs } = layers();
    write('shared', 'shared by all');
    write('own', 'of the fork');
    const baseline = await artifactsOver(shared.blobs, folder).put('model', 'shared');
    const before = new Map(shared.kept);
    const store = artifactsOver(blobs, folder);
    await store.put('model', 'own');
    expect([...own.kept.keys()]).toEqual([sha256('of the fork')]);
    for (const digest of [sha256('of the fork'), baseline.digest]) {
      expect(await store.has(digest)).toBe(true);
      expect(await store.verify(digest, { content: true })).toEqual({ state: 'whole', detail: '' });
    }
    // In parts there.
    await store.fetch(baseline, join(folder, 'back'));
    expect(readFileSync(join(folder, 'back'), 'utf8')).toBe('shared by all');
    expect(shared.kept).toEqual(before);
    expect(blobs.place).toBe('memory and memory');
  });

  test('the shared one is never written, touched, listed or removed from', async () => {
    const { own, shared, blobs } = layers();
    write('x', 'abcd');
    const { digest } = await artifactsOver(shared.blobs, folder).put('x', 'x');
    shared.calls.length = 0;
    expect(await blobs.touch(digest)).toBe(true);
    expect(await blobs.touch(sha256('nothing'))).toBe(false);
    await blobs.remove(digest);
    await blobs.tidy(new Date());
    const listed: string[] = [];
    for await (const { name } of blobs.list()) listed.push(name);
    expect(listed).toEqual([]);
    expect(shared.calls).toEqual([]);
    expect(shared.kept.has(digest)).toBe(true);
    expect(own.kept.size).toBe(0);
  });

  test('what neither has', async () => {
    const { blobs } = layers();
    expect(await blobs.stat(sha256('nothing'))).toBeUndefined();
    const read = async () => {
      for await (const _ of blobs.get(sha256('nothing'), 0));
    };
    await expect(read()).rejects.toBeInstanceOf(NoSuchBlob);
    const wanted = { name: 'model', digest: sha256('nothing'), bytes: 7 };
    await expect(artifactsOver(blobs, folder).fetch(wanted, join(folder, 'x'))).rejects.toBeInstanceOf(
      UserError,
    );
  });
});

test("a fork's job reads the releases by a token that may only read, and keeps its own beside it", async () => {
  const bed = await releaseAssetsBed({ folder: join(folder, 'bed') });
  const github = async () =>
    openGitHub({
      env: bed.env(),
      version: '1',
      now: Date.now,
      cancel: new AbortController().signal,
      warn: () => {},
      secondMs: 1,
    });
  const at = (pullRequest: World['runner']['pullRequest']): ArtifactPlace => ({
    world: testWorld({ cwd: folder, env: bed.env(), runner: { kind: 'github', pullRequest } }),
    settings: undefined,
    root: folder,
    store: join(folder, '.assay'),
    github,
  });
  mkdirSync(join(folder, 'model'));
  for (let i = 0; i < 20; i++) write(`model/${i}`, `weights ${i}`);
  const baseline = await artifactsOver(await openBlobs(at(null)), folder).put('model', 'model');
  bed.permission = 'read';
  bed.requests.length = 0;
  const store = artifactsOver(await openBlobs(at(FORK)), folder);
  await store.fetch(baseline, join(folder, 'back'));
  expect(readFileSync(join(folder, 'back/7'), 'utf8')).toBe('weights 7');
  write('mine', 'mine');
  await store.put('model', 'mine');
  expect(await artifactsOver(await openBlobs(at(FORK)), folder).has(sha256('mine'))).toBe(true);
  expect(bed.requests.filter((request) => !request.startsWith('GET'))).toEqual([]);
  await bed.close();
});
