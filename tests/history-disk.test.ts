import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OutsideError } from '../src/errors.js';
import { fromLine } from '../src/history/line.js';
import type { AnyRecord } from '../src/history/record.js';
import { asNobody, mountReadOnly, mountSmall, NO_MOUNTS, whyNotNobody } from './beds/mounts.js';
import {
  clone,
  ENV,
  git,
  ids,
  makeRecord,
  makeRemote,
  makeRepository,
  openHistory,
  openScene,
  type Scene,
  write,
} from './history-scene.js';

/** Disks that are full, read-only or of somebody else. */

const MAIN = fileURLToPath(new URL('../build/main.js', import.meta.url));
const NOT_NOBODY = whyNotNobody(MAIN);

let scene: Scene;
let undo: (() => void)[];
beforeEach(() => {
  scene = openScene();
  undo = [];
  mkdirSync(join(scene.folder, 'tmp'));
  vi.stubEnv('TMPDIR', join(scene.folder, 'tmp'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const step of undo.toReversed()) step();
  scene.end();
});

function small(name: string, bytes: number): string {
  const folder = join(scene.folder, name);
  mkdirSync(folder, { recursive: true });
  undo.push(mountSmall(folder, bytes));
  return folder;
}

/** Leaves so many bytes free. */
function fill(folder: string, free: number): string {
  const path = join(folder, 'filler');
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096, 'x');
  let pages = 0;
  try {
    for (;;) {
      writeSync(file, page);
      pages += 1;
    }
  } catch {
    // Full.
  } finally {
    closeSync(file);
  }
  writeFileSync(path, Buffer.alloc(Math.max(0, pages * 4096 - free), 'x'));
  return path;
}

/** The one record that was kept in the folder for temporary files. */
function keptAside(): AnyRecord {
  const [folder = '', ...others] = readdirSync(join(scene.folder, 'tmp'));
  expect(others).toEqual([]);
  const line = fromLine(readFileSync(join(scene.folder, 'tmp', folder, 'records.jsonl'), 'utf8').trim());
  if ('problem' in line) throw new Error(line.problem);
  return line.record;
}

function assay(
  folder: string,
  words: readonly string[],
  options: { readonly env?: object; readonly nobody?: boolean } = {},
) {
  const command = [process.execPath, MAIN, ...words];
  const [program = '', ...args] = options.nobody ? asNobody(command) : command;
  const env = { ...ENV, TMPDIR: join(scene.folder, 'tmp'), ...options.env } as NodeJS.ProcessEnv;
  return spawnSync(program, args, { cwd: folder, encoding: 'utf8', env });
}

const CONFIG = [
  'models:',
  '  income:',
  `    train: { run: 'echo "{\\"accuracy\\": 0.5}" > metrics.json' }`,
  '    metrics: { from: [metrics.json] }',
].join('\n');

describe.skipIf(NO_MOUNTS !== undefined)(`a disk (${NO_MOUNTS ?? 'as root'})`, () => {
  test('full, with any little space that is left: recorded, or an error and the record kept elsewhere', {
    timeout: 60_000,
  }, async () => {
    const folder = makeRepository(small('code', 2 ** 20), 1);
    const first = makeRecord();
    await openHistory(folder).append([first]);
    const landed = [first];
    for (const free of [0, 4096, 12_288, 20_480, 32_768]) {
      const filler = fill(folder, free);
      const record = makeRecord();
      const failed = await openHistory(folder)
        .append([record])
        .then(
          () => undefined,
          (error: unknown) => error,
        );
      rmSync(filler);
      if (failed === undefined) {
        landed.push(record);
        continue;
      }
      expect(failed, String(free)).toBeInstanceOf(OutsideError);
      expect(String(failed), String(free)).toMatch(
        /no space left|unable to write|couldn't write|unpack-objects failed/i,
      );
      const { mend = '' } = failed as OutsideError;
      if (mend.includes('assay import jsonl')) {
        expect(keptAside()).toEqual(record);
        rmSync(join(scene.folder, 'tmp'), { recursive: true });
        mkdirSync(join(scene.folder, 'tmp'));
      } else {
        expect(mend).toContain('.assay/unsent');
        landed.push(record);
      }
    }
    // What waits goes along; what is half-written is never seen.
    await openHistory(folder).append([makeRecord()]);
    expect(ids(await openHistory(folder).list({ kind: 'run' })).slice(1)).toEqual(ids(landed).toReversed());
    expect(git(folder, 'fsck', '--strict')).not.toMatch(/error|missing/);
  });

  test('.git is full: the record waits beside it, and is sent when there is space', async () => {
    const source = makeRepository(join(scene.folder, 'source'), 1);
    const remote = makeRemote(source, join(scene.folder, 'remote.git'));
    const here = clone(remote, join(scene.folder, 'here'));
    cpSync(join(here, '.git'), join(scene.folder, 'saved'), { recursive: true });
    rmSync(join(here, '.git'), { recursive: true });
    const dotGit = small('here/.git', 2 ** 20);
    cpSync(join(scene.folder, 'saved'), dotGit, { recursive: true });
    const filler = fill(dotGit, 0);
    const record = makeRecord();
    const failed = openHistory(here, { push: true }).append([record]);
    await expect(failed).rejects.toBeInstanceOf(OutsideError);
    await expect(failed).rejects.toThrow(/no space left/i);
    expect(readdirSync(join(here, '.assay/unsent'))).toContain(`${record.id}.json`);
    rmSync(filler);
    expect(ids(await openHistory(here, { push: true }).list({ kind: 'run' }))).toEqual([record.id]);
    expect(git(remote, 'rev-list', '--count', 'assay')).toBe('1');
  });

  test('the folder for temporary files is full: nothing of a training needs space there, and nothing stays', () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    write(folder, 'assay.yml', CONFIG);
    const full = small('full', 65_536);
    fill(full, 0);
    const { status, stderr } = assay(folder, ['train'], { env: { TMPDIR: full } });
    expect(status, stderr).toBe(0);
    expect(git(folder, 'rev-list', '--count', 'assay')).toBe('1');
    expect(readdirSync(full)).toEqual(['filler']);
  });

  test('that is read-only as a whole: the error says so, the record is kept elsewhere and taken in later', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    write(folder, 'assay.yml', CONFIG);
    const unmount = mountReadOnly(folder);
    const record = makeRecord();
    const failed = openHistory(folder).append([record]).finally(unmount);
    await expect(failed).rejects.toThrow(/unable to (create|write)|read-only|insufficient permission/i);
    await expect(failed).rejects.toMatchObject({ mend: expect.stringContaining('assay import jsonl') });
    expect(keptAside()).toEqual(record);
    const [kept = ''] = readdirSync(join(scene.folder, 'tmp'));
    const taken = assay(folder, ['import', 'jsonl', join(scene.folder, 'tmp', kept, 'records.jsonl')]);
    expect(taken.status, taken.stderr).toBe(0);
    expect(await openHistory(folder).list({ kind: 'run' })).toEqual([record]);
  });

  test('whose .git alone is read-only: reading goes on, and a record waits beside it', async () => {
    const source = makeRepository(join(scene.folder, 'source'), 1);
    const remote = makeRemote(source, join(scene.folder, 'remote.git'));
    const [here, there] = [
      clone(remote, join(scene.folder, 'here')),
      clone(remote, join(scene.folder, 'there')),
    ];
    const [far, record] = [makeRecord(), makeRecord()];
    await openHistory(there, { push: true }).append([far]);
    git(here, 'fetch', '--quiet');
    const unmount = mountReadOnly(join(here, '.git'));
    const warnings: string[] = [];
    try {
      expect(ids(await openHistory(here, { warnings }).list({ kind: 'run' }))).toEqual([far.id]);
      const failed = openHistory(here, { push: true, warnings }).append([record]);
      await expect(failed).rejects.toMatchObject({ mend: expect.stringContaining('.assay/unsent') });
    } finally {
      unmount();
    }
    await openHistory(here, { push: true }).append([]);
    expect(ids(await openHistory(here, { push: true }).list({ kind: 'run' }))).toEqual([record.id, far.id]);
  });
});

describe.skipIf(NOT_NOBODY !== undefined)(
  `a repository of somebody else (${NOT_NOBODY ?? 'as nobody'})`,
  () => {
    test('is refused by git, and the error says what to do; allowed, what cannot be written is said', () => {
      const folder = makeRepository(join(scene.folder, 'code'), 1);
      write(folder, 'assay.yml', CONFIG);
      chmodSync(scene.folder, 0o755);
      const tmp = join(scene.folder, 'tmp');
      chmodSync(tmp, 0o777);
      const refused = assay(folder, ['runs'], { nobody: true });
      expect(refused.stderr).toMatch(/git refuses the repository .*belongs to another user/s);
      expect(refused.stderr).toContain('safe.directory');
      expect(refused.status).toBe(2);
      const allowed = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' };
      write(scene.folder, 'allowed', '[safe]\n\tdirectory = *\n');
      const env = { ...allowed, GIT_CONFIG_GLOBAL: join(scene.folder, 'allowed') };
      const read = assay(folder, ['runs'], { nobody: true, env });
      expect(read.status, read.stderr).toBe(0);
      const denied = assay(folder, ['train'], { nobody: true, env });
      expect(denied.stderr).toMatch(/cannot be written|Permission denied|insufficient permission/);
      expect(denied.stderr).toContain('assay import jsonl');
      expect(denied.status).toBe(3);
      expect(existsSync(join(folder, '.assay'))).toBe(false);
      expect(keptAside()).toMatchObject({ status: 'failed', actor: expect.any(String) });
    });
  },
);
