import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isLeftBehind } from './process-mark.js';
import { makeScratch, sweepPartials } from './scratch.js';
import { temporaryBeside } from './store.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The number of a process that ran, and is gone. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;
const asOf = (name: string, pid: number) => name.replace(/p\d+-/, `p${pid}-`);

test('what a process that is gone left is cleared away, and nothing else', async () => {
  const mine = await makeScratch('files', folder);
  const names = {
    mine: basename(mine),
    alive: asOf(basename(mine), process.ppid),
    elsewhere: asOf(basename(mine), deadPid()).replace(/-[0-9a-f]{8}-/, '-00000000-'),
    unmarked: 'assay-downloads',
    foreign: asOf(basename(mine), deadPid()).replace('assay-', 'other-'),
  };
  const dead = asOf(basename(mine), deadPid());
  for (const name of [...Object.values(names), dead]) {
    mkdirSync(join(folder, name, 'inner'), { recursive: true });
    writeFileSync(join(folder, name, 'inner/file'), 'x');
  }
  expect(isLeftBehind(dead)).toBe(true);
  const next = await makeScratch('command', folder);
  expect(dirname(next)).toBe(folder);
  expect(readdirSync(folder).sort()).toEqual([...Object.values(names), basename(next)].sort());
});

test('half-written files of the dead go, those of the living stay', async () => {
  const alive = temporaryBeside(join(folder, 'record.json'));
  const dead = join(folder, asOf(basename(alive), deadPid()));
  for (const path of [alive, dead, join(folder, 'record.json')]) writeFileSync(path, 'x');
  await sweepPartials(folder);
  expect(readdirSync(folder).sort()).toEqual([basename(alive), 'record.json'].sort());
  await sweepPartials(join(folder, 'gone'));
});
