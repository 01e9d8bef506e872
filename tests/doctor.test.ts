import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { releaseLimits } from '../src/commands/doctor/artifacts.js';
import { type Check, renderChecks } from '../src/commands/doctor/check.js';
import { nodeCheck, spaceCheck } from '../src/commands/doctor/machine.js';
import { programsOf } from '../src/commands/doctor/programs.js';
import { limitChecks } from '../src/commands/doctor/repository.js';
import { doctor } from '../src/commands/doctor.js';
import type { ArchiveSize } from '../src/history/archive.js';
import { testWorld } from './config-scene.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

function git(...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: folder });
}

async function run(
  world = testWorld(folder),
): Promise<{ exit: number; healthy: string; checks: readonly Check[]; text: string }> {
  const input = { arguments: [], options: {}, config: 'assay.yml', json: false, quiet: false };
  const { exit, json, outputs, text } = await doctor.run(input, world);
  return {
    exit,
    healthy: outputs.healthy ?? '',
    checks: (json as { checks: readonly Check[] }).checks,
    text,
  };
}

/** Name, state and message of what is not fine. */
const complaints = (checks: readonly Check[]) =>
  checks
    .filter(({ state }) => state !== 'ok')
    .map(({ name, state, message }) => `${state} ${name}: ${message}`);

const HEALTHY = {
  'assay.yml':
    'data: { d: { source: data/*.csv } }\nmodels: { m: { data: [d], train: { run: node train.js }, metrics: { from: [metrics.json] } } }\n',
  'train.js': '',
  'package-lock.json': '{}',
  'data/a.csv': 'a\n1\n',
  '.gitignore': 'metrics.json\n',
};

describe('doctor', () => {
  test('a healthy repository', async () => {
    write(HEALTHY);
    git('init', '-q', '-b', 'main');
    git('add', '-A');
    git('commit', '-q', '-m', 'first');
    const { exit, healthy, checks, text } = await run();
    expect(complaints(checks)).toEqual([]);
    expect([exit, healthy]).toEqual([0, 'true']);
    const settled = text
      .replace(/(Node|git|DuckDB) v?[\d.]+/g, '$1 VERSION')
      .replace(/[\d.]+ .B of disk/, 'ENOUGH of disk');
    expect(settled).toMatchInlineSnapshot(`
      "✓ Node VERSION
      ✓ git VERSION
      ✓ DuckDB VERSION loads
      ✓ ENOUGH of disk space free
      ✓ assay.yml is valid (models: m; data: d)
      ✓ data d: 1 file, 4 B
      ✓ model m: node train.js (node found)
      ✓ lockfiles: package-lock.json
      ✓ git repository on the branch main
      ✓ history on the branch assay: no records yet
      ✓ artifacts are kept in .assay/artifacts

      healthy"
    `);
  });

  test('every problem of the config is shown, and the rest is looked at all the same', async () => {
    write({ 'assay.yml': 'models:\n  m: { trian: {} }\n  M: {}\n' });
    const { exit, healthy, checks, text } = await run();
    expect([exit, healthy]).toEqual([1, 'false']);
    expect(text.slice(text.indexOf('✗'))).toMatchInlineSnapshot(`
      "✗ assay.yml:2:8: unknown key "trian"
            2 |   m: { trian: {} }
              |        ^^^^^
            did you mean "train"?
          
          assay.yml:3:3: "M" cannot be a name here: a name is lower case letters, digits, - and _, at most 64, starting with a letter or digit
            3 |   M: {}
              |   ^
            write "m"
          2 problems in assay.yml
      ! not a git repository: the history is kept in .assay/history, and there is no baseline by commit
          git init, then commit

      1 broken, 1 to look at"
    `);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'git', 'duckdb', 'disk', 'config', 'repository']),
    );
  });

  test('no config, in a folder that does not exist', async () => {
    const input = { arguments: [], options: {}, config: 'nowhere/assay.yml', json: false, quiet: false };
    const outcome = await doctor.run(input, testWorld(folder));
    expect(outcome.exit).toBe(1);
    expect(outcome.text).toContain('✗ there is no nowhere/assay.yml\n    write one: assay init');
  });

  test('programs, scripts and data that are not there', async () => {
    write({
      'assay.yml': `data:
  gone: { source: data/gone.csv }
  empty: { source: data/empty.csv }
models:
  a: { train: { run: no-such-program train.py }, metrics: { from: [a.json] } }
  b: { train: { run: ./train.sh }, metrics: { from: [b.json] } }
  c: { train: { run: 'FAST=1 node gone.js && node there.js' }, metrics: { from: [c.json] } }
  d: { train: { run: 'for i in 1 2; do node "$X"; done' }, metrics: { from: [d.json] } }
`,
      'train.py': '',
      'train.sh': '#!/bin/sh\n',
      'there.js': '',
      'data/empty.csv': '',
    });
    const before = await run();
    expect(complaints(before.checks).filter((line) => line.startsWith('broken'))).toMatchInlineSnapshot(`
      [
        "broken data: data gone: no file matches data/gone.csv",
        "broken data: data empty: 1 file, 0 B: empty",
        "broken training: model a: the training needs no-such-program, which is not on PATH",
        "broken training: model b: the training needs ./train.sh, which is not on PATH",
        "broken training: model c: the training runs gone.js, which is not there",
      ]
    `);
    chmodSync(join(folder, 'train.sh'), 0o755);
    const after = await run();
    expect(complaints(after.checks).join()).not.toContain('./train.sh');
  });

  test('a repository without commits, then detached, with results in git', async () => {
    write({ ...HEALTHY, 'metrics.json': '{"a": 1}', '.gitignore': '' });
    rmSync(join(folder, 'package-lock.json'));
    git('init', '-q', '-b', 'main');
    expect(complaints((await run()).checks)).toMatchInlineSnapshot(`
      [
        "warning lockfile: no lockfile: a run cannot say which versions of packages it used",
        "warning repository: a git repository without commits",
      ]
    `);
    git('add', '-A');
    git('commit', '-q', '-m', 'first');
    git('checkout', '-q', '--detach');
    const { exit, checks } = await run();
    expect(complaints(checks)).toMatchInlineSnapshot(`
      [
        "warning tracked: model m: metrics.json is in git, and each training rewrites it",
        "warning lockfile: no lockfile: a run cannot say which versions of packages it used",
        "warning repository: no branch is checked out (detached HEAD)",
      ]
    `);
    expect(exit).toBe(0);
  });

  test('a shallow clone', async () => {
    write(HEALTHY);
    git('init', '-q', '-b', 'main');
    git('add', '-A');
    for (const message of ['first', 'second']) git('commit', '-q', '--allow-empty', '-m', message);
    const clone = join(folder, 'clone');
    git('clone', '-q', '--depth', '1', `file://${folder}`, clone);
    const { checks } = await run(testWorld(clone));
    expect(checks.find(({ name }) => name === 'shallow')).toMatchInlineSnapshot(`
      {
        "mend": "with: { fetch-depth: 0 } of actions/checkout, or git fetch --unshallow",
        "message": "a shallow clone: baselines may need older commits, which are then fetched",
        "name": "shallow",
        "state": "warning",
      }
    `);
  });

  test('no git on PATH is one broken line, not the end', async () => {
    write(HEALTHY);
    const { exit, checks } = await run(testWorld(folder, { env: { PATH: folder, HOME: folder } }));
    expect(exit).toBe(1);
    expect(complaints(checks)[0]).toMatch(/^broken git: /);
    expect(checks.some(({ name }) => name === 'data')).toBe(true);
  });

  test('records are counted, and what is no record is told', async () => {
    write({ ...HEALTHY, 'assay.yml': `history: { directory: records }\n${HEALTHY['assay.yml']}` });
    const id = '20261124T034602123Z-89abcdef';
    const record = {
      schema: 'assay/acceptance@1',
      id,
      time: '2026-11-24T03:46:02.123Z',
      commit: null,
      actor: 'ada',
      trigger: { event: 'local', url: null, attempt: 1 },
      model: 'm',
      run: id,
      reason: 'known good',
    };
    write({
      [`records/acceptances/m/2026/11/24/${id}.json`]: JSON.stringify(record),
      'records/acceptances/m/2026/11/24/20261124T034602124Z-89abcdef.json': 'cut o',
    });
    const { checks } = await run();
    expect(checks.find(({ name }) => name === 'history')?.message).toBe(
      'history on a folder is readable: 1 acceptance',
    );
    expect(complaints(checks).filter((line) => line.includes('remark'))).toHaveLength(1);
  });

  test('on GitHub: what the runner hands over', async () => {
    const runner = { ...testWorld(folder).runner, kind: 'github' as const };
    const { env } = testWorld(folder);
    const bare = await run(testWorld(folder, { runner, env }));
    expect(complaints(bare.checks).filter((line) => /runner|token/.test(line))).toMatchInlineSnapshot(`
      [
        "broken runner: not in the environment: GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, GITHUB_WORKSPACE; outputs or the summary cannot be written",
        "warning token: there is no token: records are pushed only when the checkout kept its own",
      ]
    `);
    const full = {
      ...env,
      GITHUB_OUTPUT: 'a',
      GITHUB_STEP_SUMMARY: 'b',
      GITHUB_WORKSPACE: folder,
      GITHUB_TOKEN: 'secret-token',
    };
    const whole = await run(testWorld(folder, { runner, env: full }));
    expect(complaints(whole.checks).filter((line) => /runner|token/.test(line))).toEqual([]);
    expect(whole.text).not.toContain('secret-token');
    const pullRequest = { number: 7, targetBranch: 'main', headCommit: null, fromFork: true };
    const fork = await run(testWorld(folder, { runner: { ...runner, pullRequest }, env: full }));
    expect(complaints(fork.checks).filter((line) => /token/.test(line))).toMatchInlineSnapshot(`
      [
        "warning token: a pull request of a fork: its token may only read, so nothing is pushed and no comment is written",
      ]
    `);
  });
});

describe('single checks', () => {
  test('limits of the history branch are told from 80 %', () => {
    const size = (part: Partial<ArchiveSize>): ArchiveSize => ({
      files: 0,
      largest: undefined,
      widest: undefined,
      bytes: null,
      waiting: 0,
      ...part,
    });
    expect(limitChecks(size({ files: 79_999, bytes: 8e8 }), 'assay')).toEqual([]);
    expect(limitChecks(size({ files: 80_000 }), 'assay')).toMatchInlineSnapshot(`
      [
        {
          "mend": "make one file of each closed month: assay history compact",
          "message": "80000 files on the branch assay: 80% of the 100000 that GitHub allows",
          "name": "limits",
          "state": "warning",
        },
      ]
    `);
    const largest = (bytes: number) => size({ largest: { path: 'runs/m/x.json', bytes } });
    expect(limitChecks(largest(90 * 2 ** 20), 'assay')[0]?.message).toMatchInlineSnapshot(
      `"94.4 MB in runs/m/x.json: 90% of the 105 MB that GitHub allows"`,
    );
    expect(limitChecks(largest(100 * 2 ** 20), 'assay')[0]?.state).toBe('broken');
    expect(limitChecks(size({ bytes: 9e8 }), 'assay')[0]?.message).toMatchInlineSnapshot(
      `"900 MB in the branch assay on disk: 83% of the 1.07 GB that GitHub allows"`,
    );
    expect(limitChecks(size({ waiting: 2 }), 'assay')).toMatchInlineSnapshot(`
      [
        {
          "mend": "assay history push",
          "message": "2 records could not be sent yet and waits in .assay/unsent",
          "name": "unsent",
          "state": "warning",
        },
      ]
    `);
  });

  test('limits of the releases that hold artifacts are told from 80 %', () => {
    const newest = (assets: number) => ({ tag: 'assay-artifacts-3', assets });
    expect(releaseLimits({ releases: 0, newest: undefined })).toEqual([]);
    expect(releaseLimits({ releases: 79, newest: newest(799) })).toEqual([]);
    const found = releaseLimits({ releases: 80, newest: newest(1000) });
    expect(found.map(({ state, message }) => `${state}: ${message}`)).toEqual([
      'warning: 1000 assets in the release assay-artifacts-3: 100% of the 1000 that GitHub allows',
      'warning: 80 releases of artifacts, which one job can list in an hour: 80% of the 100 that GitHub allows',
    ]);
  });

  test('Node and disk space', () => {
    expect(nodeCheck('20.0.0').state).toBe('ok');
    expect(nodeCheck('18.20.4')).toMatchInlineSnapshot(`
      {
        "mend": "install Node 20 or newer",
        "message": "Node 18.20.4 is too old",
        "name": "node",
        "state": "broken",
      }
    `);
    expect([5e9, 1e9, 1e8].map((free) => spaceCheck(free).state)).toEqual(['ok', 'warning', 'broken']);
  });

  test.each([
    ['python train.py --lr 0.1', ['python'], ['train.py']],
    ['A=1 B=2 uv run python train.py', ['uv'], []],
    ['cd src && python train.py', ['python'], []],
    ['python a.py; Rscript b.R | tee log', ['python', 'Rscript', 'tee'], ['a.py']],
    ['python -m churn.train', ['python'], []],
    ['python -u train.py', ['python'], ['train.py']],
    ['exec python train.py', ['python'], ['train.py']],
    ['python "my train.py"', ['python'], []],
    ['$PYTHON train.py', [], []],
    ['if true; then python a.py; fi', ['python'], []],
    ['', [], []],
  ])('programs of: %s', (command, programs, scripts) => {
    expect(programsOf(command)).toEqual({ programs, scripts });
  });

  test('text from outside is made safe', () => {
    const check: Check = {
      name: 'x',
      state: 'broken',
      message: 'a\u001b[31mb',
      mend: 'c\u0007d',
      excerpt: '\u001b]0;t\u0007e',
    };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(renderChecks([check])).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
