import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pathsAlikeButForCase } from '../src/artifacts/manifests.js';
import type { LocalFiles } from '../src/artifacts/ports.js';
import { artifactStore } from '../src/artifacts/store.js';
import { OutsideError, UserError } from '../src/errors.js';
import { localFiles } from '../src/platform/local/files.js';
import { artifactsOver, transferScene } from './artifacts-scene.js';
import { memoryBlobs } from './fakes/blobs.js';

/** Folders: every tree comes back as it was, and lists that were made to do harm do none. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-hostile-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Path, and what is there: a folder of nothing is undefined. */
type Tree = ReadonlyMap<string, { readonly bytes: Uint8Array; readonly executable: boolean } | undefined>;

function lay(tree: Tree, at: string): void {
  mkdirSync(at, { recursive: true });
  for (const [path, entry] of tree) {
    const full = join(at, path);
    mkdirSync(entry ? dirname(full) : full, { recursive: true });
    if (!entry) continue;
    writeFileSync(full, entry.bytes);
    chmodSync(full, entry.executable ? 0o755 : 0o644);
  }
}

function look(at: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(at, { recursive: true }) as string[]) {
    const full = join(at, name);
    const entry = lstatSync(full);
    if (entry.isSymbolicLink()) found[name] = `link to ${readlinkSync(full)}`;
    else if (entry.isDirectory()) found[name] = 'folder';
    else found[name] = `${sha256(readFileSync(full))}${entry.mode & 0o100 ? ' executable' : ''}`;
  }
  return found;
}

/** Names as people and programs make them: capital letters, other alphabets, spaces, newlines, quotes, dots. */
const name = fc
  .oneof(
    fc.constantFrom(
      'a',
      'A',
      'model.bin',
      '.hidden',
      'ä',
      'ä',
      '模型',
      '🧪',
      'a b',
      'a\nb',
      "a'b",
      '"',
      '$(x)',
      '-rf',
      '...',
      '\\',
    ),
    fc.string({ minLength: 1, maxLength: 12 }),
  )
  .filter((text) => !/[/\0\ud800-\udfff]/u.test(text) && text !== '.' && text !== '..');
const entry = fc.option(fc.record({ bytes: fc.uint8Array({ maxLength: 40 }), executable: fc.boolean() }), {
  nil: undefined,
  freq: 8,
});
const tree: fc.Arbitrary<Tree> = fc
  .array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), entry), { maxLength: 12 })
  .map((entries) => {
    const kept = new Map<string, { bytes: Uint8Array; executable: boolean } | undefined>();
    for (const [parts, what] of entries) {
      const path = parts.join('/');
      const clashes = [...kept.keys()].some(
        (other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`),
      );
      if (!clashes) kept.set(path, what);
    }
    return kept;
  });

test('any tree comes back as it was, and has one digest', async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.integer({ min: 1, max: 50 }), async (given, partBytes) => {
      rmSync(folder, { recursive: true, force: true });
      lay(given, join(folder, 'model'));
      const { blobs } = memoryBlobs({ partBytes });
      const store = artifactsOver(blobs, folder);
      const artifact = await store.put('model', 'model');
      await store.fetch(artifact, join(folder, 'back'));
      expect(look(join(folder, 'back'))).toEqual(look(join(folder, 'model')));
      expect(await store.verify(artifact.digest, { content: true })).toEqual({ state: 'whole', detail: '' });
      expect((await store.put('again', 'back')).digest).toBe(artifact.digest);
    }),
    { numRuns: 60 },
  );
}, 60_000);

describe('a list that was made to do harm', () => {
  const bytes = Buffer.from('harmless');
  const digest = sha256(bytes);
  const one = { path: 'a', digest, bytes: bytes.length, executable: false };
  async function fetching(list: object, files?: LocalFiles) {
    const { blobs, kept } = memoryBlobs({ partBytes: 1e9 });
    const text = Buffer.from(
      JSON.stringify({ schema: 'assay/folder@1', files: [], links: [], empty: [], ...list }),
    );
    kept.set(digest, { bytes, modified: new Date() });
    kept.set(`${sha256(text)}.folder`, { bytes: text, modified: new Date() });
    const store = artifactStore({
      blobs,
      files: files ?? localFiles({ root: folder }),
      world: transferScene(),
    });
    const target = join(folder, 'deep/er/back');
    return store
      .fetch({ name: 'model', digest: sha256(text), bytes: bytes.length }, target)
      .catch((error: unknown) => error);
  }
  const outside = () => (readdirSync(folder, { recursive: true }) as string[]).sort();

  test.each([
    ['a path upwards', { files: [{ ...one, path: '../../evil' }] }],
    ['a path from the root', { files: [{ ...one, path: '/tmp/evil' }] }],
    ['an empty folder upwards', { empty: ['../evil'] }],
    ['a path with a NUL', { files: [{ ...one, path: 'a\0b' }] }],
    ['one path twice', { files: [one, { ...one, executable: true }] }],
    ['a file and a folder of one name', { files: [one], empty: ['a'] }],
    ['a file in a file', { files: [one, { ...one, path: 'a/b' }] }],
    [
      'a file through a link',
      { files: [{ ...one, path: 'out/evil' }], links: [{ path: 'out', target: '../..' }] },
    ],
    [
      'a link through a link',
      {
        links: [
          { path: 'out', target: '../..' },
          { path: 'out/evil', target: 'x' },
        ],
      },
    ],
    ['a folder through a link', { links: [{ path: 'out', target: '../..' }], empty: ['out/evil'] }],
    ['a link upwards', { links: [{ path: 'out', target: '../../..' }] }],
    ['a link from the root', { links: [{ path: 'out', target: '/etc' }] }],
    [
      'links that lead out together',
      {
        files: [{ ...one, path: 'd/a' }],
        links: [
          { path: 'x', target: 'd' },
          { path: 'y', target: 'x/../..' },
        ],
      },
    ],
    ['a size that is too small', { files: [{ ...one, bytes: 3 }] }],
    ['a size that is too large', { files: [{ ...one, bytes: 1e15 }] }],
    ['a negative size', { files: [{ ...one, bytes: -1 }] }],
    ['a digest that is a path', { files: [{ ...one, digest: '../../../etc/passwd' }] }],
    ['no list at all', { files: 'many' }],
  ])('%s: refused, and nothing is written', async (_, list) => {
    expect(await fetching(list)).toBeInstanceOf(OutsideError);
    expect(outside()).toEqual(['deep', 'deep/er']);
  });

  test('links that stay inside are made', async () => {
    expect(
      await fetching({
        files: [{ ...one, path: 'd/a' }],
        links: [
          { path: 'd/b', target: 'a' },
          { path: 'e', target: 'd' },
        ],
      }),
    ).toBe(undefined);
    expect(readFileSync(join(folder, 'deep/er/back/e/b'), 'utf8')).toBe('harmless');
  });

  test('names that differ in capital letters only: on a file system that has one of them, refused', async () => {
    const list = { files: [one, { ...one, path: 'A' }] };
    const files = localFiles({ root: folder });
    const folding: LocalFiles = {
      ...files,
      draft: async (path, of) => ({ ...(await files.draft(path, of)), tellsCaseApart: async () => false }),
    };
    const failure = await fetching(list, folding);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toContain('which are one name here');
    expect(existsSync(join(folder, 'deep/er/back'))).toBe(false);
    const both = await fetching(list);
    if (existsSync(folder.toUpperCase())) expect(both).toBeInstanceOf(UserError);
    else expect(readdirSync(join(folder, 'deep/er/back')).sort()).toEqual(['A', 'a']);
    expect(readdirSync(join(folder, 'deep/er'))).toEqual(['back']);
  });

  test('which names are alike, folders on the way too', () => {
    expect(pathsAlikeButForCase(['a/b', 'a/c', 'b'])).toEqual([]);
    expect(pathsAlikeButForCase(['Model/a', 'model/b'])).toEqual([['Model', 'model']]);
    // One letter, or a letter and its dots.
    expect(pathsAlikeButForCase(['\u00e4', 'a\u0308'])).toEqual([['\u00e4', 'a\u0308']]);
  });
});
