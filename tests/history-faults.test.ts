import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutsideError } from '../src/errors.js';
import { recordPath } from '../src/history/record.js';
import { openGitStore } from '../src/platform/git/history.js';
import { type Fault, type GitServer, type SeenRequest, startGitServer } from './beds/git-server.mjs';
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

/** A real git server behind every fault that a network and a server can have: nothing is lost, and nothing is doubled. */

const MAIN = fileURLToPath(new URL('../build/main.js', import.meta.url));
const TOKEN = { ...ENV, ASSAY_TOKEN: 'assay-test-token' };

let scene: Scene;
let server: GitServer;
let remote: string;
let here: string;
let fault: (request: SeenRequest) => Fault | undefined;
beforeEach(async () => {
  scene = openScene();
  const source = makeRepository(join(scene.folder, 'source'), 1);
  remote = makeRemote(source, join(scene.folder, 'remote.git'));
  git(remote, 'config', 'http.receivepack', 'true');
  git(remote, 'config', 'uploadpack.allowFilter', 'true');
  fault = () => undefined;
  server = await startGitServer({ root: scene.folder, env: ENV, fault: (request) => fault(request) });
  here = checkout('here');
});
afterEach(async () => {
  await server.stop();
  scene.end();
});

function checkout(name: string): string {
  const folder = clone(remote, join(scene.folder, name));
  git(folder, 'remote', 'set-url', 'origin', `${server.address}/remote.git`);
  return folder;
}

const open = (folder = here, warnings: string[] = []) =>
  openHistory(folder, { push: true, env: TOKEN, warnings });
const paths = () => git(remote, 'ls-tree', '-r', '--name-only', 'assay').split('\n');
const waiting = (folder = here) =>
  ['.assay/unsent', '.git/assay/sending'].flatMap((name) =>
    existsSync(join(folder, name))
      ? readdirSync(join(folder, name)).filter((file) => file !== '.gitignore')
      : [],
  );

/** The fault befalls the first requests of a kind. */
function first(kind: keyof typeof KINDS, what: Fault, times = 1) {
  let left = times;
  fault = (request) => (KINDS[kind](request) && left-- > 0 ? what : undefined);
}
const KINDS = {
  'asking to fetch': ({ query }: SeenRequest) => query === 'service=git-upload-pack',
  fetching: ({ path }: SeenRequest) => path.endsWith('/git-upload-pack'),
  'asking to push': ({ query }: SeenRequest) => query === 'service=git-receive-pack',
  pushing: ({ path }: SeenRequest) => path.endsWith('/git-receive-pack'),
  anything: () => true,
};

describe('what passes is tried again: the record is there once', () => {
  const faults: readonly (readonly [string, Fault])[] = [
    ['500', { status: 500 }],
    ['502', { status: 502 }],
    ['429', { status: 429 }],
    ['a reset', 'reset'],
    ['a cut upload', { cutRequestAfter: 30 }],
    ['a cut answer', { cutAfter: 30 }],
    ['an answer that is lost', { loseAnswer: true }],
  ];
  const cases = faults.flatMap(([what, one]) =>
    (['fetching', 'pushing'] as const).map((kind) => [what, kind, one] as const),
  );

  test.each([
    ...cases,
    ['500', 'asking to fetch', { status: 500 }],
    ['a reset', 'asking to push', 'reset'],
    ['latency', 'anything', { delayMs: 300 }],
  ] as const)('%s while %s', { timeout: 60_000 }, async (_, kind, what) => {
    await open().append([makeRecord()]);
    first(kind, what, kind === 'anything' ? 100 : 1);
    const there = checkout('there');
    const record = makeRecord();
    await open(there).append([record]);
    expect(paths().filter((path) => path === recordPath(record))).toHaveLength(1);
    expect(git(remote, 'rev-list', '--count', 'assay')).toBe('2');
    expect(waiting(there)).toEqual([]);
    expect(git(remote, 'fsck', '--strict')).not.toMatch(/error|missing/);
  });
});

describe('a server that asks for patience', () => {
  test('is given what it asks for', { timeout: 60_000 }, async () => {
    let refused = 0;
    let asked = 0;
    fault = (request) => {
      if (!KINDS.pushing(request)) return undefined;
      const now = Date.now();
      if (refused > 0) {
        asked = now;
        return undefined;
      }
      refused = now;
      return { status: 429, headers: { 'Retry-After': '3' } };
    };
    await open().append([makeRecord()]);
    // Without the header, the second try comes after 2 seconds at the latest.
    expect(asked - refused).toBeGreaterThanOrEqual(3000);
    expect(paths()).toHaveLength(1);
  });

  test('for longer than a job should wait: at once an error that says so, and the record is kept', async () => {
    first('anything', { status: 429, headers: { 'Retry-After': '3600' } }, 100);
    const refused = open().append([makeRecord()]);
    await expect(refused).rejects.toThrow(/429 \(retry-after: 3600\)/);
    await expect(refused).rejects.toMatchObject({ mend: expect.stringContaining('asks for patience') });
    expect(server.requests).toHaveLength(1);
    expect(waiting()).toHaveLength(2);
  });
});

test('every upload is cut: an error after some tries, and the next verb sends the record once', {
  timeout: 60_000,
}, async () => {
  first('pushing', { cutRequestAfter: 100 }, 100);
  const [kept, next] = [makeRecord(), makeRecord()];
  const failed = open().append([kept]);
  await expect(failed).rejects.toBeInstanceOf(OutsideError);
  await expect(failed).rejects.toMatchObject({ mend: expect.stringContaining('assay history push') });
  // It is seen in the meantime, with a word about it.
  const warnings: string[] = [];
  first('asking to push', { status: 500 }, 100);
  expect(ids(await open(here, warnings).list({ kind: 'run' }))).toEqual([kept.id]);
  expect(warnings).toEqual([expect.stringMatching(/^1 kept record is not sent yet: .*500/)]);
  fault = () => undefined;
  expect(ids(await open().list({ kind: 'run' }))).toEqual([kept.id]);
  expect(paths()).toEqual([recordPath(kept)]);
  expect(waiting()).toEqual([]);
  await open().append([next]);
  expect(paths()).toHaveLength(2);
});

test('a token that expires between fetch and push: no second try, the record is kept, a fresh token sends it', async () => {
  fault = ({ path, query, authorization }) =>
    /receive-pack/.test(path + query) && authorization !== undefined
      ? { status: 401, headers: { 'www-authenticate': 'Basic realm="git"' } }
      : undefined;
  const record = makeRecord();
  const failed = open().append([record]);
  await expect(failed).rejects.toBeInstanceOf(OutsideError);
  await expect(failed).rejects.toMatchObject({
    mend: expect.stringMatching(/missing, wrong or has expired.*kept in .*unsent/),
  });
  expect(server.requests.filter(({ query }) => query === 'service=git-receive-pack').length).toBe(1);
  fault = () => undefined;
  expect(ids(await open().list({ kind: 'run' }))).toEqual([record.id]);
  expect(paths()).toEqual([recordPath(record)]);
});

describe('a branch that is protected', () => {
  const protect = (script: string) => {
    write(remote, 'hooks/update', `#!/bin/sh\n${script}\n`);
    chmodSync(join(remote, 'hooks/update'), 0o755);
  };

  test('against rewriting: appends and compaction never rewrite', async () => {
    git(remote, 'config', 'receive.denyNonFastForwards', 'true');
    git(remote, 'config', 'receive.denyDeletes', 'true');
    protect('test "$2" = 0000000000000000000000000000000000000000 || git merge-base --is-ancestor "$2" "$3"');
    const old = makeRecord({ id: '20260101T000000000Z-00000001' });
    await open().append([old]);
    const there = checkout('there');
    const record = makeRecord();
    await open(there).append([record]);
    const { archive } = openStore(here);
    expect((await archive.compact('202602')).records).toBe(1);
    expect(ids(await open(there).list({ kind: 'run' }))).toEqual([record.id, old.id]);
  });

  test('against any push: the words of the server, the next step, one try; lifted, the next verb sends', async () => {
    protect(
      `if [ "$1" = refs/heads/assay ]; then echo "error: GH006: Protected branch update failed for $1." >&2; exit 1; fi`,
    );
    const record = makeRecord();
    const before = fingerprint(here);
    const failed = open().append([record]);
    await expect(failed).rejects.toThrow(/hook declined.*GH006: Protected branch update failed for refs/);
    await expect(failed).rejects.toMatchObject({
      mend: expect.stringMatching(/leave it out of the rule.*history: \{ branch: NAME \}.*kept in/),
    });
    expect(server.requests.filter(KINDS.pushing)).toHaveLength(1);
    rmSync(join(remote, 'hooks/update'));
    await openStore(here).archive.send();
    expect(paths()).toEqual([recordPath(record)]);
    expect(waiting()).toEqual([]);
    expect(fingerprint(here)).toMatchObject(before);
  });
});

test('a remote that is gone for good: kept, seen, and sent to the new address', {
  timeout: 60_000,
}, async () => {
  renameSync(remote, `${remote}.moved`);
  const [one, two] = [makeRecord(), makeRecord()];
  await expect(open().append([one])).rejects.toBeInstanceOf(OutsideError);
  await expect(open().append([two])).rejects.toMatchObject({ mend: expect.stringContaining('git remote') });
  const warnings: string[] = [];
  expect(ids(await open(here, warnings).list({ kind: 'run' }))).toEqual([two.id, one.id]);
  expect(warnings[0]).toMatch(/^2 kept records are not sent yet/);
  await expect(openStore(here).archive.send()).rejects.toBeInstanceOf(OutsideError);
  git(here, 'remote', 'set-url', 'origin', `${server.address}/remote.git.moved`);
  expect(await openStore(here).archive.send()).toEqual({ sent: 2 });
  renameSync(`${remote}.moved`, remote);
  expect(paths()).toEqual([recordPath(one), recordPath(two)].sort());
});

test('the same by whole processes: exit 3 and what to do; then any verb, or `history push`', {
  timeout: 120_000,
}, () => {
  write(
    here,
    'assay.yml',
    `history: { branch: assay, push: always }\nmodels:\n  income:\n    train: { run: 'echo "{\\"accuracy\\": 0.5}" > metrics.json' }\n    metrics: { from: [metrics.json] }\n`,
  );
  git(here, 'remote', 'set-url', 'origin', `file://${remote}`);
  const assay = (...words: string[]) =>
    spawnSync(process.execPath, [MAIN, ...words], {
      cwd: here,
      encoding: 'utf8',
      env: { ...ENV, TMPDIR: scene.folder } as NodeJS.ProcessEnv,
    });
  renameSync(remote, `${remote}.gone`);
  const trained = assay('train');
  expect(trained.stderr).toMatch(
    /the history could not be written: git fetch failed: .*does not appear to be a git repository/,
  );
  expect(trained.stderr).toMatch(/git remote -v; .*kept in .*\.assay\/unsent.*assay history push/);
  expect(trained.status).toBe(3);
  const shown = assay('runs', '--json');
  expect(shown.stderr).toMatch(/1 kept record is not sent yet/);
  expect(JSON.parse(shown.stdout).runs).toHaveLength(1);
  expect(assay('history', 'push').status).toBe(3);
  renameSync(`${remote}.gone`, remote);
  const pushed = assay('history', 'push');
  expect(pushed.stdout).toBe('1 record sent\n');
  expect(pushed.status).toBe(0);
  expect(paths()).toHaveLength(1);
  expect(waiting()).toEqual([]);
});

describe('two records of one id', () => {
  test('one that waits and differs from what is there holds nobody up, and stays where it is', async () => {
    const record = makeRecord();
    await open().append([record]);
    const [other, good, next] = [{ ...record, actor: 'mallory' }, makeRecord(), makeRecord()];
    for (const one of [other, good]) {
      write(here, `.assay/unsent/${one.id}.json`, `${JSON.stringify(one, null, 2)}\n`);
    }
    const warnings: string[] = [];
    await open(here, warnings).append([next]);
    expect(warnings).toEqual([
      expect.stringMatching(`^the kept record ${record.id} cannot be sent: .*already, with other content`),
    ]);
    expect(paths()).toEqual([record, good, next].map(recordPath).sort());
    expect(waiting()).toEqual([`${record.id}.json`]);
    await expect(openStore(here).archive.send()).rejects.toThrow(/0 records sent; 1 record cannot be/);
    expect(JSON.parse(git(remote, 'show', `assay:${recordPath(record)}`)).actor).toBe('ada');
  });

  test('of the same bytes are one, also when each came from another clone', async () => {
    const record = makeRecord();
    const there = checkout('there');
    await Promise.all([open().append([record]), open(there).append([record])]);
    expect(paths()).toEqual([recordPath(record)]);
    expect(git(remote, 'rev-list', '--count', 'assay')).toBe('1');
  });
});

test('a clock that goes backwards: records keep the time they were given, and all are found', async () => {
  const times = [1_795_500_000_000, 1_700_000_000_000, 1_000_000_000, 1_795_500_000_001];
  const records = times.map((time, number) => {
    const stamp = new Date(time).toISOString();
    return makeRecord({ id: `${stamp.replace(/[-:.]/g, '')}-0000000${number}`, time: stamp });
  });
  for (const [number, record] of records.entries()) {
    const at = { now: () => new Date(times[number] ?? 0), monotonic: () => 0 };
    await openStore(here, at).history.append([record]);
  }
  expect(ids(await open().list({ kind: 'run' }))).toEqual(ids(records).toSorted().toReversed());
  await openStore(here).archive.compact('202611');
  expect(ids(await open(checkout('there')).list({ kind: 'run' }))).toEqual(
    ids(records).toSorted().toReversed(),
  );
  expect(git(remote, 'fsck', '--strict')).not.toMatch(/error|missing/);
});

test('a lock that a killed git left in the mirror or on the branch is cleared away once it is old', async () => {
  const record = makeRecord();
  await open().append([record]);
  const lock = join(here, '.git/assay/remote.git/shallow.lock');
  write(here, '.git/assay/remote.git/shallow.lock', '');
  write(here, '.git/refs/heads/assay.lock', '');
  backdate(lock, join(here, '.git/refs/heads/assay.lock'));
  await open().append([makeRecord()]);
  await openHistory(here).append([makeRecord()]);
  expect(existsSync(lock)).toBe(false);
  expect(await open().list({ kind: 'run' })).toHaveLength(3);
});

function backdate(...files: string[]): void {
  const time = new Date(Date.now() - 60_000);
  for (const file of files) utimesSync(file, time, time);
}

function openStore(folder: string, at = clock) {
  return openGitStore({
    folder,
    env: TOKEN,
    branch: 'assay',
    push: true,
    randomness: seeded(folder),
    clock: at,
    warn: () => {},
  });
}
