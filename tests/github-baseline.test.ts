import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { VERBS } from '../src/commands/verbs.js';
import type { ComparisonRecord } from '../src/compare/record.js';
import { readGitHub } from '../src/platform/runner/github.js';
import { type GitHubBed, gitHubBed } from './beds/github/server.js';
import { metricOf, runOf } from './fakes/run.js';
import { testWorld } from './fakes/world.js';
import { ENV, git, makeRemote, openHistory, openScene, type Scene, write } from './history-scene.js';

/**
 * Which run each event of GitHub is compared with, in the clone that actions/checkout makes when nobody says otherwise: one
 * commit deep. Main is m1 – m2 – m3 – m4, of which m3 was not measured; topic leaves it at m2, release/1.x at m1.
 */

const CONFIG =
  'models: { income: { train: { run: node train.mjs }, metrics: { from: [metrics.json] }, gate: [{ metric: roc_auc }] } }\n';
let scene: Scene;
let remote: string;
const at: Record<string, string> = {};
const runs: Record<string, string> = {};

beforeAll(async () => {
  scene = openScene();
  const work = join(scene.folder, 'work');
  mkdirSync(work);
  git(work, 'init', '--quiet', '--initial-branch=main');
  write(work, 'assay.yml', CONFIG);
  write(work, '.gitignore', '.assay/\n');
  const commit = (name: string) => {
    write(work, `${name}.txt`, name);
    git(work, 'add', '.');
    git(work, 'commit', '--quiet', '--message', name);
    at[name] = git(work, 'rev-parse', 'HEAD');
  };
  const on = (branch: string, from?: string) =>
    git(work, 'checkout', '--quiet', ...(from === undefined ? [branch] : ['-b', branch, at[from] ?? '']));
  const merge = (name: string, into: string, what: string) => {
    git(work, 'checkout', '--quiet', '--detach', at[into] ?? '');
    git(work, 'merge', '--quiet', '--no-ff', '--message', name, at[what] ?? '');
    at[name] = git(work, 'rev-parse', 'HEAD');
  };
  for (const name of ['m1', 'm2', 'm3', 'm4']) commit(name);
  on('topic', 'm2');
  commit('t1');
  commit('t2');
  on('rebased', 'm4');
  commit('t2b');
  on('release/1.x', 'm1');
  commit('r1');
  on('fix', 'r1');
  commit('f1');
  on('rewritten', 'm1');
  commit('n2');
  merge('test of topic', 'm4', 't2');
  merge('older test of topic', 'm2', 't2');
  merge('test of fix', 'r1', 'f1');
  git(work, 'tag', 'v1', at.m2 ?? '');
  const history = openHistory(work);
  const measured = { m1: 'main', m2: 'main', m4: 'main', r1: 'release/1.x', t1: 'topic' };
  for (const [index, [name, branch]] of Object.entries(measured).entries()) {
    const id = `20260101T00000000${index}Z-00000000`;
    runs[id] = name;
    await history.append([
      runOf({ id, commit: at[name] ?? '', branch, metrics: [metricOf('roc_auc', 0.9)] }),
    ]);
  }
  git(work, 'checkout', '--quiet', 'main');
  remote = makeRemote(work, join(scene.folder, 'remote.git'));
  // A commit that no branch holds goes over by a ref of its own, as GitHub keeps those of pull requests.
  const refs = Object.entries(at).map(([name, sha]) => `${sha}:refs/pull/${name.replaceAll(' ', '-')}`);
  git(work, 'push', '--quiet', remote, ...refs);
  git(remote, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
}, 240_000);
afterAll(() => scene.end(), 60_000);

let bed: GitHubBed;
let count = 0;
beforeEach(async () => {
  bed = await gitHubBed();
}, 60_000);
afterEach(() => bed.close(), 60_000);

interface Case {
  readonly event: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** GITHUB_REF */
  readonly ref: string;
  /** What is checked out. */
  readonly checkout: string;
  /** What the run is of: the head of the pull request. */
  readonly head?: string;
  /** What the remote's main is by now, where it is not m4. */
  readonly main?: string;
  readonly expected: Pick<ComparisonRecord['baseline'], 'why' | 'behind'> & { readonly run: string };
  /** API calls for it. */
  readonly calls: number;
}

const pull = (head: string, base: string, fromRepository = 1) => ({
  number: 7,
  pull_request: {
    number: 7,
    base: { ref: base, repo: { id: 1 } },
    head: { sha: at[head], repo: { id: fromRepository } },
  },
});

const CASES: Readonly<Record<string, () => Case>> = {
  'pull_request: the commit of main that the tested merge holds, not an older one': () => ({
    event: 'pull_request',
    payload: pull('t2', 'main'),
    ref: 'refs/pull/7/merge',
    checkout: 'test of topic',
    head: 't2',
    expected: { run: 'm4', why: 'main as merged for the test', behind: 0 },
    calls: 1,
  }),
  'pull_request: main moved on after the job began': () => ({
    event: 'pull_request',
    payload: pull('t2', 'main'),
    ref: 'refs/pull/7/merge',
    checkout: 'older test of topic',
    head: 't2',
    expected: { run: 'm2', why: 'main as merged for the test', behind: 0 },
    calls: 1,
  }),
  'pull_request, of which the head itself is checked out: its merge base': () => ({
    event: 'pull_request',
    payload: pull('t2', 'main'),
    ref: 'refs/pull/7/merge',
    checkout: 't2',
    head: 't2',
    expected: { run: 'm2', why: 'merge base with main', behind: 0 },
    calls: 1,
  }),
  'pull_request from a fork': () => ({
    event: 'pull_request',
    payload: pull('t2', 'main', 2),
    ref: 'refs/pull/7/merge',
    checkout: 'test of topic',
    head: 't2',
    expected: { run: 'm4', why: 'main as merged for the test', behind: 0 },
    calls: 1,
  }),
  'pull_request, rebased and force-pushed: never an earlier push of it': () => ({
    event: 'pull_request',
    payload: pull('t2b', 'main'),
    ref: 'refs/pull/7/merge',
    checkout: 't2b',
    head: 't2b',
    expected: { run: 'm4', why: 'merge base with main', behind: 0 },
    calls: 1,
  }),
  'pull_request into another branch': () => ({
    event: 'pull_request',
    payload: pull('f1', 'release/1.x'),
    ref: 'refs/pull/7/merge',
    checkout: 'test of fix',
    head: 'f1',
    expected: { run: 'r1', why: 'release/1.x as merged for the test', behind: 0 },
    calls: 1,
  }),
  'pull_request, after main itself was rewritten': () => ({
    event: 'pull_request',
    payload: pull('t2', 'main'),
    ref: 'refs/pull/7/merge',
    checkout: 't2',
    head: 't2',
    main: 'n2',
    expected: { run: 'm1', why: 'merge base with main', behind: 0 },
    calls: 1,
  }),
  'merge_group: main as the queue merged it': () => ({
    event: 'merge_group',
    payload: {
      merge_group: {
        base_ref: 'refs/heads/main',
        head_ref: `refs/heads/gh-readonly-queue/main/pr-7-${at.m4}`,
        head_sha: at['test of topic'],
      },
    },
    ref: `refs/heads/gh-readonly-queue/main/pr-7-${at.m4}`,
    checkout: 'test of topic',
    head: 'test of topic',
    expected: { run: 'm4', why: 'merge base with main', behind: 0 },
    calls: 1,
  }),
  'push to main: what was measured before': () => ({
    event: 'push',
    ref: 'refs/heads/main',
    checkout: 'm4',
    expected: { run: 'm2', why: 'nearest measured ancestor', behind: 2 },
    calls: 0,
  }),
  'push to another branch': () => ({
    event: 'push',
    ref: 'refs/heads/topic',
    checkout: 't2',
    expected: { run: 'm2', why: 'merge base with main', behind: 0 },
    calls: 1,
  }),
  'workflow_dispatch measures a commit again: not against itself': () => ({
    event: 'workflow_dispatch',
    ref: 'refs/heads/main',
    checkout: 'm4',
    expected: { run: 'm2', why: 'nearest measured ancestor', behind: 2 },
    calls: 0,
  }),
  'schedule: the same': () => ({
    event: 'schedule',
    ref: 'refs/heads/main',
    checkout: 'm4',
    expected: { run: 'm2', why: 'nearest measured ancestor', behind: 2 },
    calls: 0,
  }),
  'a tag that was pushed': () => ({
    event: 'push',
    ref: 'refs/tags/v1',
    checkout: 'm2',
    expected: { run: 'm1', why: 'nearest measured ancestor', behind: 1 },
    calls: 1,
  }),
  'a release that a person published': () => ({
    event: 'release',
    payload: { action: 'published', release: { tag_name: 'v1' } },
    ref: 'refs/tags/v1',
    checkout: 'm2',
    expected: { run: 'm1', why: 'nearest measured ancestor', behind: 1 },
    calls: 1,
  }),
};

test.each(Object.keys(CASES))('%s', { timeout: 240_000 }, async (name) => {
  const one = CASES[name]?.();
  if (!one) throw new Error(`no case ${name}`);
  const { json } = await compared(one);
  const { baseline } = json as ComparisonRecord;
  expect({ ...baseline, run: runs[baseline.run ?? ''] }).toMatchObject({
    ...one.expected,
    commit: at[one.expected.run],
    first: false,
  });
  expect(bed.requests.map(({ route }) => route)).toEqual(
    Array.from({ length: one.calls }, () => 'GET /repos/{owner}/{repo}/compare/{basehead}'),
  );
});

test.each([403, 404])(
  'where the API answers %i, git fetches what it takes',
  { timeout: 60_000 },
  async (status) => {
    bed.intercept = () => ({ status, body: { message: 'no' } });
    const { json } = await compared(CASES['pull_request into another branch']?.() as Case);
    expect((json as ComparisonRecord).baseline).toMatchObject({ commit: at.r1, behind: 0 });
  },
);

/** Compares in a fresh clone of depth 1, as the job of that event. */
async function compared(one: Case) {
  const number = ++count;
  const server = join(scene.folder, `remote-${number}.git`);
  execFileSync('cp', ['-r', remote, server]);
  git(server, 'update-ref', 'refs/heads/main', at[one.main ?? 'm4'] ?? '');
  bed.repository.mergeBaseOf = (base, head) =>
    spawnSync('git', ['merge-base', base, head], { cwd: server, encoding: 'utf8' }).stdout.trim() ||
    undefined;
  const folder = join(scene.folder, `job-${number}`);
  mkdirSync(folder);
  git(folder, 'init', '--quiet');
  git(folder, 'remote', 'add', 'origin', `file://${server}`);
  git(folder, 'fetch', '--quiet', '--no-tags', '--depth=1', 'origin', at[one.checkout] ?? '');
  git(folder, 'checkout', '--quiet', '--detach', 'FETCH_HEAD');
  const event = join(scene.folder, `event-${number}.json`);
  writeFileSync(event, JSON.stringify({ repository: { default_branch: 'main' }, ...one.payload }));
  const [, kind = '', refName = ''] = /^refs\/(heads|tags|pull)\/(.*)$/.exec(one.ref) ?? [];
  const env = {
    ...ENV,
    ...bed.env(),
    GITHUB_EVENT_NAME: one.event,
    GITHUB_EVENT_PATH: event,
    GITHUB_REF: one.ref,
    GITHUB_REF_NAME: refName,
    GITHUB_REF_TYPE: kind === 'tags' ? 'tag' : 'branch',
  };
  const runner = await readGitHub(env, (text) => {
    throw new Error(text);
  });
  await openHistory(folder).append([
    runOf({
      id: '20260102T000000000Z-00000000',
      commit: at[one.head ?? one.checkout] ?? '',
      code: {
        commit: at[one.checkout] ?? '',
        dirty: false,
        branch: null,
        pull_request: runner.pullRequest?.number ?? null,
      },
      metrics: [metricOf('roc_auc', 0.9)],
    }),
  ]);
  const verb = await VERBS.compare?.load();
  if (!verb) throw new Error('no verb');
  return verb.run(parseInput(verb.spec, []), testWorld({ cwd: folder, env, runner }));
}
