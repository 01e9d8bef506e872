import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  clone,
  copyFolder,
  git,
  ids,
  makeRecord,
  makeRemote,
  makeRepository,
  openHistory,
  openScene,
  type Scene,
} from './history-scene.js';

/** What is known of the remote in `.git/assay`, damaged by a crash or by hand: seen, fetched anew, and never in the way. */

let scene: Scene;
let remote: string;
let whole: string;
const records = [makeRecord(), makeRecord()];
beforeAll(async () => {
  scene = openScene();
  remote = makeRemote(makeRepository(join(scene.folder, 'source'), 1), join(scene.folder, 'remote.git'));
  git(remote, 'config', 'uploadpack.allowFilter', 'true');
  whole = clone(remote, join(scene.folder, 'whole'));
  for (const record of records) await openHistory(whole, { push: true }).append([record]);
  await openHistory(whole, { push: true }).list({ kind: 'run' });
});
afterAll(() => scene.end());

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

const empty = (path: string) => {
  // Objects are read-only, and may be links.
  rmSync(path);
  writeFileSync(path, '');
};
const garbage = (path: string) => {
  const { length } = readFileSync(path);
  rmSync(path);
  writeFileSync(path, 'Z'.repeat(length));
};

test.each([
  ['HEAD is gone', 'HEAD', rmSync],
  ['the config is garbage', 'config', garbage],
  ['the HEAD of the look is empty', 'look/HEAD', empty],
  ['the boundary is garbage', 'shallow', garbage],
  ['the tip is empty, as after a power cut', 'refs/heads/assay', empty],
  ['every object is empty', 'objects', empty],
  ['every object is garbage', 'objects', garbage],
  ['the objects are gone', 'objects', rmSync],
] as const)('%s', { timeout: 60_000 }, async (_, name, damage) => {
  const folder = copyFolder(whole, join(scene.folder, 'here'));
  const tip = git(remote, 'rev-parse', 'assay');
  try {
    const place = join(folder, '.git/assay/remote.git', name);
    for (const path of statSync(place).isFile() ? [place] : filesIn(place)) damage(path);
    const warnings: string[] = [];
    // Reading first, and appending first.
    const reader = copyFolder(folder, join(scene.folder, 'reader'));
    expect(ids(await openHistory(reader, { push: true, warnings }).list({ kind: 'run' }))).toEqual(
      ids(records).toReversed(),
    );
    const record = makeRecord();
    await openHistory(folder, { push: true, warnings }).append([record]);
    expect(ids(await openHistory(folder, { push: true, warnings }).list({ kind: 'run' }))).toEqual(
      ids([record, ...records.toReversed()]),
    );
    expect(warnings).toEqual([]);
  } finally {
    for (const copy of ['here', 'reader']) rmSync(join(scene.folder, copy), { recursive: true, force: true });
    git(remote, 'update-ref', 'refs/heads/assay', tip);
  }
});
