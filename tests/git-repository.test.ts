import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.js';
import { gitRepository } from '../src/platform/git/repository.js';
import { gitTags } from '../src/platform/git/tags.js';
import {
  clone,
  copyFolder,
  ENV,
  fingerprint,
  git,
  makeRemote,
  makeRepository,
  openScene,
  type Scene,
  write,
} from './history-scene.js';

let scene: Scene;
const warnings: string[] = [];
const open = (folder: string) => gitRepository({ folder, env: ENV, warn: (line) => warnings.push(line) });
beforeEach(() => {
  scene = openScene();
  warnings.length = 0;
});
afterEach(() => scene.end());

describe('head', () => {
  test('a repository without commits, then a branch, then a detached HEAD', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 0);
    expect(await open(folder).head()).toEqual({ commit: null, branch: 'main', dirty: false });
    write(folder, 'train.py', '');
    git(folder, 'add', '.');
    git(folder, 'commit', '--quiet', '--message', 'first');
    const commit = git(folder, 'rev-parse', 'HEAD');
    expect(await open(folder).head()).toEqual({ commit, branch: 'main', dirty: false });
    git(folder, 'checkout', '--quiet', '--detach');
    expect(await open(folder).head()).toEqual({ commit, branch: null, dirty: false });
  });

  test('dirty: changed, staged and untracked files, but neither ignored ones nor .assay', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const dirty = async () => (await open(folder).head()).dirty;
    write(folder, '.assay/history/x.json', '');
    expect(await dirty()).toBe(false);
    write(folder, '.git/info/exclude', 'out/\n');
    write(folder, 'out/metrics.json', '{}');
    expect(await dirty()).toBe(false);
    write(folder, 'sub/new.py', '');
    expect(await dirty()).toBe(true);
    expect((await open(join(folder, 'out')).head()).dirty).toBe(true);
    rmSync(join(folder, 'sub'), { recursive: true });
    write(folder, 'train.py', 'changed');
    const index = readFileSync(join(folder, '.git/index'));
    expect(await dirty()).toBe(true);
    expect(readFileSync(join(folder, '.git/index')).equals(index)).toBe(true);
  });

  test('a repository of another user is refused with the way to trust it', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const env = { ...ENV, GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' };
    const head = gitRepository({ folder, env, warn: () => {} }).head();
    await expect(head).rejects.toBeInstanceOf(UserError);
    await expect(head).rejects.toMatchObject({
      mend: expect.stringContaining('git config --global --add safe.directory'),
    });
  });
});

describe('resolve', () => {
  test('a local branch before a remote one, a tag, an id; unknown names and odd text are undefined', async () => {
    const source = makeRepository(join(scene.folder, 'source'), 3);
    git(source, 'branch', 'feature', 'main~1');
    git(source, 'tag', '--annotate', '-m', 'v1', 'v1', 'main~2');
    const folder = clone(makeRemote(source, join(scene.folder, 'remote.git')), join(scene.folder, 'clone'));
    const repository = open(folder);
    const id = (revision: string) => git(source, 'rev-parse', `${revision}^{commit}`);
    expect(await repository.resolve('main')).toBe(id('main'));
    expect(await repository.resolve('feature')).toBe(id('feature'));
    git(folder, 'branch', 'feature', 'main');
    expect(await repository.resolve('feature')).toBe(id('main'));
    expect(await repository.resolve('v1')).toBe(id('v1'));
    expect(await repository.resolve(id('main~1'))).toBe(id('main~1'));
    expect(await repository.resolve('HEAD')).toBe(id('main'));
    for (const name of ['nothing', '', '--help', 'a\nb', '$(touch x)', ':/change']) {
      expect(await repository.resolve(name), name).toBeUndefined();
    }
  });
});

describe('merge base and ancestors', () => {
  /** `main` and `feature` part 60 commits ago. */
  function parted() {
    const source = makeRepository(join(scene.folder, 'source'), 1);
    const lines = ['reset refs/heads/main', `from ${git(source, 'rev-parse', 'main')}`, ''];
    const commits = (branch: string, count: number) => {
      for (let number = 0; number < count; number++) {
        const stamp = `Ada <ada@example.org> ${1_700_000_000 + number * 60} +0000`;
        lines.push(`commit refs/heads/${branch}`, `committer ${stamp}`, `data ${branch.length}`, branch, '');
      }
    };
    commits('main', 20);
    lines.push('reset refs/heads/feature', 'from refs/heads/main', '');
    commits('main', 60);
    commits('feature', 60);
    lines.push('done', '');
    execFileSync('git', ['fast-import', '--quiet', '--force', '--done'], {
      cwd: source,
      env: { ...ENV },
      input: lines.join('\n'),
    });
    git(source, 'reset', '--hard', '--quiet');
    const id = (revision: string) => git(source, 'rev-parse', revision);
    return { id, source, remote: makeRemote(source, join(scene.folder, 'remote.git')) };
  }

  test('a full clone answers at once and stays full and untouched', async () => {
    const { id, remote } = parted();
    const folder = clone(remote, join(scene.folder, 'clone'));
    const before = fingerprint(folder);
    const repository = open(folder);
    expect(await repository.mergeBase(id('main'), id('feature'))).toBe(id('main~60'));
    expect(await repository.ancestors(id('main'), 3)).toEqual([id('main'), id('main~1'), id('main~2')]);
    expect(await repository.ancestors(id('main'), 1000)).toHaveLength(81);
    expect(await repository.mergeBase(id('main'), '1'.repeat(40))).toBeUndefined();
    expect(fingerprint(folder)).toEqual(before);
    expect(existsSync(join(folder, '.git/FETCH_HEAD'))).toBe(false);
    expect(git(folder, 'rev-parse', '--is-shallow-repository')).toBe('false');
  });

  test('a shallow clone of one branch looks the other one up and is deepened as far as needed', async () => {
    const { id, remote } = parted();
    const flags = ['--depth=1', '--branch=feature', '--single-branch'];
    const folder = clone(remote, join(scene.folder, 'clone'), ...flags);
    const repository = open(folder);
    const main = (await repository.resolve('main')) ?? '';
    expect(main).toBe(id('main'));
    expect(await repository.mergeBase('HEAD', main)).toBe(id('main~60'));
    expect(git(folder, 'fsck', '--connectivity-only')).not.toMatch(/missing|error/);
    expect(warnings).toEqual([]);
  });

  test('the ancestors of a shallow clone are deepened by what is asked for', async () => {
    const { id, remote } = parted();
    const folder = clone(remote, join(scene.folder, 'clone'), '--depth=1');
    expect(await open(folder).ancestors(id('main'), 10)).toHaveLength(10);
    expect(git(folder, 'rev-parse', '--is-shallow-repository')).toBe('true');
    expect(await open(folder).ancestors(id('main'), 500)).toHaveLength(81);
    expect(git(folder, 'rev-parse', '--is-shallow-repository')).toBe('false');
  });

  test('the merge commit that CI checks out leads to the merge base', async () => {
    const { id, remote, source } = parted();
    git(source, 'checkout', '--quiet', '--detach', 'main');
    git(source, 'merge', '--quiet', '--no-edit', 'feature');
    const merge = id('HEAD');
    git(source, 'push', '--quiet', remote, `${merge}:refs/pull/7/merge`);
    const folder = makeRepository(join(scene.folder, 'checkout'), 0);
    git(folder, 'remote', 'add', 'origin', `file://${remote}`);
    git(
      folder,
      'fetch',
      '--quiet',
      '--no-tags',
      '--depth=1',
      'origin',
      `+${merge}:refs/remotes/pull/7/merge`,
    );
    git(folder, 'checkout', '--quiet', '--detach', merge);
    const repository = open(folder);
    const main = (await repository.resolve('main')) ?? '';
    expect(await repository.mergeBase(merge, main)).toBe(id('main'));
    expect(await repository.mergeBase(id('feature'), main)).toBe(id('main~60'));
  });

  test('a shallow clone whose remote is gone warns once and says that it does not know', async () => {
    const { id, remote } = parted();
    const folder = clone(remote, join(scene.folder, 'clone'), '--depth=1');
    rmSync(remote, { recursive: true });
    const repository = open(folder);
    expect(await repository.resolve('feature')).toBeUndefined();
    expect(await repository.mergeBase(id('main'), id('feature'))).toBeUndefined();
    expect(await repository.ancestors(id('main'), 5)).toEqual([id('main')]);
    expect(warnings).toHaveLength(1);
  });

  test('histories without a common commit have no merge base', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 2);
    git(folder, 'checkout', '--quiet', '--orphan', 'other');
    git(folder, 'commit', '--quiet', '--allow-empty', '--message', 'other');
    const repository = open(folder);
    expect(await repository.mergeBase('main', 'other')).toBeUndefined();
  });
});

describe('tags', () => {
  const openTags = (folder: string, push = false) => gitTags({ folder, env: ENV, push });

  test('annotated, listed by prefix, the same again is fine and another commit is not', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 2);
    const [head, parent] = [git(folder, 'rev-parse', 'HEAD'), git(folder, 'rev-parse', 'HEAD~1')];
    const tags = openTags(folder);
    await tags.create('income@v1.4.0', head, 'income 1.4.0\n\nfrom run x');
    await tags.create('income#prod#3', head, 'live');
    await tags.create('income@v1.4.0', head, 'again');
    expect(git(folder, 'cat-file', '-t', 'income@v1.4.0')).toBe('tag');
    expect(git(folder, 'tag', '--list', '--format=%(contents:subject) by %(taggername)', 'income@*')).toBe(
      'income 1.4.0 by Assay',
    );
    expect(await tags.list('income')).toEqual(['income#prod#3', 'income@v1.4.0']);
    expect(await tags.list('income@')).toEqual(['income@v1.4.0']);
    await expect(tags.create('income@v1.4.0', parent, 'moved')).rejects.toThrow(/exists on commit/);
    await expect(tags.create('a..b', head, '')).rejects.toThrow(/not a name for a git tag/);
    await expect(tags.create('x', '2'.repeat(40), '')).rejects.toThrow(/there is no commit/);
  });

  test('pushed to the remote, whose tags count although the clone has none of them', async () => {
    const source = makeRepository(join(scene.folder, 'source'), 2);
    const remote = makeRemote(source, join(scene.folder, 'remote.git'));
    const here = clone(remote, join(scene.folder, 'here'));
    const there = copyFolder(here, join(scene.folder, 'there'));
    const [head, parent] = [git(source, 'rev-parse', 'HEAD'), git(source, 'rev-parse', 'HEAD~1')];
    await openTags(here, true).create('income@v1.0.0', head, 'first');
    expect(git(remote, 'rev-parse', 'income@v1.0.0^{commit}')).toBe(head);
    expect(await openTags(there).list('income')).toEqual([]);
    expect(await openTags(there, true).list('income')).toEqual(['income@v1.0.0']);
    await openTags(there, true).create('income@v1.0.0', head, 'again');
    const other = openTags(copyFolder(here, join(scene.folder, 'third')), true);
    await expect(other.create('income@v1.0.0', parent, 'moved')).rejects.toBeInstanceOf(UserError);
    rmSync(remote, { recursive: true });
    await expect(openTags(here, true).list('income')).rejects.toThrow(/tags at the remote cannot be read/);
  });
});
