import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

/** Every example runs as its README says, in a git repository of its own. */

const root = fileURLToPath(new URL('..', import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function repositoryOf(example: string): string {
  const folder = mkdtempSync(join(tmpdir(), `assay-example-${example}-`));
  folders.push(folder);
  cpSync(join(root, 'examples', example), folder, { recursive: true });
  git(folder, 'init', '-q', '-b', 'main');
  git(folder, 'config', 'user.name', 'Ada');
  git(folder, 'config', 'user.email', 'ada@example.org');
  commit(folder, 'first');
  return folder;
}

function git(folder: string, ...args: readonly string[]): void {
  execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
}

function commit(folder: string, message: string): void {
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', message);
}

function assay(
  folder: string,
  ...words: readonly string[]
): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, CI: '', GITHUB_ACTIONS: '' };
  return spawnSync('node', [join(root, 'build/main.js'), ...words], { cwd: folder, encoding: 'utf8', env });
}

/** Runs a verb that must end with this exit code, and returns its JSON. */
function json<T>(folder: string, exit: number, ...words: readonly string[]): T {
  const result = assay(folder, ...words, '--json');
  expect(result.status, `${words.join(' ')}\n${result.stdout}\n${result.stderr}`).toBe(exit);
  return JSON.parse(result.stdout) as T;
}

function edit(folder: string, file: string, from: string, to: string): void {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

interface Run {
  readonly status: string;
  readonly metrics: readonly {
    readonly name: string;
    readonly value: number | null;
    readonly slice: unknown;
  }[];
}

function value(run: Run | undefined, name: string): number {
  const metric = run?.metrics.find((metric) => metric.name === name && metric.slice === null);
  return metric?.value ?? Number.NaN;
}

describe('examples/monorepo', () => {
  it('trains two models from two files into one history, each with its own baseline', () => {
    const folder = repositoryOf('monorepo');
    const runs = json<readonly Run[]>(folder, 0, 'train');
    expect(runs.map((run) => run.status)).toEqual(['succeeded', 'succeeded']);
    expect(value(runs[0], 'test.roc_auc')).toBeGreaterThan(0.7);
    expect(value(runs[1], 'r2')).toBeGreaterThan(0.5);
    json(folder, 0, 'gate');

    git(folder, 'checkout', '-q', '-b', 'curve');
    edit(folder, 'services/prices/assay.yml', 'degree: 1', 'degree: 2');
    commit(folder, 'Bend the price');
    json(folder, 0, 'train', 'prices');
    const comparison = json<{ baseline: { why: string; behind: number }; params: unknown }>(
      folder,
      0,
      'compare',
      '--model',
      'prices',
    );
    expect(comparison.baseline).toMatchObject({ why: 'merge base with main', behind: 0 });
    expect(comparison.params).toEqual([{ name: 'degree', baseline: 1, candidate: 2 }]);
  }, 60_000);
});

const hasScikitLearn =
  spawnSync('python3', ['-c', 'import sklearn, pandas, joblib'], { stdio: 'ignore' }).status === 0;

describe('examples/scikit-learn', () => {
  // The project's own checks install scikit-learn; a machine without it is told apart here.
  it.runIf(hasScikitLearn)(
    'scores three classes from out-of-fold predictions',
    () => {
      const folder = repositoryOf('scikit-learn');
      const run = json<Run>(folder, 0, 'train');
      expect(value(run, 'accuracy')).toBeGreaterThan(0.9);
      expect(value(run, 'log_loss')).toBeLessThan(0.4);
      expect(value(run, 'trees.mean_depth')).toBeGreaterThan(1);
      json(folder, 0, 'gate');

      git(folder, 'checkout', '-q', '-b', 'stumps');
      edit(folder, 'assay.yml', 'trees: 50', 'trees: 2');
      commit(folder, 'Save trees');
      json(folder, 0, 'train');
      const decision = json<{ decision: string; rules: readonly { outcome: string }[] }>(folder, 1, 'gate');
      expect(decision.decision).toBe('reject');
    },
    120_000,
  );
});

describe('examples/adult', () => {
  it('validates, trains one seed and reports', () => {
    const folder = repositoryOf('adult');
    json(folder, 0, 'validate');
    const run = json<Run>(folder, 0, 'train', '--seed', '1');
    expect(value(run, 'roc_auc')).toBeGreaterThan(0.89);
    const report = assay(folder, 'report');
    expect(report.status).toBe(0);
    expect(report.stdout).toContain('income');
  }, 60_000);
});
