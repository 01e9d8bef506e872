import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'assay-lint-'));

beforeAll(() => {
  for (const path of ['biome.json', '.gitignore', 'tools/lint']) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the linter, as it is configured here, says to a file of that name with that text. */
function lint(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const { stdout, stderr } = spawnSync(process.execPath, [biome, 'lint', '--colors=off', path], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

test.each([
  ['the file system', "import { readFileSync } from 'node:fs';", 'through a port'],
  ['processes', "import { spawn } from 'node:child_process';", 'through a port'],
  ['the platform', "import { gitHistory } from '../platform/git/history.js';", 'through a port'],
  ['GitHub', "import * as core from '@actions/core';", 'through a port'],
  ['a verb', "import { run } from '../commands/run.js';", 'through a port'],
  ['a room to its right', "import { stages } from '../registry/stages.js';", 'only downwards'],
  ['the clock', 'export const now = Date.now();', 'handed in'],
  ['the date', 'export const today = new Date();', 'handed in'],
  ['chance', 'export const dice = Math.random();', 'handed in'],
])('a domain room that reaches for %s fails the lint', (_, text, reason) => {
  expect(lint('src/gate/new.ts', `${text}\n`)).toContain(reason);
});

test('the platform does not know the verbs', () => {
  expect(lint('src/platform/git/new.ts', "import { run } from '../../commands/run.js';\n")).toContain(
    'commands/ wires',
  );
});

test('the statistics know no room, and every room may know them', () => {
  expect(lint('src/statistics/new.ts', "import { slice } from '../metrics/metric.js';\n")).toContain(
    'knows no other room',
  );
  const said = lint(
    'src/data/new.ts',
    "import { holm } from '../statistics/multiplicity.js';\n\nexport const all = holm;\n",
  );
  expect(said).not.toMatch(/through a port|downwards|no other room/);
});

test('a room may know those to its left', () => {
  const said = lint(
    'src/gate/new.ts',
    "import { verdict } from '../compare/record.js';\n\nexport const all = verdict;\n",
  );
  expect(said).not.toMatch(/through a port|downwards|handed in/);
  expect(said).toContain('Checked 1 file');
});
