import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.js';
import { recordPath } from '../src/history/record.js';
import { type GitServer, startGitServer } from './beds/git-server.mjs';
import {
  clone,
  copyFolder,
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
  write,
} from './history-scene.js';

/** Every kind of repository, remote and configuration that teams have: the same history, and nothing of theirs disturbed. */

const MAIN = fileURLToPath(new URL('../build/main.js', import.meta.url));

/** Made once: a remote with code, and with a history of one record. */
let template: Scene;
const far = makeRecord();
let scene: Scene;
let source: string;
let remote: string;
beforeAll(async () => {
  template = openScene();
  const code = makeRepository(join(template.folder, 'source'), 2);
  makeRemote(code, join(template.folder, 'remote.git'));
  await openHistory(clone(join(template.folder, 'remote.git'), join(template.folder, 'other')), {
    push: true,
  }).append([far]);
});
afterAll(() => template.end());
beforeEach(() => {
  scene = openScene();
  source = copyFolder(join(template.folder, 'source'), join(scene.folder, 'source'));
  remote = copyFolder(join(template.folder, 'remote.git'), join(scene.folder, 'remote.git'));
});
afterEach(() => scene.end());

const cloned = (name: string, ...flags: string[]) => clone(remote, join(scene.folder, name), ...flags);
const paths = (folder = remote) => git(folder, 'ls-tree', '-r', '--name-only', 'assay').split('\n');
const placed = (...records: Parameters<typeof recordPath>[0][]) => records.map(recordPath).sort();

/** A record goes from the repository on top of what others wrote, and all is read; the checkout stays as it was. */
async function shares(folder: string, env: typeof ENV = ENV): Promise<void> {
  const before = fingerprint(folder);
  const record = makeRecord();
  await openHistory(folder, { push: true, env }).append([record]);
  expect(ids(await openHistory(folder, { push: true, env }).list({ kind: 'run' }))).toEqual(
    ids([record, far]),
  );
  expect(paths()).toEqual(placed(record, far));
  expect(fingerprint(folder)).toEqual(before);
  expect(git(remote, 'fsck', '--strict')).not.toMatch(/error|missing/);
}

function script(path: string, ...lines: string[]): string {
  write(scene.folder, path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(join(scene.folder, path), 0o755);
  return join(scene.folder, path);
}

describe('an address', () => {
  /** Stands for ssh and the server behind it: runs the command that git asks for (gitprotocol-pack, SSH transport). */
  const ssh = () =>
    script(
      'ssh',
      'while [ "$1" != git@host.example ]; do shift; done',
      `echo "$2" >> '${scene.folder}/asked'`,
      'exec sh -c "$2"',
    );
  const asked = () => readFileSync(join(scene.folder, 'asked'), 'utf8');

  test('a path, relative to the checkout or not', async () => {
    const folder = cloned('here');
    git(folder, 'remote', 'set-url', 'origin', '../remote.git');
    await shares(folder);
    git(folder, 'remote', 'set-url', 'origin', remote);
    expect(await openHistory(folder, { push: true }).list({ kind: 'run' })).toHaveLength(2);
  });

  test('ssh://, by GIT_SSH_COMMAND', async () => {
    const folder = cloned('here');
    git(folder, 'remote', 'set-url', 'origin', `ssh://git@host.example${remote}`);
    await shares(folder, { ...ENV, GIT_SSH_COMMAND: ssh() });
    expect(asked()).toMatch(/git-upload-pack[\s\S]*git-receive-pack/);
  });

  test('git@host:path, by core.sshCommand', async () => {
    const folder = cloned('here');
    git(folder, 'remote', 'set-url', 'origin', `git@host.example:${remote}`);
    git(folder, 'config', 'core.sshCommand', ssh());
    await shares(folder, { ...ENV, ASSAY_TOKEN: 'assay-test-token' });
    expect(asked()).not.toContain('assay-test-token');
  });

  test('rewritten by insteadOf, and another one for pushing', async () => {
    const folder = cloned('here');
    git(folder, 'remote', 'set-url', 'origin', 'company:remote.git');
    git(folder, 'config', `url.file://${scene.folder}/.insteadOf`, 'company:');
    git(folder, 'remote', 'set-url', '--push', 'origin', remote);
    await shares(folder);
  });

  test('of a remote that is not named origin', async () => {
    const folder = cloned('here', '--origin=up.stream/main');
    await shares(folder);
    git(folder, 'fetch', '--quiet');
    git(folder, 'config', 'remote.up.stream/main.url', '/nowhere');
    // What was fetched is found under that name, too.
    expect(await openHistory(folder).list({ kind: 'run' })).toHaveLength(2);
  });

  test('of one of several remotes: named by the config, or asked for while the record is kept', async () => {
    const folder = cloned('here', '--origin=upstream');
    git(folder, 'remote', 'add', 'fork', '/nowhere');
    const record = makeRecord();
    const failed = openHistory(folder, { push: true }).append([record]);
    await expect(failed).rejects.toBeInstanceOf(UserError);
    await expect(failed).rejects.toMatchObject({
      mend: expect.stringMatching(/git config checkout.defaultRemote NAME; .*kept in .*unsent/),
    });
    git(folder, 'config', 'checkout.defaultRemote', 'upstream');
    await openHistory(folder, { push: true }).append([]);
    expect(paths()).toEqual(placed(record, far));
  });
});

describe('a repository', () => {
  test('bare', async () => {
    const bare = join(scene.folder, 'bare.git');
    git(scene.folder, 'clone', '--quiet', '--bare', `file://${remote}`, bare);
    const [local, pushed] = [makeRecord(), makeRecord()];
    await openHistory(bare).append([local]);
    expect(paths(bare)).toEqual(placed(local, far));
    await openHistory(bare, { push: true }).append([pushed]);
    expect(paths()).toEqual(placed(pushed, far));
  });

  test('that is a mirror of the remote: other refs of the remote stay as they are', async () => {
    const mirror = join(scene.folder, 'mirror.git');
    git(scene.folder, 'clone', '--quiet', '--mirror', `file://${remote}`, mirror);
    git(source, 'push', '--quiet', remote, 'main:refs/heads/later');
    const record = makeRecord();
    await openHistory(mirror, { push: true }).append([record]);
    expect(paths()).toEqual(placed(record, far));
    expect(git(remote, 'rev-parse', 'later')).toBe(git(source, 'rev-parse', 'main'));
    git(mirror, 'fetch', '--quiet', '--prune');
    expect(ids(await openHistory(mirror).list({ kind: 'run' }))).toEqual(ids([record, far]));
  });

  test('a worktree', async () => {
    const folder = cloned('here');
    const worktree = join(scene.folder, 'worktree');
    git(folder, 'worktree', 'add', '--quiet', worktree, '-b', 'feature');
    await shares(worktree);
    expect(existsSync(join(folder, '.git/assay/remote.git'))).toBe(true);
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  test('a submodule: its own remote has its history, and the repository around it none', async () => {
    const outer = makeRepository(join(scene.folder, 'outer'), 1);
    git(
      outer,
      '-c',
      'protocol.file.allow=always',
      'submodule',
      '--quiet',
      'add',
      `file://${remote}`,
      'models',
    );
    git(outer, 'commit', '--quiet', '--message', 'models');
    await shares(join(outer, 'models'));
    expect(git(outer, 'for-each-ref', 'refs/heads/assay')).toBe('');
    expect(git(outer, 'status', '--porcelain')).toBe('');
  });

  test('of SHA-256, with a remote of SHA-256', async () => {
    const folder = join(scene.folder, 'sha256');
    mkdirSync(folder);
    git(folder, 'init', '--quiet', '--object-format=sha256', '--initial-branch=main');
    git(folder, 'commit', '--quiet', '--allow-empty', '--message', 'first');
    makeRemote(folder, join(scene.folder, 'remote256.git'));
    git(folder, 'remote', 'add', 'origin', `file://${scene.folder}/remote256.git`);
    const records = [makeRecord(), makeRecord()];
    for (const record of records) await openHistory(folder, { push: true }).append([record]);
    expect(ids(await openHistory(folder, { push: true }).list({ kind: 'run' }))).toEqual(
      ids(records).toReversed(),
    );
    expect(git(join(scene.folder, 'remote256.git'), 'rev-parse', 'assay')).toHaveLength(64);
    expect(git(join(scene.folder, 'remote256.git'), 'fsck', '--strict')).not.toMatch(/error|missing/);
  });

  test('with extensions of its own: a config for each worktree, a partial clone, objects that must stay', async () => {
    git(remote, 'config', 'uploadpack.allowFilter', 'true');
    const folder = cloned('here', '--filter=blob:none');
    git(folder, 'config', 'core.repositoryFormatVersion', '1');
    git(folder, 'config', 'extensions.worktreeConfig', 'true');
    git(folder, 'config', 'extensions.preciousObjects', 'true');
    git(folder, 'config', '--worktree', 'core.sparseCheckout', 'true');
    await shares(folder);
  });

  const reftable = spawnSync('git', ['init', '--quiet', '--bare', '--ref-format=reftable', '/dev/null/x'], {
    encoding: 'utf8',
  }).stderr.includes('ref-format');
  test.skipIf(reftable)(
    `whose refs are tables (${reftable ? 'this git has none' : 'reftable'})`,
    async () => {
      const folder = join(scene.folder, 'tables');
      git(scene.folder, 'clone', '--quiet', '--ref-format=reftable', `file://${remote}`, folder);
      await shares(folder);
      const record = makeRecord();
      await openHistory(folder).append([record]);
      expect(ids(await openHistory(folder).list({ kind: 'run' }))).toContain(record.id);
    },
  );
});

describe("the user's own settings", () => {
  test('neither disturb nor are disturbed: hooks, signing, line ends, a monitor of files, rules for pushing', async () => {
    const folder = cloned('here');
    const ran = join(scene.folder, 'hook-ran');
    for (const hook of [
      'pre-push',
      'reference-transaction',
      'post-index-change',
      'pre-auto-gc',
      'post-rewrite',
    ])
      script(`hooks/${hook}`, `echo ${hook} >> '${ran}'`, 'exit 1');
    const settings = {
      'core.hooksPath': join(scene.folder, 'hooks'),
      'commit.gpgSign': 'true',
      'tag.gpgSign': 'true',
      'push.gpgSign': 'if-asked',
      'gpg.program': '/bin/false',
      'core.autocrlf': 'true',
      'core.safecrlf': 'true',
      'core.fsmonitor': script('monitor', 'printf "token\\0/\\0"'),
      'core.logAllRefUpdates': 'always',
      'push.default': 'nothing',
      'push.followTags': 'true',
      'push.recurseSubmodules': 'check',
      'fetch.prune': 'true',
      'fetch.recurseSubmodules': 'true',
      'fetch.writeCommitGraph': 'true',
      'transfer.fsckObjects': 'true',
      'remote.origin.mirror': 'true',
      'remote.origin.prune': 'true',
      'safe.bareRepository': 'explicit',
      'gc.auto': '1',
      'user.useConfigOnly': 'true',
      'i18n.commitEncoding': 'latin1',
      'color.ui': 'always',
    };
    const file = join(scene.folder, 'gitconfig');
    for (const [key, value] of Object.entries(settings)) {
      git(scene.folder, 'config', '--file', file, key, value);
      git(folder, 'config', key, value);
    }
    await shares(folder, { ...ENV, GIT_CONFIG_GLOBAL: file });
    expect(existsSync(ran)).toBe(false);
    const local = makeRecord();
    await openHistory(folder, { env: { ...ENV, GIT_CONFIG_GLOBAL: file } }).append([local]);
    expect(existsSync(ran)).toBe(false);
    expect(git(folder, 'cat-file', 'blob', `assay:${recordPath(local)}`)).toBe(
      JSON.stringify(local, null, 2),
    );
  });

  test('called from a hook of git, whose index is locked and whose variables point at it', () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    write(
      folder,
      'assay.yml',
      `models:\n  income:\n    train: { run: 'echo "{\\"accuracy\\": 0.5}" > metrics.json' }\n    metrics: { from: [metrics.json] }\n`,
    );
    write(folder, '.gitignore', 'metrics.json\n');
    write(
      folder,
      '.git/hooks/pre-commit',
      `#!/bin/sh\nset -e\nenv | grep -q ^GIT_INDEX_FILE=\n'${process.execPath}' '${MAIN}' train --quiet\n`,
    );
    chmodSync(join(folder, '.git/hooks/pre-commit'), 0o755);
    git(folder, 'add', 'assay.yml', '.gitignore');
    write(folder, 'train.py', 'print("changed")\n');
    // With -a, git works on `.git/index.lock` and names it in GIT_INDEX_FILE.
    git(folder, 'commit', '--quiet', '--all', '--message', 'with a training');
    expect(git(folder, 'show', '--stat', '--format=%s', 'HEAD')).toMatch(
      /with a training[\s\S]*3 files changed/,
    );
    expect(git(folder, 'status', '--porcelain')).toBe('');
    expect(git(folder, 'rev-list', '--count', 'assay')).toBe('1');
    expect(git(folder, 'fsck', '--strict')).not.toMatch(/error|missing/);
  });
});

describe('a git', () => {
  const assay = (folder: string, words: readonly string[], path: string) =>
    spawnSync(process.execPath, [MAIN, ...words], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...ENV, PATH: path } as NodeJS.ProcessEnv,
    });
  const CONFIG = 'models:\n  income: { train: { run: "true" }, metrics: { from: [metrics.json] } }\n';

  test('that is not there: which one is needed, and the way without', () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    write(folder, 'assay.yml', CONFIG);
    const { status, stderr } = assay(folder, ['runs'], '/nonexistent');
    expect(stderr).toMatch(
      /git is not on PATH\n.*install git 2\.32 or newer.*history: \{ directory: .assay\/history \}/,
    );
    expect(status).toBe(2);
  });

  /**
   * Stands for git 2.30, as Debian 11 has it: this one without the variables that came with 2.31 and 2.32.
   */
  test('that is too old is told by doctor and by the history alike, before a token could be needed', async () => {
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    script(
      'bin/git',
      'unset GIT_CONFIG_COUNT GIT_CONFIG_GLOBAL',
      `if [ "$1" = --version ]; then echo "git version 2.30.2"; else exec '${real}' "$@"; fi`,
    );
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    write(folder, 'assay.yml', CONFIG);
    const path = `${join(scene.folder, 'bin')}:${process.env.PATH}`;
    const record = makeRecord();
    const failed = openHistory(folder, { env: { ...ENV, PATH: path } }).append([record]);
    await expect(failed).rejects.toThrow(/git version 2\.30\.2 is too old for the history/);
    await expect(failed).rejects.toMatchObject({
      mend: expect.stringMatching(/git 2\.32 or newer.*kept in/),
    });
    const doctor = assay(folder, ['doctor'], path);
    expect(doctor.stdout + doctor.stderr).toMatch(/git 2\.30\.2 is too old for the history/);
    expect(doctor.status).toBe(1);
  });
});

describe('over https, as over http here', () => {
  let server: GitServer;
  let seen: Set<string | undefined>;
  beforeEach(async () => {
    seen = new Set();
    git(remote, 'config', 'http.receivepack', 'true');
    server = await startGitServer({
      root: scene.folder,
      env: ENV,
      fault: ({ authorization }) => {
        seen.add(authorization);
        const challenge = { status: 401, headers: { 'www-authenticate': 'Basic realm="git"' } };
        return authorization === undefined ? challenge : undefined;
      },
    });
  });
  afterEach(() => server.stop());

  test('a server that knows no filter and hands out no single object is read whole', async () => {
    git(remote, 'config', 'uploadpack.allowFilter', 'false');
    git(remote, 'config', 'uploadpack.allowAnySHA1InWant', 'false');
    const folder = cloned('here');
    git(folder, 'remote', 'set-url', 'origin', `${server.address}/remote.git`);
    await shares(folder, { ...ENV, ASSAY_TOKEN: 'assay-test-token' });
  });

  test("through a proxy of the config, with the credentials of the user's own helper", async () => {
    const folder = cloned('here');
    git(folder, 'remote', 'set-url', 'origin', 'http://git.example/remote.git');
    git(folder, 'config', 'http.proxy', server.address);
    const helper = script(
      'helper',
      'test "$1" = get || exit 0',
      'echo username=ada',
      'echo password=of-the-helper',
    );
    git(folder, 'config', 'credential.helper', helper);
    await shares(folder);
    const basic = `Basic ${Buffer.from('ada:of-the-helper').toString('base64')}`;
    expect(seen).toEqual(new Set([undefined, basic]));
  });
});
