import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Blobs, TransferWorld } from '../src/artifacts/ports.js';
import { OutsideError } from '../src/errors.js';
import { releaseBlobs } from '../src/platform/github/artifacts.js';
import { openGitHub } from '../src/platform/github/client.js';
import { GitHubError } from '../src/platform/github/failure.js';
import { artifactsOver, transferScene } from './artifacts-scene.js';
import { OPERATIONS, violation } from './beds/github/contract.js';
import { type ReleaseAssetsBed, releaseAssetsBed } from './beds/release-assets.mjs';

let folder: string;
let bed: ReleaseAssetsBed;
const violations: string[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-releases-'));
  bed = await releaseAssetsBed({ folder: join(folder, 'bed'), mostAssets: 10 });
  bed.onAnswer = holdAgainstContract;
});
afterEach(async () => {
  await bed.close();
  rmSync(folder, { recursive: true, force: true });
  expect(violations.splice(0)).toEqual([]);
});

/** What the bed answers is what GitHub documents; but for `starter`, which its prose names and its schema does not. */
function holdAgainstContract(method: string, path: string, status: number, body: unknown): void {
  const documented = path.startsWith('/uploads/') ? path.slice('/uploads'.length) : path;
  const operation = OPERATIONS.find((one) => one.method === method && one.pattern.test(documented));
  const schema = operation?.answers[String(status)];
  if (!schema) return;
  const told = JSON.parse(JSON.stringify(body).replaceAll('"state":"starter"', '"state":"open"'));
  const wrong = violation(schema, told);
  if (wrong) violations.push(`${operation?.name} ${status}: ${wrong}`);
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const waited: number[] = [];

async function open(
  given: {
    readonly world?: Partial<TransferWorld>;
    readonly partBytes?: number;
    readonly assets?: number;
  } = {},
): Promise<Blobs> {
  waited.length = 0;
  const wait = async (seconds: number) => {
    waited.push(seconds);
  };
  const world = { ...transferScene(), wait, ...given.world };
  const client = await openGitHub({
    env: bed.env(),
    version: '1.2.3',
    now: Date.now,
    cancel: world.cancel,
    warn: () => {},
    secondMs: 1,
    attemptSeconds: 5,
  });
  const limits = { assets: given.assets ?? 10, partBytes: given.partBytes ?? 1_000_000 };
  return releaseBlobs({ client, world, limits });
}
async function store(given?: Parameters<typeof open>[0]) {
  const blobs = await open(given);
  const world = { ...transferScene(), wait: async () => {} };
  return artifactsOver(blobs, folder, world);
}

function file(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return name;
}
const uploads = () => bed.requests.filter((request) => request.startsWith('POST /uploads/'));
const names = () => [...bed.assets.values()].map(({ name }) => name).sort();

test('files, parts and folders come back; the same content is uploaded once, also by another process', async () => {
  const large = randomBytes(2_500_000);
  file('large.bin', large);
  mkdirSync(join(folder, 'model'));
  file('model/a.txt', Buffer.from('a'));
  file('model/__init__.py', Buffer.alloc(0));
  const artifacts = await store();
  const [one, dir] = [await artifacts.put('model', 'large.bin'), await artifacts.put('dir', 'model')];
  await (await store()).put('model', 'large.bin');
  expect(uploads()).toHaveLength(6);
  expect(names()).toContain(`sha256-${one.digest}.parts`);
  expect([...bed.releases.values()]).toMatchObject([
    { tag_name: 'assay-artifacts-1', prerelease: true, make_latest: 'false', draft: false },
  ]);
  const fresh = await store();
  await fresh.fetch(one, join(folder, 'back.bin'));
  expect(readFileSync(join(folder, 'back.bin')).equals(large)).toBe(true);
  await fresh.fetch(dir, join(folder, 'back'));
  expect(readFileSync(join(folder, 'back/a.txt'), 'utf8')).toBe('a');
  expect(readFileSync(join(folder, 'back/__init__.py'), 'utf8')).toBe('');
  // Verified by GitHub's own digests: nothing is downloaded.
  bed.requests.length = 0;
  expect(await fresh.verify(one.digest, { content: true })).toEqual({ state: 'whole', detail: '' });
  expect(bed.requests.filter((request) => request.includes('/blobs/'))).toHaveLength(1);
  expect(await fresh.verify('ab'.repeat(32))).toMatchObject({ state: 'missing' });
});

test('a further release is opened when one is full, also when only GitHub knows that it is', async () => {
  for (let i = 0; i < 23; i++) file(`f${i}`, Buffer.from(`${i}`));
  const counting = await store();
  for (let i = 0; i < 12; i++) await counting.put('f', `f${i}`);
  const believing = await store({ assets: 1000 });
  for (let i = 12; i < 23; i++) await believing.put('f', `f${i}`);
  expect([...bed.releases.values()].map(({ tag_name }) => tag_name)).toEqual([
    'assay-artifacts-1',
    'assay-artifacts-2',
    'assay-artifacts-3',
  ]);
  const fresh = await store();
  for (let i = 0; i < 23; i++) expect(await fresh.has(sha256(Buffer.from(`${i}`)))).toBe(true);
  bed.requests.length = 0;
  // The newest is looked at first, and that is enough here.
  expect(await (await store()).has(sha256(Buffer.from('22')))).toBe(true);
  expect(bed.requests).toHaveLength(2);
});

describe('a store of many releases', () => {
  /** As many full ones, and one with some room. */
  async function fill(full: number) {
    await bed.close();
    bed = await releaseAssetsBed({ folder: join(folder, 'full'), mostAssets: 1000 });
    const [made, old] = [new Date(), 'old one'];
    for (let number = 1; number <= full + 1; number++) {
      const id = 100 + number;
      const tag_name = `assay-artifacts-${number}`;
      bed.releases.set(id, { id, tag_name, immutable: false, created_at: made } as never);
      for (let i = 0; i < (number > full ? 50 : 1000); i++) {
        const text = number === 1 && i === 0 ? old : `${number}/${i}`;
        const asset = id * 10_000 + i;
        bed.assets.set(asset, {
          id: asset,
          release: id,
          name: `sha256-${sha256(Buffer.from(text))}`,
          state: 'uploaded',
          size: text.length,
          digest: null,
          created_at: made,
          updated_at: made,
        } as never);
      }
    }
    bed.requests.length = 0;
    return sha256(Buffer.from(old));
  }
  const digests = (count: number) =>
    Array.from({ length: count }, (_, i) => sha256(Buffer.from(`absent ${i}`)));

  test('a name that is nowhere, or in an old one, is asked for, and not all of them listed', async () => {
    const old = await fill(5);
    const blobs = await open({ assets: 1000 });
    expect(await blobs.stat(digests(1)[0] ?? '')).toBeUndefined();
    // The releases, the newest of them, and one question.
    expect(bed.requests).toHaveLength(3);
    expect(await blobs.stat(digests(1)[0] ?? '')).toBeUndefined();
    expect(bed.requests).toHaveLength(3);
    expect((await blobs.stat(old))?.bytes).toBe(7);
    // One more question, and the one release that has it.
    expect(bed.requests).toHaveLength(3 + 1 + 10);
  });

  test('many names are asked for only as long as listing all would cost more', async () => {
    await fill(2);
    const blobs = await open({ assets: 1000 });
    for (const digest of digests(100)) expect(await blobs.stat(digest)).toBeUndefined();
    expect(bed.requests).toHaveLength(2 + 20 + 20);
  });

  test('a server without GraphQL is listed', async () => {
    const old = await fill(2);
    bed.graphql = false;
    const blobs = await open({ assets: 1000 });
    expect(await blobs.stat(digests(1)[0] ?? '')).toBeUndefined();
    expect((await blobs.stat(old))?.bytes).toBe(7);
    expect(bed.requests).toHaveLength(2 + 1 + 20);
  });

  test('a draft, which cannot be asked, is listed', async () => {
    const old = await fill(2);
    for (const release of bed.releases.values()) Object.assign(release, { draft: true });
    expect((await (await open({ assets: 1000 })).stat(old))?.bytes).toBe(7);
  });

  test('1,000 assets are a full release: what comes next opens another', async () => {
    await fill(1);
    bed.releases.delete(102);
    await (await store({ assets: 1000 })).put('new', file('new', Buffer.from('new')));
    expect([...bed.releases.values()].map(({ tag_name }) => tag_name)).toEqual([
      'assay-artifacts-1',
      'assay-artifacts-2',
    ]);
  });
});

test('releases of the team are left alone, and two jobs that open one at once use the same', async () => {
  bed.releases.set(900, {
    id: 900,
    tag_name: 'income@v1.0.0',
    immutable: false,
    created_at: new Date(),
  } as never);
  for (const name of ['a', 'b', 'c']) file(name, Buffer.from(name));
  const stores = await Promise.all(['a', 'b', 'c'].map(() => store()));
  await Promise.all(['a', 'b', 'c'].map((name, i) => stores[i]?.put(name, name)));
  expect([...bed.releases.values()].map(({ tag_name }) => tag_name).sort()).toEqual([
    'assay-artifacts-1',
    'income@v1.0.0',
  ]);
  expect(names()).toHaveLength(3);
});

describe('an upload that fails', () => {
  const content = randomBytes(200_000);
  const outcome = async () => {
    await (await store()).put('model', file('model.bin', content));
    expect(await (await store()).verify(sha256(content), { content: true })).toMatchObject({
      state: 'whole',
    });
    expect(names()).toEqual([`sha256-${sha256(content)}`]);
    expect([...bed.assets.values()].map(({ state }) => state)).toEqual(['uploaded']);
  };

  test('502 that leaves an empty starter: removed, and sent again', async () => {
    bed.uploadFaults.push({ keepsStarter: true }, { keepsStarter: true });
    await outcome();
    expect(uploads()).toHaveLength(3);
    expect(bed.requests.filter((request) => request.startsWith('DELETE'))).toHaveLength(2);
  });

  test('502 or a lost answer after it was taken: looked for, not sent again', async () => {
    bed.uploadFaults.push({ status: 502 });
    await outcome();
    expect(uploads()).toHaveLength(1);
    bed.assets.clear();
    bed.uploadFaults.push({ hangUp: true });
    await outcome();
    expect(uploads()).toHaveLength(2);
  });

  test('a connection that is cut in the middle', async () => {
    bed.uploadFaults.push({ cutAfter: 70_000 }, { cutAfter: 0 });
    await outcome();
  });

  test('429 with retry-after: waited for as long as it says', async () => {
    bed.uploadFaults.push({ status: 429, retryAfter: 7 });
    await outcome();
    bed.uploadFaults.push({ status: 429, retryAfter: 4000 });
    await expect((await store()).put('x', file('x.bin', Buffer.from('x')))).rejects.toThrow(/slow down/);
  });

  test('taken but not as it was sent: removed, and sent again', async () => {
    bed.uploadFaults.push({ lies: true });
    await outcome();
    expect(uploads()).toHaveLength(2);
  });

  test('again and again: given up, with what to do', async () => {
    bed.uploadFaults.push(...Array.from({ length: 9 }, () => ({ keepsStarter: true })));
    const failure = await (await store())
      .put('model', file('model.bin', content))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutsideError);
    expect(names()).toEqual([]);
    // What follows finds nothing in its way.
    bed.uploadFaults.length = 0;
    await outcome();
  });

  test('the token expires in the middle: what is there is not sent again', async () => {
    const parts = randomBytes(3000);
    bed.uploadFaults.push({}, { status: 401 });
    const given = { partBytes: 1000 };
    const failure = await (await store(given))
      .put('m', file('m.bin', parts))
      .catch((error: unknown) => error);
    expect((failure as GitHubError).kind).toBe('unauthorized');
    bed.requests.length = 0;
    await (await store(given)).put('m', 'm.bin');
    expect(uploads().length).toBeLessThanOrEqual(3);
    expect(await (await store(given)).verify(sha256(parts))).toMatchObject({ state: 'whole' });
  });

  test('a token that may not write says which permission', async () => {
    bed.permission = 'read';
    const failure = await (await store())
      .put('model', file('model.bin', content))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GitHubError);
    expect((failure as GitHubError).mend).toContain('contents: write');
  });

  test('a file that changes meanwhile leaves no starter', async () => {
    const path = join(folder, file('model.bin', content));
    const blobs = await open();
    const changing: Blobs = {
      ...blobs,
      put: async (name, of) => {
        writeFileSync(path, randomBytes(200_000));
        await blobs.put(name, of);
      },
    };
    await expect(artifactsOver(changing, folder).put('model', 'model.bin')).rejects.toThrow(/changed while/);
    expect(names()).toEqual([]);
  });
});

describe('another job uploads the same', () => {
  const content = Buffer.from('model');
  const name = `sha256-${sha256(content)}`;
  async function whileThereIs(
    state: string,
    created: Date,
    during: (asset: { state: string; size: number }) => void,
    begin: (asset: { state: string; size: number }) => void = () => {},
  ) {
    file('first.bin', Buffer.from('first'));
    await (await store()).put('first', 'first.bin');
    const asset = {
      id: 500,
      release: 1,
      name,
      label: '',
      state,
      size: 0,
      digest: null,
      created_at: created,
      updated_at: created,
    };
    const waits: number[] = [];
    const blobs = await open({
      world: {
        wait: async (seconds) => {
          waits.push(seconds);
          during(asset);
        },
      },
    });
    // Listed before the other job began.
    await blobs.stat('ab'.repeat(32));
    bed.assets.set(500, asset);
    begin(asset);
    await artifactsOver(blobs, folder).put('model', file('model.bin', content));
    return { waits, asset };
  }

  test('right now: it is waited for', async () => {
    const { waits } = await whileThereIs('starter', new Date(), (asset) => {
      if (waits2.push(1) === 3) Object.assign(asset, { state: 'uploaded', size: content.length });
    });
    expect(waits).toEqual([5, 5, 5]);
    expect(bed.assets.get(500)?.state).toBe('uploaded');
  });
  const waits2: number[] = [];

  test('and was killed: its leftover is not waited out, and gives way to what is whole', async () => {
    const { waits } = await whileThereIs('starter', new Date(Date.now() - 16_000), () => {});
    expect(waits.filter((seconds) => seconds === 5)).toEqual([]);
    expect(bed.assets.has(500)).toBe(false);
    expect(names()).toHaveLength(2);
    expect(names()).toContain(name);
  });

  test('and has ended when ours is whole: one of them stays', async () => {
    let other: { state: string; size: number } | undefined;
    bed.uploadFaults.push(
      {},
      {},
      { meanwhile: () => Object.assign(other ?? {}, { state: 'uploaded', size: content.length }) },
    );
    await whileThereIs(
      'starter',
      new Date(Date.now() - 16_000),
      () => {},
      (asset) => {
        other = asset;
      },
    );
    expect(bed.assets.has(500)).toBe(true);
    expect(names()).toHaveLength(2);
  });

  test('and puts its own in the place of ours, which is still being sent: both succeed', async () => {
    bed.uploadFaults.push({
      atItsEnd: (asset) => {
        bed.assets.delete(asset.id);
        bed.assets.set(500, { ...asset, id: 500, state: 'uploaded', size: content.length });
      },
    });
    const stored = await (await store()).put('model', file('model.bin', content));
    expect(stored.digest).toBe(sha256(content));
    expect([...bed.assets.keys()]).toEqual([500]);
  });

  test('a job that was killed under a name of its own leaves something for tidying', async () => {
    file('first.bin', Buffer.from('first'));
    await (await store()).put('first', 'first.bin');
    const [first] = bed.assets.values();
    Object.assign(first ?? {}, { name: `${first?.name}.0a1b2c3d`, created_at: new Date(0) });
    const blobs = await open();
    const listed: string[] = [];
    for await (const blob of blobs.list()) listed.push(blob.name);
    expect(listed).toEqual([]);
    expect((await blobs.tidy(new Date(1000))).count).toBe(1);
    expect(names()).toEqual([]);
  });
});

test('a repository that locks what it publishes: artifacts go to drafts, and the locked release is left', async () => {
  bed.immutable = true;
  for (let i = 0; i < 12; i++) file(`f${i}`, Buffer.from(`${i}`));
  const artifacts = await store();
  for (let i = 0; i < 12; i++) await artifacts.put('f', `f${i}`);
  expect([...bed.releases.values()].map(({ tag_name, draft }) => [tag_name, draft])).toEqual([
    ['assay-artifacts-1', false],
    ['assay-artifacts-2', true],
    ['assay-artifacts-3', true],
  ]);
  const fresh = await store();
  for (let i = 0; i < 12; i++) expect(await fresh.has(sha256(Buffer.from(`${i}`)))).toBe(true);
  await fresh.put('more', file('more', Buffer.from('more')));
  expect(bed.releases.size).toBe(3);
});

test('a release that is locked later takes no more: a draft is opened', async () => {
  await (await store()).put('a', file('a', Buffer.from('a')));
  for (const release of bed.releases.values()) Object.assign(release, { immutable: true });
  bed.immutable = true;
  const stale = await store();
  await stale.put('b', file('b', Buffer.from('b')));
  expect([...bed.releases.values()].at(-1)).toMatchObject({ draft: true });
  expect(await (await store()).has(sha256(Buffer.from('b')))).toBe(true);
});

test('a download goes on where it broke, and the token stays with GitHub', async () => {
  const content = randomBytes(900_000);
  const artifact = await (await store()).put('model', file('model.bin', content));
  bed.downloadCuts.push(300_000, 1, 200_000);
  const fresh = await store();
  await fresh.fetch(artifact, join(folder, 'back.bin'));
  expect(readFileSync(join(folder, 'back.bin')).equals(content)).toBe(true);
  expect(bed.requests.filter((request) => request.startsWith('GET /blobs/'))).toHaveLength(4);
});

test('touching, listing, removing, tidying', async () => {
  const artifacts = await store();
  for (let i = 0; i < 12; i++) await artifacts.put('f', file(`f${i}`, Buffer.from(`${i}`)));
  const blobs = await open();
  const listed: string[] = [];
  for await (const { name } of blobs.list()) listed.push(name);
  expect(listed).toHaveLength(12);
  const first = sha256(Buffer.from('0'));
  const before = [...bed.assets.values()].find(({ name }) => name.endsWith(first))?.updated_at;
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await blobs.touch(first)).toBe(true);
  expect([...bed.assets.values()].find(({ name }) => name.endsWith(first))?.updated_at).not.toEqual(before);
  bed.permission = 'read';
  expect(await blobs.touch(first)).toBe(true);
  bed.permission = 'write';
  for (let i = 0; i < 10; i++) await blobs.remove(sha256(Buffer.from(`${i}`)));
  await blobs.remove(first);
  expect(await blobs.stat(first)).toBeUndefined();
  expect(await (await open()).touch(first)).toBe(false);
  bed.assets.set(600, {
    id: 600,
    release: [...bed.releases.keys()][1] ?? 0,
    name: 'sha256-left',
    label: '',
    state: 'starter',
    size: 0,
    digest: null,
    created_at: new Date(0),
    updated_at: new Date(0),
  } as never);
  expect(await (await open()).tidy(new Date(1000))).toEqual({ count: 1, bytes: 0 });
  // The one that pruning has emptied is gone, with its tag; the newest stays.
  expect([...bed.releases.values()].map(({ tag_name }) => tag_name)).toEqual(['assay-artifacts-2']);
  expect(bed.requests).toContain('DELETE /repos/team/models/git/refs/tags/assay-artifacts-1');
  expect(names()).toHaveLength(2);
});
