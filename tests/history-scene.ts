import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock, History, Randomness } from '../src/history/port.js';
import { type AnyRecord, newRecordId } from '../src/history/record.js';
import { gitHistory } from '../src/platform/git/history.js';

/** Real git repositories in a scratch folder, for the tests of what is kept in git. */

/** Nothing of the machine's own git config, tokens or hooks. */
export const ENV: Readonly<Record<string, string | undefined>> = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

export interface Scene {
  readonly folder: string;
  end(): void;
}

export function openScene(): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
  return { folder, end: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs git as a person would; returns what it printed. */
export function git(folder: string, ...args: string[]): string {
  const person = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...person, ...args], {
    cwd: folder,
    env: { ...ENV, GIT_AUTHOR_DATE: '@1700000000 +0000', GIT_COMMITTER_DATE: '@1700000000 +0000' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

export function write(folder: string, path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** A repository on `main` with `commits` commits of one file. */
export function makeRepository(folder: string, commits: number): string {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet', '--initial-branch=main');
  for (let number = 1; number <= commits; number++) {
    write(folder, 'train.py', `print(${number})\n`);
    git(folder, 'add', 'train.py');
    git(folder, 'commit', '--quiet', '--message', `change ${number}`);
  }
  return folder;
}

/** A bare copy that serves as `origin`. */
export function makeRemote(from: string, folder: string): string {
  git(from, 'clone', '--quiet', '--bare', from, folder);
  return folder;
}

export function clone(remote: string, folder: string, ...flags: string[]): string {
  mkdirSync(folder, { recursive: true });
  git(folder, 'clone', '--quiet', ...flags, `file://${remote}`, '.');
  return folder;
}

let seconds = 0;
export const clock: Clock = {
  now: () => new Date(1_795_500_000_000 + seconds++ * 1000),
  monotonic: () => seconds,
};

/** The same bytes in every run. */
export function seeded(seed: string): Randomness {
  let count = 0;
  return {
    bytes: (length) => createHash('sha256').update(`${seed} ${count++}`).digest().subarray(0, length),
  };
}

export function openHistory(
  folder: string,
  options: {
    readonly push?: boolean;
    readonly warnings?: string[];
    readonly env?: typeof ENV;
    readonly seed?: string;
  } = {},
): History {
  return gitHistory({
    folder,
    env: options.env ?? ENV,
    branch: 'assay',
    push: options.push ?? false,
    randomness: seeded(options.seed ?? folder),
    clock,
    warn: (line) => options.warnings?.push(line),
  });
}

const identity = seeded('records');
export function makeRecord(fields: Partial<AnyRecord> = {}): AnyRecord {
  const now = clock.now();
  return {
    schema: 'assay/run@1',
    id: newRecordId(now, identity.bytes(4)),
    time: now.toISOString(),
    commit: null,
    actor: 'ada',
    trigger: { event: 'local', url: null, attempt: 1 },
    ...(fields.dataset === undefined && { model: 'income' }),
    ...fields,
  };
}

export function ids(records: readonly AnyRecord[]): readonly string[] {
  return records.map((record) => record.id);
}

/** Digest of every file of the checkout and of the parts of `.git` that belong to the user. */
export function fingerprint(folder: string): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  const visit = (relative: string): void => {
    for (const name of readdirSync(join(folder, relative)).sort()) {
      const path = join(relative, name);
      if (path.startsWith('.git/') && !/^\.git\/(index|config|HEAD|FETCH_HEAD|shallow|hooks|info)/.test(path))
        continue;
      if (statSync(join(folder, path)).isDirectory()) visit(path);
      else
        files[path] = createHash('sha256')
          .update(readFileSync(join(folder, path)))
          .digest('hex');
    }
  };
  visit('');
  return files;
}

/** Changes the history branch as a person would: in a checkout of it, with a commit. */
export function editHistory(folder: string, edit: (checkout: string) => void): void {
  const checkout = `${folder}-by-hand`;
  git(folder, 'worktree', 'add', '--quiet', checkout, 'assay');
  edit(checkout);
  git(checkout, 'add', '--all', '.');
  git(checkout, 'commit', '--quiet', '--message', 'by hand');
  git(folder, 'worktree', 'remove', '--force', checkout);
}

export function copyFolder(from: string, to: string): string {
  cpSync(from, to, { recursive: true });
  return to;
}
