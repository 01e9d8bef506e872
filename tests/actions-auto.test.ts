import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auto } from '../src/commands/auto.js';
import { parseInput } from '../src/commands/command-line/input.js';
import type { Runner } from '../src/world.js';
import { testWorld } from './fakes/world.js';

/** The root action, in a real repository, as each event would have it. */

const base = mkdtempSync(join(tmpdir(), 'assay-auto-'));
/** One clock and one source of ids for all that happens here. */
const world = testWorld({ cwd: base });
let folder = join(base, 'main');

beforeAll(async () => {
  mkdirSync(folder);
  git('init', '--quiet', '--initial-branch=main');
  write(
    'assay.yml',
    `history: { branch: assay, push: never } # there is no remote
data:
  people: { source: people.csv, columns: { age: { type: integer, min: 0 } } }
models:
  tiny:
    data: [people]
    train: { run: sh train.sh }
    metrics: { from: [metrics.json], rules: { accuracy: { direction: higher, tolerance: 0.01 } } }
    gate:
      - { metric: accuracy, require: not-worse }
`,
  );
  write('people.csv', 'age\n31\n42\n');
  train(0.9);
  commit('Begin');
}, 60_000);
afterAll(() => rmSync(base, { recursive: true }));

function git(...words: string[]): string {
  const identity = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com'];
  return execFileSync('git', [...identity, ...words], { cwd: folder, encoding: 'utf8' });
}

function write(path: string, text: string): void {
  writeFileSync(join(folder, path), text);
}

function train(accuracy: number): void {
  write('train.sh', `echo '{"accuracy": ${accuracy}}' > metrics.json\n`);
}

function commit(message: string): void {
  git('add', 'assay.yml', 'people.csv', 'train.sh');
  git('commit', '--quiet', '--message', message);
}

async function run(runner: Partial<Runner>) {
  const outcome = await auto.run(parseInput(auto.spec, []), {
    ...world,
    cwd: folder,
    runner: { ...world.runner, ...runner },
  });
  const did = (outcome.json as { did: { verb: string; state: string }[] }).did;
  return { outcome, did: did.map(({ verb, state }) => `${verb}: ${state}`) };
}

const push: Partial<Runner> = {
  trigger: { event: 'push', url: null, attempt: 1 },
  ref: { kind: 'branch', name: 'main' },
  defaultBranch: 'main',
  kind: 'other-ci',
};
const pullRequest: Partial<Runner> = {
  trigger: { event: 'pull_request', url: null, attempt: 1 },
  pullRequest: { number: 7, targetBranch: 'main', headCommit: null, fromFork: false },
};
const ALL = ['validate: done', 'train: done', 'compare: done', 'gate: done', 'report: done'];

test('a push to main measures what the next pull request is compared with', async () => {
  const { outcome, did } = await run(push);
  expect(did).toEqual(ALL);
  expect(outcome.exit).toBe(0);
  expect(outcome.outputs.run).toMatch(/^\d{8}T/);
  expect(outcome.outputs.verdict).toBe('new');
  expect(outcome.summary).toContain('tiny');
});

/** Each starts from the repository as the push above left it, with its baseline. */
describe('on a pull request', () => {
  let number = 0;
  beforeEach(() => {
    folder = join(base, `pull-${++number}`);
    cpSync(join(base, 'main'), folder, { recursive: true });
    git('checkout', '--quiet', '-b', 'topic');
  });

  test('a better model: promoted, exit 0, and the report is written', async () => {
    train(0.95);
    commit('Improve');
    const { outcome, did } = await run(pullRequest);
    expect(did).toEqual(ALL);
    expect(outcome).toMatchObject({ exit: 0, outputs: { decision: 'promote', verdict: 'better' } });
    expect(readFileSync(outcome.outputs['body-file'] ?? '', 'utf8')).toContain('accuracy');
  });

  test('a worse model: not promoted, exit 1', async () => {
    train(0.5);
    commit('Break');
    const { outcome } = await run(pullRequest);
    expect(outcome).toMatchObject({ exit: 1, outputs: { verdict: 'worse' } });
    expect(outcome.outputs.decision).not.toBe('promote');
    expect(outcome.failure).toBeUndefined();
  });

  test('a training that fails is recorded, rejected and reported', async () => {
    write('train.sh', 'echo "no memory left"; exit 3\n');
    commit('Break the training');
    const { outcome, did } = await run(pullRequest);
    expect(did.at(-1)).toBe('report: done');
    expect(outcome).toMatchObject({ exit: 1, outputs: { decision: 'reject' } });
    expect(outcome.summary).toContain('no memory left');
  });

  test('invalid data: nothing is trained on it, and the report says so', async () => {
    write('people.csv', 'age\n31\n-4\n');
    commit('Break the data');
    const { outcome, did } = await run(pullRequest);
    expect(did).toContain('validate: done');
    expect(did.at(-1)).toBe('report: done');
    expect(outcome.exit).toBe(1);
    expect(outcome.outputs.decision).not.toBe('promote');
  });

  test('data that are not there: the error is kept for the end, and the report is still written', async () => {
    git('rm', '--quiet', 'people.csv');
    git('commit', '--quiet', '--message', 'Lose the data');
    const { outcome, did } = await run(pullRequest);
    expect(did).toEqual([
      'validate: failed',
      'train: left out',
      'compare: left out',
      'gate: left out',
      'report: done',
    ]);
    expect(outcome.failure).toMatchObject({ message: expect.stringContaining('people.csv') });
    expect(existsSync(outcome.outputs['body-file'] ?? '')).toBe(true);
  });
});

test('on main a worse model is shown, and fails nothing: it is merged already', async () => {
  folder = join(base, 'main');
  train(0.5);
  commit('Break');
  const { outcome } = await run(push);
  expect(outcome).toMatchObject({ exit: 0, outputs: { decision: 'reject', verdict: 'worse' } });
});

test('a tag: says that there is nothing to do', async () => {
  const { outcome, did } = await run({ ...push, ref: { kind: 'tag', name: 'v1' } });
  expect(did).toEqual([]);
  expect(outcome).toMatchObject({ exit: 0, text: expect.stringContaining('nothing to do for the tag "v1"') });
});
