import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutsideError, UserError } from '../src/errors.js';
import { artifactsIn } from './artifacts-scene.js';
import { mountReadOnly, mountSmall, NO_MOUNTS } from './beds/mounts.js';

/** Disks that are full or cannot be written: real file systems, so only where this user may mount them. */

let folder: string;
const unmounts: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-disk-'));
});
afterEach(() => {
  for (const unmount of unmounts.splice(0).reverse()) unmount();
  spawnSync('chmod', ['-R', 'u+w', folder]);
  rmSync(folder, { recursive: true, force: true });
});

const MIB = 2 ** 20;
const content = randomBytes(3 * MIB);
const digest = createHash('sha256').update(content).digest('hex');
const errorOf = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);
const files = (at: string) =>
  readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map(({ name }) => name);

describe('a full disk', () => {
  test('under the store: told, nothing is left, and with space it works', async (context) => {
    const disk = join(folder, 'disk');
    if (NO_MOUNTS) return context.skip(NO_MOUNTS);
    mkdirSync(disk);
    unmounts.push(mountSmall(disk, 2 * MIB));
    writeFileSync(join(folder, 'model.bin'), content);
    mkdirSync(join(folder, 'dir'));
    writeFileSync(join(folder, 'dir/small'), 'small');
    writeFileSync(join(folder, 'dir/model.bin'), content);
    const store = artifactsIn({ folder: join(disk, 'store'), root: folder });
    for (const path of ['model.bin', 'dir']) {
      const failure = await errorOf(store.put('model', path));
      expect(failure).toBeInstanceOf(OutsideError);
      expect((failure as OutsideError).message).toContain('no space left on the disk');
    }
    // What fits of the folder is there, and is of use.
    expect(files(disk)).toHaveLength(1);
    expect(await store.has(digest)).toBe(false);
    expect(spawnSync('mount', ['-o', 'remount,size=8m', disk]).status).toBe(0);
    const artifact = await store.put('model', 'dir');
    expect(await store.verify(artifact.digest, { content: true })).toMatchObject({ state: 'whole' });
  });

  test('under what is fetched: what stood there stays, nothing is left, and with space it works', async (context) => {
    const disk = join(folder, 'disk');
    if (NO_MOUNTS) return context.skip(NO_MOUNTS);
    mkdirSync(disk);
    unmounts.push(mountSmall(disk, 2 * MIB));
    writeFileSync(join(folder, 'model.bin'), content);
    const store = artifactsIn({ folder: join(folder, 'store'), root: folder });
    const artifact = await store.put('model', 'model.bin');
    writeFileSync(join(disk, 'model.bin'), 'what stood there');
    const failure = await errorOf(store.fetch(artifact, join(disk, 'model.bin')));
    expect(failure).toBeInstanceOf(OutsideError);
    expect((failure as OutsideError).message).toContain('no space left on the disk');
    expect(readdirSync(disk)).toEqual(['model.bin']);
    expect(readFileSync(join(disk, 'model.bin'), 'utf8')).toBe('what stood there');
    expect(spawnSync('mount', ['-o', 'remount,size=8m', disk]).status).toBe(0);
    await store.fetch(artifact, join(disk, 'model.bin'));
    expect(readFileSync(join(disk, 'model.bin')).equals(content)).toBe(true);
  });
});

describe('a store that cannot be written', () => {
  /** A store with one artifact in it, read-only from now on; undefined where this user cannot make it so. */
  async function readOnly() {
    writeFileSync(join(folder, 'model.bin'), content);
    writeFileSync(join(folder, 'other.bin'), 'other');
    const place = join(folder, 'store');
    await artifactsIn({ folder: place, root: folder }).put('model', 'model.bin');
    if (process.getuid?.() !== 0) {
      for (const entry of readdirSync(place, { recursive: true, withFileTypes: true })) {
        if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o555);
      }
      chmodSync(place, 0o555);
      return place;
    }
    if (NO_MOUNTS) return undefined;
    unmounts.push(mountReadOnly(place));
    return place;
  }

  test('is read, takes for stored what is there, and says of anything else that it is read-only', async (context) => {
    const place = await readOnly();
    if (place === undefined) return context.skip(`root can write everywhere, and ${NO_MOUNTS}`);
    const store = artifactsIn({ folder: place, root: folder });
    const artifact = await store.put('model', 'model.bin');
    expect(artifact.digest).toBe(digest);
    await store.fetch(artifact, join(folder, 'back/model.bin'));
    expect(readFileSync(join(folder, 'back/model.bin')).equals(content)).toBe(true);
    const failure = await errorOf(store.put('other', 'other.bin'));
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toMatch(/cannot be written: the folder is read-only/);
    expect((failure as UserError).message).toContain(place);
  });

  test('a blob that is damaged is told and never handed out', async () => {
    writeFileSync(join(folder, 'model.bin'), content);
    const store = artifactsIn({ folder: join(folder, 'store'), root: folder });
    const artifact = await store.put('model', 'model.bin');
    const blob = join(folder, 'store/sha256', digest.slice(0, 2), digest.slice(2));
    for (const damaged of [
      randomBytes(content.length),
      content.subarray(0, -1),
      Buffer.concat([content, content]),
    ]) {
      chmodSync(blob, 0o644);
      writeFileSync(blob, damaged);
      const verified = await store.verify(digest, { content: true });
      expect(verified.state).toBe('damaged');
      const failure = await errorOf(store.fetch(artifact, join(folder, 'back/model.bin')));
      expect(failure).toBeInstanceOf(OutsideError);
      expect((failure as OutsideError).message).toContain('is damaged');
      expect((failure as OutsideError).message).toContain(dirname(dirname(dirname(blob))));
      expect(readdirSync(join(folder, 'back'))).toEqual([]);
    }
  });
});
