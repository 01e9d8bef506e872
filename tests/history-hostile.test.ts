import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.js';
import { recordPath } from '../src/history/record.js';
import { openGitStore } from '../src/platform/git/history.js';
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
  openScene,
  type Scene,
  seeded,
  write,
} from './history-scene.js';

/** A history that somebody wrote by hand, in earnest or in malice: told, left out, and never followed. */

let scene: Scene;
let here: string;
let remote: string;
beforeEach(() => {
  scene = openScene();
  const source = makeRepository(join(scene.folder, 'source'), 1);
  remote = makeRemote(source, join(scene.folder, 'remote.git'));
  here = clone(remote, join(scene.folder, 'here'));
});
afterEach(() => scene.end());

function open(warnings: string[] = []) {
  return openGitStore({
    folder: here,
    env: ENV,
    branch: 'assay',
    push: true,
    randomness: seeded('hostile'),
    clock,
    warn: (line) => warnings.push(line),
  });
}

type Entry = readonly [mode: string, name: string, id: string];

/** A tree as no git would write it: neither the names nor their order are looked at. */
function tree(...entries: readonly Entry[]): string {
  const body = entries.map(([mode, name, id]) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
  );
  return object('tree', Buffer.concat(body));
}

function object(type: 'tree' | 'blob', body: Buffer | string): string {
  return execFileSync('git', ['hash-object', '-t', type, '-w', '--literally', '--stdin'], {
    cwd: remote,
    env: ENV,
    input: body,
    encoding: 'utf8',
  }).trim();
}

/** Puts the tree on the branch at the remote, on top of what is there. */
function commit(root: string): void {
  const tip = git(remote, 'for-each-ref', '--format=%(objectname)', 'refs/heads/assay');
  const parents = tip === '' ? [] : ['-p', tip];
  git(
    remote,
    'update-ref',
    'refs/heads/assay',
    git(remote, 'commit-tree', '-m', 'by hand', ...parents, root),
  );
}

const ID = '20260102T000000000Z-0000000';

test('`..`, `.git`, links, submodules, a huge file and strange names: each is told, none is followed', async () => {
  const record = makeRecord({ id: `${ID}1`, time: '2026-01-02T00:00:00.000Z' });
  const good = object('blob', `${JSON.stringify(record, null, 2)}\n`);
  const link = object('blob', '/etc/passwd');
  const huge = object('blob', Buffer.alloc(17 * 2 ** 20, 'a'));
  const outside = { ...record, id: `${ID}7`, model: '../../../outside' };
  const day = tree(
    ['100644', '..', good],
    ['100644', `${ID}1.json`, good],
    ['120000', `${ID}2.json`, link],
    ['160000', `${ID}3.json`, '1'.repeat(40)],
    ['100644', `${ID}4.json`, huge],
    ['100644', `${ID}5.json`, object('blob', Buffer.from([0xff, 0xfe, 0x00]))],
    ['40000', `${ID}6.json`, tree(['100644', 'inner', good])],
    ['100644', `${ID}7.json`, object('blob', JSON.stringify(outside))],
    ['100644', 'x\u001b[2J\n::error::x.json', good],
  );
  const month = tree(['40000', '..', day], ['40000', '02', day], ['120000', '03', link]);
  const owner = tree(['40000', '2026', tree(['40000', '01', month], ['40000', '..', month])]);
  commit(
    tree(
      ['40000', '..', owner],
      ['40000', '.git', tree(['100755', 'hooks', good])],
      ['100644', 'README.md', good],
      ['160000', 'comparisons', '2'.repeat(40)],
      ['120000', 'decisions', link],
      ['40000', 'runs', tree(['40000', '..', owner], ['40000', 'income', owner], ['120000', 'other', link])],
    ),
  );
  const [before, beside] = [fingerprint(here), readdirSync(scene.folder)];
  const warnings: string[] = [];
  const { history, archive } = open(warnings);
  expect(await history.list({ kind: 'run' })).toEqual([record]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^left out of the history: .* \(and \d+ more\)$/);
  const problems = new Map<string, string>();
  const read: string[] = [];
  for await (const { path } of archive.records((path, why) => problems.set(path, why))) read.push(path);
  expect(read).toEqual([recordPath(record)]);
  const inDay = (digit: number) => problems.get(`runs/income/2026/01/02/${ID}${digit}.json`);
  expect(inDay(2)).toBe('it is a symbolic link');
  expect(inDay(3)).toBe('it is a submodule');
  expect(inDay(4)).toMatch(/larger than any record/);
  expect(inDay(5)).toBe('it is not UTF-8 text');
  expect(inDay(6)).toMatch(/not kept at such a path/);
  expect(inDay(7)).toBe('its content belongs to another path');
  for (const path of [
    '..',
    '.git',
    'comparisons',
    'decisions',
    'runs/..',
    'runs/other',
    'runs/income/2026/..',
  ])
    expect(problems.get(path), path).toMatch(/not kept at such a path/);

  // What is right goes on among all that; what is not Assay's stays as it was.
  const next = makeRecord();
  await history.append([next]);
  await archive.compact('202602');
  expect(ids(await open().history.list({ kind: 'run' }))).toEqual([next.id, record.id]);
  expect(git(remote, 'ls-tree', '-r', '--name-only', 'assay')).toContain('README.md');
  expect(fingerprint(here)).toEqual(before);
  expect(readdirSync(scene.folder)).toEqual(beside);
});

describe('something is where a folder must be', () => {
  test.each([
    ['a submodule', '160000', 'runs', () => '1'.repeat(40)],
    ['a symbolic link', '120000', 'runs', () => object('blob', '/tmp')],
    ['a file', '100644', 'runs', () => object('blob', 'x')],
  ] as const)(
    '%s: an error that names it, and the record is kept for when it is gone',
    async (what, mode, path, id) => {
      commit(tree([mode, path, id()]));
      const [record, decision] = [makeRecord(), makeRecord({ schema: 'assay/decision@1' })];
      const failed = open().history.append([record]);
      await expect(failed).rejects.toBeInstanceOf(UserError);
      await expect(failed).rejects.toThrow(
        `on the branch of the history runs is ${what}, where there must be a folder`,
      );
      // A record of another kind is not held up by the one that waits.
      const warnings: string[] = [];
      await open(warnings).history.append([decision]);
      expect(warnings).toEqual([expect.stringMatching(`^the kept record ${record.id} cannot be sent: `)]);
      commit(tree(['40000', 'decisions', git(remote, 'rev-parse', 'assay:decisions')]));
      expect(ids(await open().history.list({ kind: 'run' }))).toEqual([record.id]);
      expect(git(remote, 'ls-tree', '-r', '--name-only', 'assay').split('\n')).toEqual(
        [recordPath(decision), recordPath(record)].sort(),
      );
      expect(existsSync(join(here, '.assay/unsent', `${record.id}.json`))).toBe(false);
    },
  );
});

test('what is laid into the folder of kept records is sent when it is a record, and told when it is not', async () => {
  const record = makeRecord();
  const text = (one: object) => `${JSON.stringify(one, null, 2)}\n`;
  write(here, `.assay/unsent/${record.id}.json`, text(record));
  write(here, '.assay/unsent/notes.json', '{ cut off');
  const outside = makeRecord({ model: '../../outside' });
  write(here, `.assay/unsent/${outside.id}.json`, text(outside));
  const warnings: string[] = [];
  expect(ids(await open(warnings).history.list({ kind: 'run' }))).toEqual([record.id]);
  expect(warnings.toSorted()).toEqual(
    [`${outside.id}.json`, 'notes.json'].map((name) =>
      expect.stringContaining(`unsent/${name} is no record`),
    ),
  );
  expect(git(remote, 'ls-tree', '-r', '--name-only', 'assay')).toBe(recordPath(record));
});
