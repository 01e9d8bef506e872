import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OutsideError } from '../../errors.js';
import { type Duckdb, installDuckdb } from './install.js';

let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'assay-tool-cache-'));
});
afterAll(() => rm(cache, { recursive: true, force: true }));

const root = new URL('../../../', import.meta.url);

test('the lockfile pins what the npm package depends on, by digest and without an address', async () => {
  const read = async (path: string) => JSON.parse(await readFile(new URL(path, root), 'utf8'));
  const lock = await read('actions/duckdb/package-lock.json');
  const version = (await read('package.json')).dependencies['@duckdb/node-api'];
  expect((await read('actions/duckdb/package.json')).dependencies).toEqual({ '@duckdb/node-api': version });
  expect(lock.packages['node_modules/@duckdb/node-api'].version).toBe(version);
  for (const [path, entry] of Object.entries<Record<string, unknown>>(lock.packages)) {
    expect(entry.resolved, path).toBeUndefined();
    // The native libraries of other platforms are pinned by version where the registry that wrote the file had no digest.
    if (path !== '' && entry.optional !== true) expect(entry.integrity, path).toMatch(/^sha512-/);
  }
  const { optionalDependencies } = lock.packages['node_modules/@duckdb/node-bindings'];
  for (const [name, pinned] of Object.entries(optionalDependencies)) {
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(pinned);
  }
});

test('installs once, also when asked twice at the same time, and what it installs works', async () => {
  const notices: string[] = [];
  const options = {
    env: { ...process.env, RUNNER_TOOL_CACHE: cache },
    notice: (line: string) => notices.push(line),
  };
  const [folder, same] = await Promise.all([installDuckdb(options), installDuckdb(options)]);
  expect(same).toBe(folder);
  expect(notices[0]).toMatch(/^installing DuckDB/);
  // Nothing half-made stays behind.
  expect(await readdir(join(cache, 'assay'))).toHaveLength(1);

  const duckdb = createRequire(join(folder, 'package.json'))('@duckdb/node-api') as Duckdb;
  const instance = await duckdb.DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  expect((await connection.runAndReadAll('SELECT 42 AS answer')).getRowObjects()).toEqual([{ answer: 42 }]);
  connection.closeSync();

  notices.length = 0;
  expect(await installDuckdb({ ...options, env: { RUNNER_TOOL_CACHE: cache, PATH: '/nowhere' } })).toBe(
    folder,
  );
  expect(notices).toEqual([]);
}, 60_000);

test('says what to do when npm fails, and leaves nothing behind', async () => {
  const bin = join(cache, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'npm'), '#!/bin/sh\necho "npm error code ECONNREFUSED" >&2\nexit 1\n');
  await chmod(join(bin, 'npm'), 0o755);
  const env = { PATH: bin, RUNNER_TOOL_CACHE: join(cache, 'failing') };
  const error = await installDuckdb({ env, notice: () => undefined }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OutsideError);
  expect((error as OutsideError).message).toBe('DuckDB could not be installed: npm error code ECONNREFUSED');
  expect((error as OutsideError).mend).toContain('npm and its registry');
  expect(await readdir(join(env.RUNNER_TOOL_CACHE, 'assay'))).toEqual([]);
});

test('a tool cache that cannot be written is said to be one', async () => {
  await writeFile(join(cache, 'file'), '');
  const error = await installDuckdb({
    env: { RUNNER_TOOL_CACHE: join(cache, 'file') },
    notice: () => undefined,
  }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OutsideError);
  expect((error as OutsideError).mend).toContain('RUNNER_TOOL_CACHE');
});

test('where no node_modules is in reach, as in the bundled action, the engine comes from the installation', async () => {
  const action = join(cache, 'action');
  await cp(new URL('build/', root), join(action, 'dist'), { recursive: true });
  await cp(new URL('actions/duckdb/', root), join(action, 'actions', 'duckdb'), { recursive: true });
  await writeFile(join(action, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(action, 'dist', 'main.js'),
    `import { openDuckdb } from './platform/duckdb/engine.js';
     const engine = await openDuckdb({ env: process.env, notice: console.error, cancel: new AbortController().signal });
     console.log(JSON.stringify(await engine.query('SELECT 42 AS answer')));
     await engine.close();`,
  );
  // What a killed installation has left is replaced.
  const [name = ''] = await readdir(join(cache, 'assay'));
  await mkdir(join(cache, 'with a space', 'assay', name, 'node_modules'), { recursive: true });
  const run = () =>
    spawnSync(process.execPath, [join(action, 'dist', 'main.js')], {
      encoding: 'utf8',
      env: { ...process.env, RUNNER_TOOL_CACHE: join(cache, 'with a space') },
    });
  const first = run();
  expect(first.stdout).toBe('[{"answer":42}]\n');
  expect(first.stderr).toContain('installing DuckDB');
  expect(run()).toMatchObject({ stdout: '[{"answer":42}]\n', stderr: '', status: 0 });
}, 60_000);
