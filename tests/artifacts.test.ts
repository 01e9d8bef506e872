import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestFile } from '../src/artifacts/content.js';
import { folderText, partsText, readFolder, readParts } from '../src/artifacts/manifests.js';
import type { Blobs } from '../src/artifacts/ports.js';
import { artifactStore } from '../src/artifacts/store.js';
import { Interrupted, OutsideError, UserError } from '../src/errors.js';
import { directoryBlobs } from '../src/platform/local/artifacts.js';
import { localFiles } from '../src/platform/local/files.js';
import { growingFile, partialBeside } from '../src/platform/local/partial.js';
import { artifactsOver, transferScene } from './artifacts-scene.js';
import { memoryBlobs } from './fakes/blobs.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-artifacts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string | Uint8Array): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

/** Bytes that never repeat. */
function noise(bytes: number, seed = 1): Buffer {
  const blocks: Buffer[] = [];
  for (let i = 0; i * 32 < bytes; i++) blocks.push(createHash('sha256').update(`${seed}/${i}`).digest());
  return Buffer.concat(blocks).subarray(0, bytes);
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const hidden = (path: string) => readdirSync(path).filter((name) => name.endsWith('.partial'));

test('a file has the digest of its bytes and of each part, however it is read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.nat({ max: 30 })),
      async (bytes, partBytes, cuts) => {
        async function* chunks() {
          let at = 0;
          for (const cut of cuts) {
            yield bytes.subarray(at, at + cut);
            at += cut;
          }
          yield bytes.subarray(at);
        }
        const found = await digestFile(chunks(), { partBytes, onBytes: () => {} });
        expect(found.digest).toBe(sha256(bytes));
        expect(found.bytes).toBe(bytes.length);
        const parts: string[] = [];
        for (let at = 0; at < bytes.length; at += partBytes)
          parts.push(sha256(bytes.subarray(at, at + partBytes)));
        expect(found.parts.map(({ digest }) => digest)).toEqual(parts.length > 1 ? parts : []);
      },
    ),
  );
});

describe('a file of several parts', () => {
  test('comes back whole, and each part is stored once', async () => {
    const { blobs, kept, calls } = memoryBlobs({ partBytes: 10_000 });
    const content = Buffer.concat([noise(10_000), noise(10_000), noise(5000, 2)]);
    write('model.bin', content);
    const store = artifactsOver(blobs, folder);
    const artifact = await store.put('model', 'model.bin');
    expect(artifact).toEqual({ name: 'model', path: 'model.bin', digest: sha256(content), bytes: 25_000 });
    expect([...kept.keys()].sort()).toEqual(
      [sha256(noise(10_000)), sha256(noise(5000, 2)), `${artifact.digest}.parts`].sort(),
    );
    expect(calls.at(-1)).toBe(`put ${artifact.digest}.parts`);
    await store.put('again', 'model.bin');
    expect(calls.filter((call) => call.startsWith('put'))).toHaveLength(3);
    await store.fetch(artifact, join(folder, 'back.bin'));
    expect(readFileSync(join(folder, 'back.bin')).equals(content)).toBe(true);
    expect(await store.verify(artifact.digest, { content: true })).toEqual({ state: 'whole', detail: '' });
    expect(await store.has(artifact.digest)).toBe(true);
  });

  test('an upload that was killed sends only what is not there', async () => {
    const { blobs, kept, calls } = memoryBlobs({ partBytes: 1000 });
    write('model.bin', noise(5500));
    const store = artifactsOver(blobs, folder);
    const { digest } = await store.put('model', 'model.bin');
    for (const name of [`${digest}.parts`, sha256(noise(5500).subarray(2000, 3000))]) kept.delete(name);
    expect(await store.has(digest)).toBe(false);
    calls.length = 0;
    await store.put('model', 'model.bin');
    expect(calls).toEqual([`put ${sha256(noise(5500).subarray(2000, 3000))}`, `put ${digest}.parts`]);
  });

  test('a part that is missing or damaged is said', async () => {
    const { blobs, kept } = memoryBlobs({ partBytes: 1000 });
    write('model.bin', noise(2500));
    const store = artifactsOver(blobs, folder);
    const artifact = await store.put('model', 'model.bin');
    const part = sha256(noise(2500).subarray(1000, 2000));
    kept.set(part, { bytes: Buffer.alloc(1000), modified: new Date() });
    expect((await store.verify(artifact.digest)).state).toBe('whole');
    const deep = await store.verify(artifact.digest, { content: true });
    expect(deep.state).toBe('damaged');
    expect(deep.detail).toContain(part);
    await expect(store.fetch(artifact, join(folder, 'back.bin'))).rejects.toThrow(/is damaged/);
    kept.set(part, { bytes: Buffer.alloc(10), modified: new Date() });
    expect((await store.verify(artifact.digest)).detail).toContain('10 bytes instead of 1000');
    kept.delete(part);
    expect(await store.verify(artifact.digest)).toEqual({
      state: 'missing',
      detail: `${part} is not in the store`,
    });
    await expect(store.fetch(artifact, join(folder, 'back.bin'))).rejects.toBeInstanceOf(UserError);
    kept.set(`${artifact.digest}.parts`, { bytes: Buffer.from('{}'), modified: new Date() });
    expect((await store.verify(artifact.digest)).state).toBe('damaged');
    expect((await store.verify('ab'.repeat(32))).state).toBe('missing');
    expect(readdirSync(folder)).toEqual(['model.bin']);
  });
});

describe('a download', () => {
  test('goes on where the connection broke, as often as it breaks', async () => {
    const breaks = [3000, 0, 0, 2000];
    const { blobs, calls } = memoryBlobs({ partBytes: 8000, breaks });
    write('model.bin', noise(20_000));
    const store = artifactsOver(blobs, folder, { ...transferScene(), wait: async () => {} });
    const artifact = await store.put('model', 'model.bin');
    // The list of parts is read first, whole.
    breaks.unshift(1e9);
    await store.fetch(artifact, join(folder, 'back.bin'));
    expect(readFileSync(join(folder, 'back.bin')).equals(noise(20_000))).toBe(true);
    const first = sha256(noise(20_000).subarray(0, 8000));
    expect(calls.filter((call) => call.startsWith(`get ${first}`))).toEqual(
      [0, 3000, 3000, 3000, 5000].map((at) => `get ${first} ${at}`),
    );
  });

  test('that broke for good is continued by the next one; one that was left damaged begins anew', async () => {
    const breaks = [15_000, 0, 0, 0, 0, 0, 0];
    const { blobs, calls } = memoryBlobs({ partBytes: Number.POSITIVE_INFINITY, breaks });
    write('model.bin', noise(20_000));
    const store = artifactsOver(blobs, folder, { ...transferScene(), wait: async () => {} });
    const artifact = await store.put('model', 'model.bin');
    const target = join(folder, 'back', 'model.bin');
    await expect(store.fetch(artifact, target)).rejects.toBeInstanceOf(OutsideError);
    expect(existsSync(target)).toBe(false);
    breaks.length = 0;
    calls.length = 0;
    await store.fetch(artifact, target);
    expect(calls).toEqual([`get ${artifact.digest} 15000`]);
    expect(readFileSync(target).equals(noise(20_000))).toBe(true);

    const left = join(folder, 'back', `.${artifact.digest.slice(0, 16)}.0.12345678.partial`);
    writeFileSync(left, noise(7000, 9));
    calls.length = 0;
    await store.fetch(artifact, target);
    expect(calls.map((call) => call.split(' ')[2])).toEqual(['7000', '0']);
    expect(readFileSync(target).equals(noise(20_000))).toBe(true);
    expect(hidden(dirname(target))).toEqual([]);
  });

  test('of a folder keeps the files that came', async () => {
    const { blobs, kept, calls } = memoryBlobs({ partBytes: Number.POSITIVE_INFINITY });
    for (const name of ['a', 'b', 'c']) write(`model/${name}.bin`, noise(3000, name.charCodeAt(0)));
    const controller = new AbortController();
    const store = artifactsOver({ ...blobs, parallel: 1 }, folder, transferScene(controller.signal));
    const artifact = await store.put('model', 'model');
    const get = blobs.get;
    const interrupting: Blobs = {
      ...blobs,
      parallel: 1,
      get: async function* (name, from) {
        yield* get(name, from);
        if (name === sha256(noise(3000, 98))) controller.abort(new Interrupted('SIGTERM'));
      },
    };
    const cancelled = artifactsOver(interrupting, folder, transferScene(controller.signal));
    await expect(cancelled.fetch(artifact, join(folder, 'back'))).rejects.toBeInstanceOf(Interrupted);
    expect(existsSync(join(folder, 'back'))).toBe(false);
    calls.length = 0;
    // Begun after the signal: not stopped by it.
    await store.fetch(artifact, join(folder, 'back'));
    expect(calls.filter((call) => call.startsWith('get')).map((call) => call.split(' ')[1])).toEqual([
      `${artifact.digest}.folder`,
      sha256(noise(3000, 99)),
    ]);
    expect(readdirSync(join(folder, 'back'))).toEqual(['a.bin', 'b.bin', 'c.bin']);
    expect(kept.size).toBe(4);
  });
});

test('one changed file of a folder costs one upload, besides the list', async () => {
  const { blobs, calls } = memoryBlobs({ partBytes: 1e9 });
  for (let i = 0; i < 20; i++) write(`model/${i}.txt`, `${i}`);
  const store = artifactsOver(blobs, folder);
  await store.put('model', 'model');
  write('model/7.txt', 'changed');
  calls.length = 0;
  const { digest } = await store.put('model', 'model');
  expect(calls).toEqual([`put ${sha256(Buffer.from('changed'))}`, `put ${digest}.folder`]);
  calls.length = 0;
  await store.put('model', 'model');
  expect(calls).toEqual([]);
});

test('content that has been there for long is touched when it is wanted again', async () => {
  let now = new Date('2026-01-01T00:00:00Z');
  const { blobs, calls } = memoryBlobs({ partBytes: 1000, modified: () => now });
  write('small.bin', noise(10));
  write('large.bin', noise(1500));
  write('folder/a', 'a');
  const store = artifactsOver(blobs, folder, { ...transferScene(), now: () => now });
  const put = async () => [
    await store.put('small', 'small.bin'),
    await store.put('large', 'large.bin'),
    await store.put('folder', 'folder'),
  ];
  const stored = await put();
  now = new Date('2026-01-02T00:00:00Z');
  calls.length = 0;
  await put();
  expect(calls).toEqual([
    `touch ${stored[0]?.digest}`,
    `touch ${stored[1]?.digest}.parts`,
    `touch ${stored[2]?.digest}.folder`,
  ]);
});

test('content that a pruning removes just after it was touched is stored again', async () => {
  let now = new Date('2026-01-01T00:00:00Z');
  const { blobs, kept, calls } = memoryBlobs({ partBytes: 1000, modified: () => now });
  write('model.bin', noise(10));
  const waits: number[] = [];
  const world = {
    ...transferScene(),
    now: () => now,
    wait: async (seconds: number) => void waits.push(seconds),
  };
  const racing: Blobs = {
    ...blobs,
    touch: async (name) => {
      const there = await blobs.touch(name);
      kept.delete(name);
      return there;
    },
  };
  const { digest } = await artifactsOver(blobs, folder, world).put('model', 'model.bin');
  now = new Date('2026-01-06T00:00:00Z');
  calls.length = 0;
  await artifactsOver(blobs, folder, world).put('model', 'model.bin');
  expect([calls.length, waits]).toEqual([1, []]);
  now = new Date('2026-01-20T00:00:00Z');
  await artifactsOver(racing, folder, world).put('model', 'model.bin');
  expect(waits).toEqual([2]);
  expect(kept.has(digest)).toBe(true);
});

test('a file that changes while it is stored is refused', async () => {
  const path = write('model.bin', noise(3000));
  const { blobs, kept } = memoryBlobs({ partBytes: 1e9 });
  const changing: Blobs = {
    ...blobs,
    put: async (name, content) => {
      writeFileSync(path, noise(3000, 2));
      await blobs.put(name, content);
    },
  };
  await expect(artifactsOver(changing, folder).put('model', path)).rejects.toThrow(
    /changed while it was stored/,
  );
  expect(kept.size).toBe(0);
});

test('lists that lie are refused: paths that leave the folder, another digest, sizes that do not add up', () => {
  const place = 'memory';
  const digest = 'ab'.repeat(32);
  for (const path of ['../a', '/a', 'a/../../b', 'a//b', './a', '']) {
    const text = Buffer.from(
      folderText({ files: [{ path, digest, bytes: 1, executable: false }], links: [], empty: [] }),
    );
    expect(() => readFolder(text, { digest: sha256(text), place })).toThrow(/cannot be read/);
  }
  const list = Buffer.from(folderText({ files: [], links: [], empty: [] }));
  expect(() => readFolder(list, { digest, place })).toThrow(/is damaged/);
  const parts = (bytes: number) => Buffer.from(partsText({ digest, bytes, parts: [{ digest, bytes: 5 }] }));
  expect(readParts(parts(5), { digest, place }).bytes).toBe(5);
  expect(() => readParts(parts(6), { digest, place })).toThrow(/is damaged/);
  expect(() => readParts(parts(5), { digest: 'cd'.repeat(32), place })).toThrow(/is damaged/);
  expect(() => readParts(Buffer.from('x'), { digest, place })).toThrow(/no JSON/);
});

describe('a directory', () => {
  const blobs = () => directoryBlobs({ folder: join(folder, 'store') });
  const object = (digest: string) => join(folder, 'store/sha256', digest.slice(0, 2), digest.slice(2));

  test('many writers of one content at once: it is there once, and whole', async () => {
    write('model.bin', noise(300_000));
    const stored = await Promise.all(
      Array.from({ length: 8 }, () => artifactsOver(blobs(), folder).put('model', 'model.bin')),
    );
    const [first] = stored;
    expect(readFileSync(object(first?.digest ?? '')).equals(noise(300_000))).toBe(true);
    expect(statSync(object(first?.digest ?? '')).mode & 0o777).toBe(0o444);
    expect(hidden(dirname(object(first?.digest ?? '')))).toEqual([]);
  });

  test('what a killed upload left is continued when it is a beginning, and written over when it is not', async () => {
    const content = noise(5_000_000);
    write('model.bin', content);
    for (const left of [
      content.subarray(0, 3_000_000),
      noise(2_000_000, 2),
      Buffer.concat([content, content]),
    ]) {
      const digest = sha256(content);
      mkdirSync(dirname(object(digest)), { recursive: true });
      rmSync(object(digest), { force: true });
      writeFileSync(join(dirname(object(digest)), `.${digest.slice(0, 16)}.0.12345678.partial`), left);
      await artifactsOver(blobs(), folder).put('model', 'model.bin');
      expect(sha256(readFileSync(object(digest)))).toBe(digest);
      expect(readdirSync(dirname(object(digest)))).toHaveLength(1);
    }
  });

  test('the start that a living process writes is not taken from it, that of a dead one is', async () => {
    const digest = 'ab'.repeat(32);
    const alive = await partialBeside(join(folder, 'a'), digest);
    writeFileSync(alive, 'x');
    expect(await partialBeside(join(folder, 'a'), digest)).not.toBe(alive);
    expect(readFileSync(alive, 'utf8')).toBe('x');
    // A process of this place that is no more: at once.
    const [place] = /@[0-9a-f]{8}/.exec(alive) ?? [];
    writeFileSync(join(folder, `.${digest.slice(0, 16)}.4194304${place}.12345678.partial`), 'longer');
    writeFileSync(join(folder, `.${digest.slice(0, 16)}.4194305${place}.12345678.partial`), 'short');
    rmSync(alive);
    const taken = await partialBeside(join(folder, 'a'), digest);
    expect(readFileSync(taken, 'utf8')).toBe('longer');
    expect(hidden(folder)).toHaveLength(1);
    rmSync(taken);
    // Another process has got its number since the machine was started.
    const before = join(folder, `.${digest.slice(0, 16)}.1${place}.12345678.partial`);
    writeFileSync(before, 'of another time');
    expect(existsSync(await partialBeside(join(folder, 'a'), digest))).toBe(false);
    utimesSync(before, new Date(0), new Date(0));
    const again = await partialBeside(join(folder, 'a'), digest);
    expect(readFileSync(again, 'utf8')).toBe('of another time');
    rmSync(again);
    const dead = join(folder, `.${digest.slice(0, 16)}.4194304@00000000.12345678.partial`);
    writeFileSync(dead, 'y');
    // It has been written to a moment ago: perhaps by a process that cannot be seen from here.
    expect(existsSync(await partialBeside(join(folder, 'a'), digest))).toBe(false);
    utimesSync(dead, new Date(0), new Date(0));
    expect(readFileSync(await partialBeside(join(folder, 'a'), digest), 'utf8')).toBe('y');
  });

  test('runs of zeros take no space, and come back', async () => {
    const path = join(folder, 'sparse');
    const pieces = [noise(100_000), Buffer.alloc(3_000_000), noise(70_000, 2), Buffer.alloc(1_000_000)];
    const file = await growingFile(path);
    for (const piece of pieces) await file.write(piece);
    await file.finish({ mode: 0o644, sync: true });
    await file.close();
    expect(readFileSync(path).equals(Buffer.concat(pieces))).toBe(true);
    expect(statSync(path).blocks * 512).toBeLessThan(600_000);
  });

  test('lists what it holds, removes, and tidies what broken transfers left', async () => {
    write('model.bin', noise(1000));
    write('dir/a', 'a');
    const store = artifactsOver(blobs(), folder);
    const [file, dir] = [await store.put('model', 'model.bin'), await store.put('dir', 'dir')];
    writeFileSync(join(dirname(object(file.digest)), '.left.partial'), 'xyz');
    writeFileSync(join(folder, 'store/sha256/README'), 'not ours');
    const names: string[] = [];
    for await (const { name } of blobs().list()) names.push(name);
    expect(names.sort()).toEqual([file.digest, `${dir.digest}.folder`, sha256(Buffer.from('a'))].sort());
    expect(await blobs().tidy(new Date(0))).toEqual({ count: 0, bytes: 0 });
    expect(await blobs().tidy(new Date(Date.now() + 1000))).toEqual({ count: 1, bytes: 3 });
    await blobs().remove(file.digest);
    await blobs().remove(file.digest);
    expect(await store.has(file.digest)).toBe(false);
    expect(await blobs().touch(file.digest)).toBe(false);
  });

  test('that cannot be written says so, and leaves nothing', async () => {
    write('model.bin', noise(1000));
    write('store', 'a file');
    await expect(artifactsOver(blobs(), folder).put('model', 'model.bin')).rejects.toThrow(
      /a file is where a folder must be/,
    );
    rmSync(join(folder, 'store'));
    mkdirSync(join(folder, 'store'));
    chmodSync(join(folder, 'store'), 0o555);
    if (process.getuid?.() !== 0) {
      await expect(artifactsOver(blobs(), folder).put('model', 'model.bin')).rejects.toThrow(/read-only/);
    }
  });
});

test('a long transfer shows how far it is, a short one nothing', async () => {
  const lines: string[] = [];
  const world = {
    ...transferScene(),
    progress: (label: string) => ({
      update: (done: number, total?: number) => lines.push(`${label} ${done}/${total}`),
      end: () => lines.push(`${label} end`),
    }),
  };
  const { blobs } = memoryBlobs({ partBytes: 1e9 });
  const store = artifactStore({ blobs, files: localFiles({ root: folder }), world });
  write('small', noise(1000));
  await store.put('small', 'small');
  expect(lines).toEqual([]);
  write('large', Buffer.alloc(17 * 2 ** 20));
  await store.put('large', 'large');
  expect(lines).toContain(`storing large ${17 * 2 ** 20}/${17 * 2 ** 20}`);
  expect(lines.at(-1)).toBe('storing large end');
});
