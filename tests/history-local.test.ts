import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutsideError, UserError } from '../src/errors.js';
import { recordPath } from '../src/history/record.js';
import { localComments } from '../src/platform/local/comments.js';
import { localDeployments } from '../src/platform/local/deployments.js';
import { directoryHistory } from '../src/platform/local/history.js';
import { localReleases } from '../src/platform/local/releases.js';
import { storeError } from '../src/platform/local/store.js';
import { localTags } from '../src/platform/local/tags.js';
import { artifactsIn } from './artifacts-scene.js';
import {
  clock,
  git,
  ids,
  makeRecord,
  makeRepository,
  openScene,
  type Scene,
  write,
} from './history-scene.js';

let scene: Scene;
let store: string;
beforeEach(() => {
  scene = openScene();
  store = join(scene.folder, '.assay');
});
afterEach(() => scene.end());

const unsaid = { commit: null, said: '', mode: 'update' } as const;

/** Every file below, relative. */
function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

describe('the store', () => {
  test('ignores itself in git, whoever makes it first', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    await localComments({ folder: join(folder, '.assay', 'comments') }).publish({
      pullRequest: null,
      key: 'income',
      body: 'hello',
      ...unsaid,
    });
    expect(git(folder, 'status', '--porcelain')).toBe('');
    // What the user made of it stays.
    writeFileSync(join(folder, '.assay/.gitignore'), '');
    await localTags({ folder: join(folder, '.assay', 'tags') }).create('a', 'c', 'm');
    expect(readFileSync(join(folder, '.assay/.gitignore'), 'utf8')).toBe('');
  });

  test.each([
    ['ENOSPC', OutsideError, /no space left/],
    ['EROFS', UserError, /read-only/],
    ['EACCES', UserError, /cannot be written/],
    ['ENOTDIR', UserError, /a file is where a folder must be/],
    ['EIO', OutsideError, /\/x\/y: broken/],
  ])('%s is said with a place', (code, kind, message) => {
    const error = storeError(Object.assign(new Error('broken'), { code }), '/x/y');
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(message);
    expect(error.message).toContain('/x/y');
  });
});

describe('the history in a folder', () => {
  const open = (warnings: string[] = []) =>
    directoryHistory({ folder: join(store, 'history'), warn: (line) => warnings.push(line) });

  test('records come back newest first, by kind, owner and the start of their id', async () => {
    const history = open();
    expect(await history.list({ kind: 'run' })).toEqual([]);
    expect(await history.find('2026')).toEqual([]);
    const [first, second] = [makeRecord(), makeRecord({ model: 'churn' })];
    const validation = makeRecord({ schema: 'assay/validation@1', dataset: 'adult' });
    await history.append([first, validation, second]);
    expect(await history.list({ kind: 'run' })).toEqual([second, first]);
    expect(await history.list({ kind: 'run', owner: 'income' })).toEqual([first]);
    expect(await history.list({ kind: 'run', owner: '../..' })).toEqual([]);
    expect(ids(await history.find(validation.id.slice(0, 20)))).toContain(validation.id);
    expect(filesIn(join(store, 'history'))).toEqual([first, second, validation].map(recordPath).sort());
  });

  test('never overwrites, and an append that fails leaves nothing', async () => {
    const history = open();
    const [old, fresh] = [makeRecord(), makeRecord()];
    await history.append([old]);
    await history.append([old]);
    await expect(history.append([fresh, { ...old, actor: 'mallory' }])).rejects.toThrow(/with other content/);
    expect(await history.list({ kind: 'run' })).toEqual([old]);
  });

  test('many writers at once', async () => {
    const records = Array.from({ length: 20 }, () => makeRecord());
    await Promise.all(records.map((record) => open().append([record])));
    expect(ids(await open().list({ kind: 'run' }))).toEqual(ids(records).toReversed());
  });

  test('garbage and links are told once and left out', async () => {
    const warnings: string[] = [];
    const history = open(warnings);
    const good = makeRecord();
    await history.append([good]);
    const folder = join(store, 'history');
    write(folder, 'runs/income/2026/01/01/20260101T000000000Z-11111111.json', 'null');
    write(folder, 'runs/income/README', '');
    symlinkSync('/etc', join(folder, 'runs/etc'));
    expect(await history.list({ kind: 'run' })).toEqual([good]);
    expect(await history.list({ kind: 'run' })).toEqual([good]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('and 2 more');
  });

  test('a file where the folder must be', async () => {
    write(store, 'history', 'x');
    await expect(open().append([makeRecord()])).rejects.toThrow(/a file is where a folder must be/);
    await expect(open().list({ kind: 'run' })).rejects.toBeInstanceOf(UserError);
  });
});

describe('artifacts', () => {
  const open = () => artifactsIn({ folder: join(store, 'artifacts'), root: scene.folder });

  test('any bytes come back, and the same bytes are stored once', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
        const file = join(scene.folder, `out-${number++}.bin`);
        writeFileSync(file, bytes);
        const [one, two] = [await open().put('model', file), await open().put('copy', file)];
        expect(two.digest).toBe(one.digest);
        expect(one).toMatchObject({ bytes: bytes.length, path: `out-${number - 1}.bin` });
        await open().fetch(one, join(scene.folder, 'back', 'model.bin'));
        expect(readFileSync(join(scene.folder, 'back', 'model.bin')).equals(bytes)).toBe(true);
        expect(await open().has(one.digest)).toBe(true);
      }),
      { numRuns: 20 },
    );
    const stored = filesIn(join(store, 'artifacts'));
    expect(stored.every((path) => /^sha256\/[0-9a-f]{2}\/[0-9a-f]{62}$/.test(path))).toBe(true);
    expect(new Set(stored).size).toBe(stored.length);
  });

  test('a folder comes back whole: shared files once, rights, links inside it, empty folders', async () => {
    const folder = join(scene.folder, 'model');
    write(folder, 'weights.bin', 'w'.repeat(1000));
    write(folder, 'copy/weights.bin', 'w'.repeat(1000));
    write(folder, 'run.sh', '#!/bin/sh\n');
    chmodSync(join(folder, 'run.sh'), 0o755);
    mkdirSync(join(folder, 'empty/deep'), { recursive: true });
    symlinkSync('../weights.bin', join(folder, 'copy/latest.bin'));
    symlinkSync(join(folder, 'copy'), join(folder, 'absolute'));
    const artifact = await open().put('model', 'model');
    expect(artifact).toMatchObject({ name: 'model', path: 'model', bytes: 2010 });
    expect(filesIn(join(store, 'artifacts'))).toHaveLength(3);
    expect(await open().has(artifact.digest)).toBe(true);

    const back = join(scene.folder, 'back');
    write(back, 'old.txt', 'to be replaced');
    await open().fetch(artifact, back);
    expect(filesIn(back).filter((path) => !path.startsWith('absolute'))).toEqual([
      'copy/latest.bin',
      'copy/weights.bin',
      'run.sh',
      'weights.bin',
    ]);
    expect(statSync(join(back, 'run.sh')).mode & 0o100).toBe(0o100);
    expect(existsSync(join(back, 'empty/deep'))).toBe(true);
    expect(readFileSync(join(back, 'absolute/latest.bin'), 'utf8')).toBe('w'.repeat(1000));
    expect((await open().put('again', back)).digest).toBe(artifact.digest);
    expect(readdirSync(scene.folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  test('a link that leaves the folder, or leads to nothing, is refused', async () => {
    const folder = join(scene.folder, 'model');
    write(folder, 'a.txt', '');
    write(scene.folder, 'secret.txt', 'x');
    symlinkSync('../secret.txt', join(folder, 'link'));
    await expect(open().put('model', 'model')).rejects.toThrow(/leaves the folder/);
    const broken = join(scene.folder, 'broken');
    mkdirSync(broken);
    symlinkSync('nothing', join(broken, 'link'));
    await expect(open().put('model', 'broken')).rejects.toThrow(/link to nothing/);
    await expect(open().put('model', 'missing.bin')).rejects.toThrow(/there is no file/);
  });

  test('a damaged or missing object is said, and nothing half-written stays', async () => {
    write(scene.folder, 'model.bin', 'good');
    const artifact = await open().put('model', 'model.bin');
    const [path = ''] = filesIn(join(store, 'artifacts'));
    chmodSync(join(store, 'artifacts', path), 0o644);
    writeFileSync(join(store, 'artifacts', path), 'evil');
    const target = join(scene.folder, 'back', 'model.bin');
    await expect(open().fetch(artifact, target)).rejects.toBeInstanceOf(OutsideError);
    await expect(open().fetch(artifact, target)).rejects.toThrow(/is damaged/);
    await expect(open().fetch({ ...artifact, digest: 'ab'.repeat(32) }, target)).rejects.toThrow(
      /not in the store/,
    );
    expect(readdirSync(join(scene.folder, 'back'))).toEqual([]);
    // Cut off, as by a full disk: storing it again heals.
    writeFileSync(join(store, 'artifacts', path), 'go');
    await open().put('model', 'model.bin');
    await open().fetch(artifact, target);
    expect(readFileSync(target, 'utf8')).toBe('good');
  });
});

describe('releases', () => {
  const open = () => localReleases({ folder: join(store, 'releases') });
  const draft = { tag: 'income@v1.0.0', title: 'income 1.0.0', body: '# Card\n', commit: null };

  test('draft, upload, publish; a published one never changes', async () => {
    write(scene.folder, 'model.bin', 'good');
    const { digest, bytes } = await artifactsIn({ folder: join(store, 'a'), root: scene.folder }).put(
      'model',
      'model.bin',
    );
    const asset = { name: 'model.bin', digest, bytes };
    const releases = open();
    expect(await releases.find(draft.tag)).toBeUndefined();
    await expect(releases.upload(draft.tag, asset, join(scene.folder, 'model.bin'))).rejects.toThrow(
      /no draft/,
    );
    await releases.createDraft(draft);
    await releases.upload(draft.tag, asset, join(scene.folder, 'model.bin'));
    await releases.createDraft({ ...draft, body: 'again' });
    expect(await open().find(draft.tag)).toEqual({ published: false, assets: [asset] });
    expect(await releases.publish(draft.tag)).toEqual({ url: null });
    expect(await releases.publish(draft.tag)).toEqual({ url: null });
    expect(await open().find(draft.tag)).toEqual({ published: true, assets: [asset] });
    await expect(releases.createDraft(draft)).rejects.toThrow(/never changes/);
    await expect(releases.upload(draft.tag, asset, join(scene.folder, 'model.bin'))).rejects.toThrow(
      UserError,
    );
  });

  test('an asset that does not arrive as it was sent stays out of the draft', async () => {
    write(scene.folder, 'model.bin', 'evil');
    const releases = open();
    await releases.createDraft(draft);
    const asset = { name: 'model.bin', digest: '00'.repeat(32), bytes: 4 };
    await expect(releases.upload(draft.tag, asset, join(scene.folder, 'model.bin'))).rejects.toThrow(
      /did not arrive/,
    );
    expect(await releases.find(draft.tag)).toEqual({ published: false, assets: [] });
    expect(filesIn(join(store, 'releases')).some((path) => path.includes('model'))).toBe(false);
  });
});

describe('tags, comments and deployments', () => {
  test('a tag is made once and never moves', async () => {
    const tags = localTags({ folder: join(store, 'tags') });
    expect(await tags.list('')).toEqual([]);
    await tags.create('income@v1.0.0', 'abc', 'first');
    await tags.create('income@v1.0.0', 'abc', 'first');
    await tags.create('income#prod#1', 'abc', 'live');
    await expect(tags.create('income@v1.0.0', 'def', 'moved')).rejects.toThrow(/exists already, on abc/);
    expect(await tags.list('income#')).toEqual(['income#prod#1']);
    expect(await tags.list('income')).toEqual(['income#prod#1', 'income@v1.0.0']);
  });

  test('one comment per pull request and key, updated in place', async () => {
    const comments = localComments({ folder: join(store, 'comments') });
    const { url } = await comments.publish({ pullRequest: 7, key: 'income', body: 'first', ...unsaid });
    await comments.publish({ pullRequest: 7, key: 'income', body: 'second', ...unsaid });
    await comments.publish({ pullRequest: null, key: '../../escape', body: 'x', ...unsaid });
    expect(readFileSync(url ?? '', 'utf8')).toBe('second');
    expect(url).toBe(join(store, 'comments', 'pr-7-income.md'));
    expect(readdirSync(join(store, 'comments'))).toHaveLength(2);
  });

  test('deployments are numbered and keep every status', async () => {
    const folder = join(store, 'deployments');
    const deployments = localDeployments({ folder, clock });
    const made = await Promise.all(
      [1, 2, 3].map(() => deployments.create({ environment: 'prod', commit: null, description: 'd' })),
    );
    expect(made.map(({ id }) => id).sort()).toEqual(['1', '2', '3']);
    await deployments.update('2', 'in_progress', { description: 'started', url: null });
    await deployments.update('2', 'success', { description: 'live', url: 'https://x' });
    expect(JSON.parse(readFileSync(join(folder, '2.json'), 'utf8'))).toMatchObject({
      environment: 'prod',
      statuses: [{ status: 'in_progress' }, { status: 'success', url: 'https://x' }],
    });
    await expect(deployments.update('../2', 'success', { description: '', url: null })).rejects.toThrow(
      /no deployment/,
    );
  });
});
