import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutsideError, UserError } from '../src/errors.js';
import { recordPath } from '../src/history/record.js';
import { gitHistory } from '../src/platform/git/history.js';
import {
  clock,
  clone,
  ENV,
  fingerprint,
  git,
  ids,
  makeRecord,
  makeRemote,
  makeRepository,
  openHistory,
  openScene,
  type Scene,
  seeded,
  write,
} from './history-scene.js';

let scene: Scene;
beforeEach(() => {
  scene = openScene();
});
afterEach(() => scene.end());

describe('on the local branch', () => {
  test('records come back newest first, by kind and owner, and by the start of their id', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const history = openHistory(folder);
    expect(await history.list({ kind: 'run' })).toEqual([]);
    const [first, second, other] = [
      makeRecord(),
      makeRecord({ roc_auc: 0.9 }),
      makeRecord({ model: 'churn' }),
    ];
    const validation = makeRecord({ schema: 'assay/validation@1', dataset: 'adult' });
    await history.append([first, validation]);
    await history.append([second]);
    await history.append([other]);

    expect(await history.list({ kind: 'run', owner: 'income' })).toEqual([second, first]);
    expect(ids(await history.list({ kind: 'run' }))).toEqual(ids([other, second, first]));
    expect(await history.list({ kind: 'validation', owner: 'adult' })).toEqual([validation]);
    expect(await history.list({ kind: 'run', owner: '../runs' })).toEqual([]);
    expect(await history.find(second.id.slice(0, -1))).toEqual([second]);
    expect(ids(await history.find('2026'))).toHaveLength(4);
    expect(await history.find('1999')).toEqual([]);
    expect(await history.find('')).toEqual([]);
  });

  test('one commit for several records, by the configured person, dated by the clock', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    git(folder, 'config', 'user.name', 'Grace');
    git(folder, 'config', 'user.email', 'grace@example.org');
    const [run, decision] = [makeRecord(), makeRecord({ schema: 'assay/decision@1' })];
    await openHistory(folder).append([run, decision]);

    expect(git(folder, 'rev-list', '--count', 'assay')).toBe('1');
    expect(git(folder, 'log', '-1', '--format=%an <%ae>%n%s', 'assay')).toBe(
      `Grace <grace@example.org>\nrun income ${run.id} and 1 more`,
    );
    expect(git(folder, 'log', '-1', '--format=%cI', 'assay')).toMatch(/^2026-11-2/);
    expect(git(folder, 'ls-tree', '-r', '--name-only', 'assay').split('\n')).toEqual(
      [recordPath(decision), recordPath(run)].sort(),
    );
    expect(git(folder, 'merge-base', '--all', 'main', 'main')).not.toBe('');
    expect(() => git(folder, 'merge-base', 'main', 'assay')).toThrow();
  });

  test("Assay's own name where none is configured", async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 0);
    await openHistory(folder).append([makeRecord()]);
    expect(git(folder, 'log', '-1', '--format=%an <%ae>', 'assay')).toBe(
      'Assay <assay@users.noreply.github.com>',
    );
  });

  test("the user's checkout, index and config are byte for byte as before, and no temporary file stays", async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 2);
    write(folder, 'staged.txt', 'staged');
    git(folder, 'add', 'staged.txt');
    write(folder, 'staged.txt', 'and changed again');
    write(folder, 'untracked.txt', 'x');
    const temporary = () => readdirSync(tmpdir()).filter((name) => name.startsWith('assay-index-'));
    const [before, left] = [fingerprint(folder), temporary()];
    const history = openHistory(folder);
    await history.append([makeRecord()]);
    await history.list({ kind: 'run' });
    expect(fingerprint(folder)).toEqual(before);
    expect(temporary().filter((name) => !left.includes(name))).toEqual([]);
    expect(git(folder, 'status', '--porcelain')).toBe('AM staged.txt\n?? untracked.txt');
  });

  test('variables of a hook that point elsewhere are not obeyed, and no hook runs', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const elsewhere = makeRepository(join(scene.folder, 'elsewhere'), 1);
    write(folder, '.git/hooks/reference-transaction', '#!/bin/sh\nexit 1\n');
    git(folder, 'update-index', '--refresh');
    chmodSync(join(folder, '.git/hooks/reference-transaction'), 0o755);
    const env = {
      ...ENV,
      GIT_DIR: join(elsewhere, '.git'),
      GIT_WORK_TREE: elsewhere,
      GIT_INDEX_FILE: join(elsewhere, '.git/index'),
    };
    const record = makeRecord();
    await openHistory(folder, { env }).append([record]);
    expect(ids(await openHistory(folder).list({ kind: 'run' }))).toEqual([record.id]);
    expect(() => git(elsewhere, 'rev-parse', '--verify', 'assay')).toThrow();
  });

  test('eight writers of one clone at once, on a branch that does not exist yet: each record lands once', {
    timeout: 90_000,
  }, async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const records = Array.from({ length: 8 }, () => makeRecord());
    await Promise.all(
      records.map((record, number) => openHistory(folder, { seed: `writer ${number}` }).append([record])),
    );
    expect(ids(await openHistory(folder).list({ kind: 'run' }))).toEqual(ids(records).toReversed());
    expect(git(folder, 'rev-list', '--count', 'assay')).toBe('8');
    expect(git(folder, 'fsck', '--strict')).not.toMatch(/error|missing/);
  });

  test('the same record twice is one record; another one of its id is refused', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const history = openHistory(folder);
    const record = makeRecord();
    await history.append([record]);
    await history.append([record]);
    expect(git(folder, 'rev-list', '--count', 'assay')).toBe('1');
    await expect(history.append([{ ...record, actor: 'mallory' }])).rejects.toThrow(
      /already, with other content/,
    );
    expect(await history.list({ kind: 'run' })).toEqual([record]);
  });

  test('a repository without commits, a detached HEAD, a folder inside, a worktree', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 0);
    await openHistory(folder).append([makeRecord()]);
    write(folder, 'models/income/assay.yml', '');
    git(folder, 'add', '.');
    git(folder, 'commit', '--quiet', '--message', 'first');
    git(folder, 'checkout', '--quiet', '--detach');
    await openHistory(join(folder, 'models/income')).append([makeRecord()]);
    const worktree = join(scene.folder, 'worktree');
    git(folder, 'worktree', 'add', '--quiet', worktree, '-b', 'feature');
    await openHistory(worktree).append([makeRecord()]);
    expect(await openHistory(folder).list({ kind: 'run' })).toHaveLength(3);
    expect(git(worktree, 'status', '--porcelain')).toBe('');
  });

  test('a SHA-256 repository', async () => {
    const folder = join(scene.folder, 'code');
    mkdirSync(folder);
    git(folder, 'init', '--quiet', '--object-format=sha256');
    const history = openHistory(folder);
    const records = [makeRecord(), makeRecord()];
    for (const record of records) await history.append([record]);
    expect(ids(await history.list({ kind: 'run' }))).toEqual(ids(records).toReversed());
  });

  test('a branch that is checked out is left alone, and the record waits for the next append', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const [first, second, third] = [makeRecord(), makeRecord(), makeRecord()];
    await openHistory(folder).append([first]);
    git(folder, 'checkout', '--quiet', 'assay');
    const refused = openHistory(folder).append([second]);
    await expect(refused).rejects.toBeInstanceOf(UserError);
    await expect(refused).rejects.toThrow(/assay is checked out in/);
    expect(git(folder, 'status', '--porcelain')).toBe('');
    git(folder, 'checkout', '--quiet', 'main');
    // It is seen while it waits, and goes along with the next one.
    expect(ids(await openHistory(folder).list({ kind: 'run' }))).toEqual(ids([second, first]));
    await openHistory(folder).append([third]);
    expect(git(folder, 'ls-tree', '-r', '--name-only', 'assay').split('\n')).toHaveLength(3);
    expect(readdirSync(join(folder, '.assay/unsent'))).toEqual([]);
  });

  test('garbage in the history is told once and left out, never followed', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const good = makeRecord();
    await openHistory(folder).append([good]);
    const checkout = join(scene.folder, 'by-hand');
    git(folder, 'worktree', 'add', '--quiet', checkout, 'assay');
    const day = 'runs/income/2026/01/01';
    const name = (digit: string) => `${day}/20260101T000000000Z-${digit.repeat(8)}.json`;
    write(checkout, name('1'), '{ cut off');
    write(checkout, name('2'), '[]');
    write(checkout, name('3'), JSON.stringify(good));
    write(checkout, `${day}/notes.txt`, 'hello');
    write(checkout, 'runs/Ünsafe\u001b[31m/x.json', '{}');
    symlinkSync('/etc/passwd', join(checkout, name('4')));
    git(checkout, 'add', '.');
    git(checkout, 'commit', '--quiet', '--message', 'by hand');
    git(folder, 'worktree', 'remove', checkout);

    const warnings: string[] = [];
    const history = openHistory(folder, { warnings });
    expect(await history.list({ kind: 'run' })).toEqual([good]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^left out of the history: runs\/.* \(and 5 more\)$/);
    expect(await history.find('2026')).toEqual([good]);
    await history.append([makeRecord()]);
    expect(warnings).toHaveLength(1);
  });

  test('a name that is no branch, a folder that is no repository, a git that is not there', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const options = { folder, env: ENV, push: false, randomness: seeded('x'), clock, warn: () => {} };
    for (const branch of ['-x', 'a..b', 'a b', '']) {
      await expect(gitHistory({ ...options, branch }).append([makeRecord()])).rejects.toThrow(
        /not a name for a branch/,
      );
    }
    const outside = openHistory(scene.folder);
    await expect(outside.list({ kind: 'run' })).rejects.toThrow(/is not in a git repository/);
    const withoutGit = openHistory(folder, { env: { ...ENV, PATH: '/nonexistent' } });
    await expect(withoutGit.append([makeRecord()])).rejects.toThrow(/git is not on PATH/);
    await expect(openHistory(join(folder, 'gone')).list({ kind: 'run' })).rejects.toThrow(
      /there is no folder/,
    );
  });

  test('a damaged repository is an error of the outside that keeps the record', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    const record = makeRecord();
    rmSync(join(folder, '.git/objects'), { recursive: true });
    mkdirSync(join(folder, '.git/objects'));
    // git cannot write an object when a file is where its folder must be.
    for (let byte = 0; byte < 256; byte++) {
      writeFileSync(join(folder, '.git/objects', byte.toString(16).padStart(2, '0')), '');
    }
    const failed = openHistory(folder).append([record]);
    await expect(failed).rejects.toBeInstanceOf(OutsideError);
    await expect(failed).rejects.toMatchObject({ mend: expect.stringContaining('.assay/unsent') });
    expect(existsSync(join(folder, '.assay/unsent', `${record.id}.json`))).toBe(true);
    expect(git(folder, 'check-ignore', '.assay/unsent')).toBe('.assay/unsent');
  });
});

describe('with a remote', () => {
  function twoClones() {
    const source = makeRepository(join(scene.folder, 'source'), 2);
    const remote = makeRemote(source, join(scene.folder, 'remote.git'));
    return {
      remote,
      here: clone(remote, join(scene.folder, 'here')),
      there: clone(remote, join(scene.folder, 'there')),
    };
  }

  test('records go to the remote and not to a local branch; other clones see them', async () => {
    const { remote, here, there } = twoClones();
    const before = fingerprint(here);
    const [first, second] = [makeRecord(), makeRecord()];
    await openHistory(here, { push: true }).append([first]);
    await openHistory(there, { push: true }).append([second]);
    expect(ids(await openHistory(here, { push: true }).list({ kind: 'run' }))).toEqual(ids([second, first]));
    expect(git(remote, 'rev-list', '--count', 'assay')).toBe('2');
    expect(git(here, 'branch', '--list', 'assay')).toBe('');
    expect(fingerprint(here)).toEqual(before);
  });

  test('what is only local, only fetched and at the remote is one history without doubles', async () => {
    const { here, there } = twoClones();
    const [far, local] = [makeRecord(), makeRecord()];
    await openHistory(there, { push: true }).append([far]);
    git(here, 'fetch', '--quiet');
    await openHistory(here).append([local]);
    expect(ids(await openHistory(here).list({ kind: 'run' }))).toEqual(ids([local, far]));
    expect(ids(await openHistory(here, { push: true }).list({ kind: 'run' }))).toEqual(ids([local, far]));
    // The first local record lies on top of what was fetched.
    git(here, 'push', '--quiet', 'origin', 'assay');
    expect(ids(await openHistory(there, { push: true }).list({ kind: 'run' }))).toEqual(ids([local, far]));
  });

  test('eight writers of two clones at once: each record lands exactly once', {
    timeout: 90_000,
  }, async () => {
    const { remote, here, there } = twoClones();
    const records = Array.from({ length: 8 }, () => makeRecord());
    await Promise.all(
      records.map((record, number) =>
        openHistory(number % 2 ? here : there, { push: true, seed: `writer ${number}` }).append([record]),
      ),
    );
    const paths = git(remote, 'ls-tree', '-r', '--name-only', 'assay').split('\n');
    expect(paths).toEqual(records.map(recordPath).sort());
    expect(git(remote, 'rev-list', '--count', 'assay')).toBe('8');
  });

  test('a refused push keeps the record, which the next append takes along', async () => {
    const { remote, here } = twoClones();
    write(remote, 'hooks/pre-receive', '#!/bin/sh\necho no records today >&2\nexit 1\n');
    chmodSync(join(remote, 'hooks/pre-receive'), 0o755);
    const [first, second] = [makeRecord(), makeRecord()];
    const refused = openHistory(here, { push: true }).append([first]);
    await expect(refused).rejects.toBeInstanceOf(OutsideError);
    await expect(refused).rejects.toMatchObject({
      mend: expect.stringContaining('the next append takes them along'),
    });
    expect(ids(await openHistory(here, { push: true }).list({ kind: 'run' }))).toEqual([first.id]);
    rmSync(join(remote, 'hooks/pre-receive'));
    await openHistory(here, { push: true }).append([second]);
    expect(git(remote, 'ls-tree', '-r', '--name-only', 'assay').split('\n')).toEqual(
      [recordPath(first), recordPath(second)].sort(),
    );
    expect(readdirSync(join(here, '.assay/unsent'))).toEqual([]);
    expect(git(here, 'status', '--porcelain')).toBe('');
  });

  test('an unreachable remote: reading warns and goes on, appending keeps the record', async () => {
    const { remote, here } = twoClones();
    rmSync(remote, { recursive: true });
    const warnings: string[] = [];
    const history = openHistory(here, { push: true, warnings });
    expect(await history.list({ kind: 'run' })).toEqual([]);
    expect(warnings).toHaveLength(1);
    const record = makeRecord();
    await expect(history.append([record])).rejects.toBeInstanceOf(OutsideError);
    expect(existsSync(join(here, '.assay/unsent', `${record.id}.json`))).toBe(true);
  });

  test('without a remote, records stay local although pushing is wanted', async () => {
    const folder = makeRepository(join(scene.folder, 'alone'), 1);
    const record = makeRecord();
    await openHistory(folder, { push: true }).append([record]);
    expect(git(folder, 'rev-list', '--count', 'refs/heads/assay')).toBe('1');
  });

  test('a shallow clone stays as shallow as it was, and a full clone full', async () => {
    const { remote, here } = twoClones();
    const shallow = clone(remote, join(scene.folder, 'shallow'), '--depth=1');
    const before = fingerprint(shallow);
    await openHistory(shallow, { push: true }).append([makeRecord()]);
    await openHistory(shallow, { push: true }).append([makeRecord()]);
    expect(fingerprint(shallow)).toEqual(before);
    await openHistory(here, { push: true }).append([makeRecord()]);
    expect(git(here, 'rev-parse', '--is-shallow-repository')).toBe('false');
    expect(git(here, 'rev-list', '--count', 'HEAD')).toBe('2');
    expect(git(remote, 'rev-list', '--count', 'assay')).toBe('3');
  });

  test('a partial clone reads what others wrote, and its config stays as it was', async () => {
    const { remote, there } = twoClones();
    git(remote, 'config', 'uploadpack.allowFilter', 'true');
    const records = [makeRecord(), makeRecord(), makeRecord()];
    await openHistory(there, { push: true }).append(records);
    const partial = join(scene.folder, 'partial');
    clone(remote, partial, '--filter=blob:none', '--single-branch');
    const before = fingerprint(partial);
    const history = openHistory(partial, { push: true });
    expect(ids(await history.list({ kind: 'run' }))).toEqual(ids(records).toReversed());
    await history.append([makeRecord()]);
    expect(fingerprint(partial)).toEqual(before);
    expect(git(remote, 'rev-list', '--count', 'assay')).toBe('2');
  });
});
