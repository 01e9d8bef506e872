import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packsText, planPacks, readPacks } from '../src/artifacts/packs.js';
import { type Blobs, BrokenTransfer } from '../src/artifacts/ports.js';
import { planSweep } from '../src/artifacts/sweep.js';
import { OutsideError } from '../src/errors.js';
import { artifactsOver, transferScene } from './artifacts-scene.js';
import { memoryBlobs } from './fakes/blobs.js';

/** Small files of a folder that share a blob, in stores where blobs are few. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-packs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const PACKING = { smallBytes: 1000, packBytes: 4000 };
const world = { ...transferScene(), wait: async () => {} };
function packed(breaks: number[] = []) {
  const memory = memoryBlobs({ partBytes: 1e9, breaks });
  const blobs: Blobs = { ...memory.blobs, packing: PACKING };
  return { ...memory, blobs, store: artifactsOver(blobs, folder, world) };
}
function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}
const puts = (calls: readonly string[]) => calls.filter((call) => call.startsWith('put '));
const look = (at: string) =>
  readdirSync(join(folder, at), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(join(folder, at).length), readFileSync(path).toString('base64')])
    .sort();

const file = fc.record({
  path: fc.string({ minLength: 1, maxLength: 8 }).map((name) => Buffer.from(name).toString('hex')),
  bytes: fc.nat({ max: 1500 }),
});
const files = fc
  .uniqueArray(file, { selector: ({ path }) => path, maxLength: 400, minLength: 1 })
  .map((list) =>
    list.map(({ path, bytes }) => ({
      path,
      bytes,
      source: path,
      digest: sha256(`${path}/${bytes}`),
      parts: [],
    })),
  );

test('every file is in one place, packs keep to their limit, and the order of files means nothing', () => {
  fc.assert(
    fc.property(files, fc.nat(), (given, rotate) => {
      const plan = planPacks(given, PACKING);
      const placed = [...plan.packs.flat(), ...plan.alone];
      expect(placed.map(({ path }) => path).sort()).toEqual(given.map(({ path }) => path).sort());
      for (const pack of plan.packs) {
        expect(pack.length).toBeGreaterThan(1);
        expect(pack.every(({ bytes }) => bytes > 0 && bytes < PACKING.smallBytes)).toBe(true);
        expect(pack.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(PACKING.packBytes);
      }
      const at = rotate % given.length;
      expect(planPacks([...given.slice(at), ...given.slice(0, at)], PACKING).packs).toEqual(plan.packs);
      expect(planPacks(given, undefined)).toEqual({ packs: [], alone: given });
    }),
    { numRuns: 50 },
  );
});

test('one changed file of 10,000 changes one pack; 10,000 files are far fewer than 1,000 blobs', () => {
  const small = { smallBytes: 2 ** 20, packBytes: 16 * 2 ** 20 };
  const given = Array.from({ length: 10_000 }, (_, i) => ({
    path: `checkpoint/${i % 100}/layer-${i}.bin`,
    source: '',
    bytes: 100 + ((i * 7919) % 20_000),
    digest: sha256(`${i}`),
    parts: [],
  }));
  const keys = (list: typeof given) =>
    new Set(planPacks(list, small).packs.map((pack) => pack.map(({ digest }) => digest).join()));
  const before = keys(given);
  expect(before.size).toBeLessThan(200);
  for (const at of [0, 1234, 9999]) {
    const changed = given.map((one, i) =>
      i === at ? { ...one, digest: sha256('new'), bytes: one.bytes + 50 } : one,
    );
    expect([...keys(changed)].filter((key) => !before.has(key))).toHaveLength(1);
    const without = keys(given.filter((_, i) => i !== at));
    expect([...without].filter((key) => !before.has(key)).length).toBeLessThanOrEqual(1);
  }
});

describe('a folder of many small files', () => {
  beforeEach(() => {
    for (let i = 0; i < 30; i++) write(`model/${i % 3}/f${i}`, `content ${i} `.repeat(20));
    write('model/large.bin', Buffer.alloc(5000, 1));
    write('model/same-as-f1', 'content 1 '.repeat(20));
    write('model/__init__.py', '');
  });

  test('comes back whole from a few blobs, with the digest that it has without packs', async () => {
    const { store, kept, blobs } = packed();
    const artifact = await store.put('model', 'model');
    const plain = memoryBlobs({ partBytes: 1e9 });
    expect((await artifactsOver(plain.blobs, folder).put('model', 'model')).digest).toBe(artifact.digest);
    expect(kept.size).toBeLessThan(8);
    expect(plain.kept.size).toBeGreaterThan(30);
    await store.fetch(artifact, join(folder, 'back'));
    expect(look('back')).toEqual(look('model'));
    expect(await store.verify(artifact.digest, { content: true })).toEqual({ state: 'whole', detail: '' });
    // Whoever has no packs, such as a copy of the folder's files, gives the same.
    for (const [name, blob] of plain.kept) kept.set(name, blob);
    for await (const { name, bytes } of blobs.list())
      if (name.length === 64 && bytes > 5000) kept.delete(name);
    await store.fetch(artifact, join(folder, 'again'));
    expect(look('again')).toEqual(look('model'));
  });

  test('one changed file costs one pack, besides the lists', async () => {
    const { store, calls, kept } = packed();
    await store.put('model', 'model');
    write('model/1/f7', 'changed');
    calls.length = 0;
    const { digest } = await store.put('model', 'model');
    const sent = puts(calls).map((call) => call.slice(4));
    expect(sent.slice(-2)).toEqual([`${digest}.packs`, `${digest}.folder`]);
    expect(sent.length).toBe(3);
    expect(kept.get(sent[0] ?? '')?.bytes.length).toBeLessThanOrEqual(PACKING.packBytes);
    calls.length = 0;
    await store.put('model', 'model');
    expect(puts(calls)).toEqual([]);
  });

  test('a fetch that broke goes on with the packs that are not here', async () => {
    const breaks: number[] = [];
    const { store, calls, blobs, kept } = packed(breaks);
    const artifact = await store.put('model', 'model');
    const packs = [...kept.keys()].filter(
      (name) => name.length === 64 && (kept.get(name)?.bytes.length ?? 0) !== 5000,
    );
    const broken = artifactsOver(
      {
        ...blobs,
        parallel: 1,
        get: async function* (name, from) {
          if (name === packs.at(-1)) throw new BrokenTransfer('the connection was reset');
          yield* blobs.get(name, from);
        },
      },
      folder,
      world,
    );
    await expect(broken.fetch(artifact, join(folder, 'back'))).rejects.toBeInstanceOf(OutsideError);
    calls.length = 0;
    await store.fetch(artifact, join(folder, 'back'));
    expect(look('back')).toEqual(look('model'));
    const fetched = calls.filter((call) => call.startsWith('get ')).map((call) => call.split(' ')[1]);
    expect(fetched.filter((name) => packs.includes(name ?? ''))).toEqual([packs.at(-1)]);
  });

  test('a pack that is damaged or missing is told and never handed out', async () => {
    const { store, kept } = packed();
    const artifact = await store.put('model', 'model');
    const [name = '', pack] =
      [...kept].find(([one, { bytes }]) => one.length === 64 && bytes.length < 5000) ?? [];
    const bytes = pack?.bytes ?? Buffer.alloc(0);
    kept.set(name, { bytes: Buffer.alloc(bytes.length, 'x'), modified: new Date() });
    expect(await store.verify(artifact.digest, { content: true })).toMatchObject({ state: 'damaged' });
    await expect(store.fetch(artifact, join(folder, 'back'))).rejects.toThrow(/is damaged/);
    kept.delete(name);
    expect(await store.verify(artifact.digest)).toMatchObject({ state: 'missing' });
    await expect(store.fetch(artifact, join(folder, 'back'))).rejects.toThrow(/is not in the store/);
    kept.set(name, { bytes, modified: new Date() });
    // A list that names the files in another order than they stand.
    const list = kept.get(`${artifact.digest}.packs`)?.bytes ?? Buffer.alloc(0);
    const read = readPacks(list, { digest: artifact.digest, place: 'memory' });
    const lying = { ...read, packs: read.packs.map((one) => ({ ...one, files: [...one.files].reverse() })) };
    kept.set(`${artifact.digest}.packs`, { bytes: Buffer.from(packsText(lying)), modified: new Date() });
    await expect(store.fetch(artifact, join(folder, 'back'))).rejects.toThrow(/is damaged/);
    kept.set(`${artifact.digest}.packs`, { bytes: Buffer.from('{}'), modified: new Date() });
    expect((await store.verify(artifact.digest)).state).toBe('damaged');
    expect(() => readPacks(list, { digest: 'ab'.repeat(32), place: 'memory' })).toThrow(/is damaged/);
    expect(readdirSync(folder)).toEqual(['model']);
  });

  test('pruning keeps the packs of what is needed, and removes those of what is not', async () => {
    const { store, blobs, kept } = packed();
    const one = await store.put('model', 'model');
    const before = new Set(kept.keys());
    write('model/1/f7', 'changed');
    const two = await store.put('model', 'model');
    const plan = await planSweep({
      blobs,
      world,
      live: new Set([one.digest]),
      dead: new Set([two.digest]),
      condemned: new Set(),
      youngSince: new Date(Date.now() + 1000),
      orphansBefore: undefined,
    });
    const gone = plan.remove.map(({ name }) => name);
    expect(gone.every((name) => !before.has(name))).toBe(true);
    expect(gone).toHaveLength(3);
    expect(gone[0]).toBe(`${two.digest}.folder`);
    for (const name of gone) kept.delete(name);
    expect(await store.verify(one.digest, { content: true })).toMatchObject({ state: 'whole' });
    expect(plan.unknown).toEqual([]);
  });
});
