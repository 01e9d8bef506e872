import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { VERBS } from '../src/commands/verbs.js';
import { mlflowFiles } from '../src/runs/mlflow-export.js';
import { type RunRecord, runRecord } from '../src/runs/record.js';
import { metricOf, runOf } from './fakes/run.js';
import { testWorld } from './fakes/world.js';
import {
  fingerprint,
  git,
  makeRepository,
  openHistory,
  openScene,
  type Scene,
  write,
} from './history-scene.js';

/** Whole histories of other tools, brought and handed over. */

const fixtures = join(import.meta.dirname, 'fixtures/readers');
let scene: Scene;
let folder: string;
beforeEach(() => {
  scene = openScene();
  folder = makeRepository(join(scene.folder, 'here'), 1);
  write(
    folder,
    'assay.yml',
    'models: { income: { train: { run: x }, metrics: { from: [m.json], rules: { val/loss: { direction: none } } } } }',
  );
});
afterEach(() => scene.end());

async function assay(name: string, ...words: string[]) {
  const verb = await VERBS[name]?.load();
  if (!verb) throw new Error(`no verb ${name}`);
  const warnings: string[] = [];
  const world = testWorld({ cwd: folder });
  const terminal = { ...world.terminal, warn: (line: string) => warnings.push(line) };
  const outcome = await verb.run(parseInput(verb.spec, words), { ...world, terminal });
  return { ...(outcome.json as { added: number; present: number; records: number }), warnings };
}

async function runs(): Promise<readonly RunRecord[]> {
  const records = await openHistory(folder).list({ kind: 'run' });
  return records.map((record) => runRecord.parse(record)).toReversed();
}

/** The second import of the same adds nothing, and the history is what it was. */
async function importTwice(...words: string[]) {
  const first = await assay('import', ...words);
  const after = await openHistory(folder).list({ kind: 'run' });
  const again = await assay('import', ...words);
  expect(again).toMatchObject({ added: 0, present: first.added });
  expect(await openHistory(folder).list({ kind: 'run' })).toEqual(after);
  return first;
}

describe('import mlflow', () => {
  test.each(['mlflow2/mlflow.db', 'mlflow2/mlruns'])(
    '%s: every run that has ended, folds as values',
    async (path) => {
      const { added, warnings } = await importTwice('mlflow', join(fixtures, path), '--model', 'income');
      expect([added, warnings]).toEqual([3, ['1 run left aside: not ended yet']]);
      const [failed, diverged, whole] = await runs();
      expect(failed).toMatchObject({
        status: 'failed',
        reason: 'FAILED in MLflow',
        environment: null,
        command: null,
      });
      expect(diverged?.metrics).toMatchObject([
        { name: 'accuracy', value: 0.2 },
        { name: 'loss', value: null, reason: expect.stringMatching(/^NaN in /) },
        { name: 'worst', value: null },
      ]);
      expect(whole).toMatchObject({
        model: 'income',
        time: '2023-11-14T22:13:20.000Z',
        commit: '0000000000000000000000000000000000000000',
        actor: 'fixture',
        params: { 'model/depth': 3 },
        trigger: { event: 'import' },
        imported: { tool: 'mlflow', name: 'cross validation', group: 'cv' },
      });
      expect(
        whole?.metrics.map(({ name, direction, seed_values }) => [name, direction, seed_values]),
      ).toEqual([
        ['fit/seconds', 'none', null],
        ['accuracy', 'higher', [0.7, 0.7999999999999999, 0.8999999999999999]],
        ['val/loss', 'none', [0.5, 0.4, 0.3]],
      ]);
    },
  );

  test('without a model: one named like the experiment, and the run around a nested one', async () => {
    await importTwice('mlflow', join(fixtures, 'mlflow3/mlruns'));
    const all = await runs();
    expect(all.map(({ model }) => model)).toEqual(Array(5).fill('income'));
    const child = all.find(({ imported }) => imported?.name === 'child 0');
    expect(all.find(({ id }) => id === child?.parent)?.imported?.name).toBe('logistic');
  });

  test('a store that grew: only what is new is added', async () => {
    const store = join(folder, 'mlruns');
    const add = (id: string, started: number): void => {
      for (const inner of ['metrics', 'params', 'tags'])
        mkdirSync(join(store, '1', id, inner), { recursive: true });
      writeFileSync(join(store, '1/meta.yaml'), "experiment_id: '1'\nname: Grown & Sons\n");
      writeFileSync(
        join(store, '1', id, 'meta.yaml'),
        `run_id: ${id}\nstatus: 3\nstart_time: ${started}\nend_time: null\n`,
      );
      writeFileSync(join(store, '1', id, 'metrics/acc'), '1 0.5 0\n');
    };
    add('a'.repeat(32), 1_700_000_000_000);
    expect((await assay('import', 'mlflow', 'mlruns')).added).toBe(1);
    add('b'.repeat(32), 1_700_000_001_000);
    // What changes in a run that was recorded does not change the record.
    writeFileSync(join(store, '1', 'a'.repeat(32), 'metrics/acc'), '1 0.6 0\n');
    expect(await assay('import', 'mlflow', 'mlruns')).toMatchObject({ added: 1, present: 1 });
    const [first] = await runs();
    expect(first).toMatchObject({
      model: 'grown-sons',
      seconds: null,
      metrics: [{ value: 0.5, source: 'mlruns' }],
    });
  });

  test.each([
    ['nothing', /^nothing is not there$/],
    ['assay.yml', /cannot be read as an SQLite database/],
    ['.', /is no store of MLflow$/],
    [join(fixtures, 'optuna/study.db'), /is an SQLite database, but not of MLflow$/],
  ])('%s is refused', async (path, message) => {
    await expect(assay('import', 'mlflow', path)).rejects.toThrow(message);
  });

  test('a model that cannot be one', async () => {
    await expect(
      assay('import', 'mlflow', join(fixtures, 'mlflow3/mlruns'), '--model', '../x'),
    ).rejects.toThrow(/is no name of a model/);
  });
});

test('import wandb: a run for each log that has an end', async () => {
  mkdirSync(join(folder, 'wandb/run-20260101_000000-killed00'), { recursive: true });
  const [run = ''] = readdirSync(join(fixtures, 'wandb'));
  const log = readFileSync(join(fixtures, 'wandb', run, 'run-zu6sv0n1.wandb'));
  writeFileSync(join(folder, 'wandb/run-20260101_000000-killed00/run-killed00.wandb'), log.subarray(0, 2500));
  mkdirSync(join(folder, 'wandb', run));
  writeFileSync(join(folder, 'wandb', run, 'run-zu6sv0n1.wandb'), log);
  const { added, warnings } = await importTwice('wandb', 'wandb');
  expect([added, warnings]).toEqual([
    1,
    ['1 run left aside: without an end in the log: killed, or still going'],
  ]);
  const [record] = await runs();
  expect(record).toMatchObject({
    model: 'income',
    status: 'succeeded',
    params: { lr: 0.1, depth: 6 },
    imported: { tool: 'wandb', id: 'zu6sv0n1', name: 'logistic', group: 'income' },
  });
  expect(record?.series.map(({ name, values }) => [name, values.length])).toEqual([
    ['train/loss', 12],
    ['val.acc', 12],
  ]);
});

describe('import dvc', () => {
  const commit = (time: number, files: Readonly<Record<string, string>>): string => {
    for (const [path, text] of Object.entries(files)) write(folder, path, text);
    git(folder, 'add', '-A');
    const date = `${time} +0000`;
    execFileSync('git', ['commit', '-q', '--allow-empty', '-m', 'x'], {
      cwd: folder,
      env: { ...process.env, GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date },
    });
    return git(folder, 'rev-parse', 'HEAD').trim();
  };
  const pipeline = 'stages:\n  train:\n    cmd: x\n    metrics:\n    - m.json:\n        cache: false\n';

  test('a run for each commit whose metrics or params are others than before', async () => {
    commit(1_700_000_000, { 'ml/dvc.yaml': pipeline });
    const first = commit(1_700_000_001, { 'ml/m.json': '{"acc": 0.5}', 'ml/params.yaml': 'lr: 0.1\n' });
    commit(1_700_000_002, { 'README.md': 'x' });
    const second = commit(1_700_000_003, { 'ml/params.yaml': 'lr: 0.2\n' });
    commit(1_700_000_004, { 'ml/m.json': '<<<<<<< HEAD\n' });
    const third = commit(1_700_000_005, { 'ml/m.json': '{"acc": 0.7}' });
    const { added, warnings } = await importTwice('dvc', 'ml', '--model', 'income');
    expect(added).toBe(3);
    expect(warnings).toEqual([
      '1 run left aside: dvc.yaml names the metrics file m.json, which is missing',
      expect.stringMatching(/^1 run left aside: m\.json is in no format/),
    ]);
    expect((await runs()).map((run) => [run.commit, run.time, run.params, run.metrics[0]?.value])).toEqual([
      [first, '2023-11-14T22:13:21.000Z', { lr: 0.1 }, 0.5],
      [second, '2023-11-14T22:13:23.000Z', { lr: 0.2 }, 0.5],
      [third, '2023-11-14T22:13:25.000Z', { lr: 0.2 }, 0.7],
    ]);
    expect((await runs())[0]).toMatchObject({
      actor: expect.any(String),
      code: { dirty: false },
      seconds: null,
    });
  });

  test('metrics that git does not keep come from the cache of DVC', async () => {
    const md5 = '0123456789abcdef0123456789abcdef';
    write(folder, '.gitignore', 'm.json\n.dvc/cache\n');
    write(folder, `.dvc/cache/files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`, '{"acc": 0.9}');
    commit(1_700_000_000, {
      'dvc.yaml': 'stages:\n  train:\n    cmd: x\n    metrics: [m.json]\n',
      'dvc.lock': `schema: '2.0'\nstages:\n  train:\n    cmd: x\n    params:\n      params.yaml:\n        lr: 0.3\n    outs:\n    - path: m.json\n      md5: ${md5}\n`,
    });
    expect((await importTwice('dvc', '.', '--model', 'income')).added).toBe(1);
    expect((await runs())[0]).toMatchObject({ params: { lr: 0.3 }, metrics: [{ name: 'acc', value: 0.9 }] });
  });

  test('a repository as DVC and DVCLive leave it', async () => {
    execFileSync('tar', ['xzf', join(fixtures, 'dvc/repo.tar.gz')], { cwd: folder });
    const [repository = ''] = readdirSync(folder).filter((name) => existsSync(join(folder, name, '.dvc')));
    await importTwice('dvc', repository);
    const [run] = await runs();
    expect(run).toMatchObject({ model: 'dvc', params: { seed: 1, train: { epochs: 6, lr: 0.05 } } });
    expect(run?.metrics.find(({ name }) => name === 'accuracy')?.value).toBe(0.7999999999999999);
  });

  test('no pipeline, and paths that lead out of the repository', async () => {
    await expect(assay('import', 'dvc', '.')).rejects.toThrow(/has no dvc\.yaml in its newest commit/);
    commit(1_700_000_000, { 'dvc.yaml': 'metrics: [../../../../etc/passwd]\n' });
    const { added, warnings } = await assay('import', 'dvc', '.');
    expect([added, warnings.length]).toEqual([0, 1]);
  });
});

test('import benchmark-action: an evaluation for each entry, with its commit and date', async () => {
  const entry = (date: number, value: number): object => ({
    commit: { id: 'a'.repeat(40), author: { username: 'ada' } },
    date,
    tool: 'customBiggerIsBetter',
    benches: [{ name: 'speed', unit: 'x', value }],
  });
  const data = {
    entries: {
      'My suite': [entry(1_700_000_000_000, 1), entry(1_700_000_001_000, 2)],
      other: [entry(9e99, 1)],
    },
  };
  write(folder, 'data.js', `window.BENCHMARK_DATA = ${JSON.stringify(data)};\n`);
  const { added, warnings } = await importTwice('benchmark-action', 'data.js');
  expect([added, warnings]).toEqual([2, ['1 run left aside: without a date that a record can have']]);
  expect(await runs()).toMatchObject([
    {
      model: 'my-suite',
      purpose: 'evaluate',
      commit: 'a'.repeat(40),
      actor: 'ada',
      metrics: [{ name: 'speed', value: 1, direction: 'higher' }],
    },
    { time: '2023-11-14T22:13:21.000Z', metrics: [{ value: 2 }] },
  ]);
  await expect(assay('import', 'benchmark-action', 'assay.yml')).rejects.toThrow(/is not the data\.js/);
});

describe('export mlflow', () => {
  const run = runOf({
    id: '20260101T000000000Z-00000001',
    time: '2026-01-01T00:00:00.000Z',
    params: { lr: 0.1, model: { depth: 3, 'a/b': ['x'] } },
    metrics: [
      { ...metricOf('accuracy', 0.9), stderr: 0.01, seed_values: [0.8, 1] },
      metricOf('loss', 0.25),
      { ...metricOf('auc', null), reason: 'only one class among the labels' },
      { ...metricOf('accuracy', 0.5), slice: { sex: 'Female' } },
      metricOf('../../escape', 1),
      metricOf('loss/inner', 2),
    ],
    series: [{ name: 'loss', seed: null, steps: [0, 1, 2], values: [1, null, 0.25] }],
  });

  test('the same files again, and what is there is left', async () => {
    await openHistory(folder).append([run]);
    expect((await assay('export', 'mlflow', 'out')).records).toBe(1);
    const before = fingerprint(join(folder, 'out'));
    expect((await assay('export', 'mlflow', 'out')).records).toBe(0);
    expect(fingerprint(join(folder, 'out'))).toEqual(before);
    await expect(assay('export', 'mlflow', '.')).rejects.toThrow(/is no store of MLflow/);
  });

  test('what was exported is not imported as if another tool had made it', async () => {
    await openHistory(folder).append([run]);
    await assay('export', 'mlflow', 'out');
    expect(await assay('import', 'mlflow', 'out')).toMatchObject({
      added: 0,
      warnings: [expect.stringMatching(/^1 run left aside: exported by Assay/)],
    });
  });

  test('any names become paths that stay in the run, each once, none the folder of another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', '/', '.', '\\', ' ', '\n', 'é', '😀') })),
        (names) => {
          const metrics = names.map((name) => metricOf(name, 1));
          const files = mlflowFiles(
            { ...run, metrics, series: [] },
            { experiment: '1', location: 'file:///x' },
          );
          const paths = files.map(({ path }) => path);
          expect(new Set(paths).size).toBe(paths.length);
          for (const path of paths) {
            expect(path.split('/').every((part) => part !== '' && !/^\.+$/.test(part))).toBe(true);
            expect(paths.some((other) => other.startsWith(`${path}/`))).toBe(false);
          }
        },
      ),
    );
  });

  test.runIf(hasMlflow())(
    'MLflow itself opens it (needs mlflow-skinny for python3 on PATH)',
    { timeout: 120_000 },
    async () => {
      await openHistory(folder).append([run]);
      await assay('import', 'mlflow', join(fixtures, 'mlflow3/mlruns'));
      await assay('export', 'mlflow', 'out');
      const script = `
import json, sys
from mlflow.tracking import MlflowClient
client = MlflowClient(sys.argv[1])
found = []
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        found.append([run.info.run_name, run.info.status, {k: repr(v) for k, v in run.data.metrics.items()}, run.data.params,
                      [[p.step, repr(p.value)] for p in client.get_metric_history(run.info.run_id, 'loss')]])
print(json.dumps(sorted(found, key=lambda one: one[0])))`;
      const out = execFileSync('python3', ['-c', script, `file://${join(folder, 'out')}`], {
        env: { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true' },
        encoding: 'utf8',
      });
      const found = JSON.parse(out.trim().split('\n').at(-1) ?? '');
      expect(found.map(([name, status]: readonly string[]) => `${name} ${status}`)).toEqual([
        '20260101T000000000Z-00000001 FINISHED',
        'boosting FINISHED',
        'child 0 FINISHED',
        'crashed FAILED',
        'forest FINISHED',
        'logistic FINISHED',
      ]);
      const [, , metrics, params, history] = found[0];
      expect(params).toEqual({ lr: '0.1', 'model.depth': '3', 'model.a/b': '["x"]' });
      expect(history).toEqual([
        [0, '1.0'],
        [1, 'nan'],
        [2, '0.25'],
      ]);
      expect(metrics).toMatchObject({ accuracy: '0.9', accuracy_stderr: '0.01', loss: '0.25', auc: 'nan' });
    },
  );
});

function hasMlflow(): boolean {
  try {
    const find = 'import sys, importlib.util as u; sys.exit(u.find_spec("mlflow") is None)';
    execFileSync('python3', ['-c', find], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
