import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.js';
import { localWorkspace } from '../src/platform/files/workspace.js';
import { readMetricsFile, readMetricsFolder } from '../src/runs/readers/readers.js';
import { openScene, write } from './history-scene.js';

/** Readers and the workspace on real files. */

const FILES = [
  'benchmark/customBiggerIsBetter_output.json',
  'benchmark/data.js',
  'dvc/dvc.lock',
  'dvc/dvc.yaml',
  'evidently/new_classification.json',
  'evidently/new_drift.json',
  'evidently/v04_classification.json',
  'evidently/v04_drift.json',
  'great_expectations/checkpoint_failure_complete.json',
  'great_expectations/checkpoint_success_describe.json',
  'great_expectations/v0_profiler.json',
  'great_expectations/validation_failure_summary.json',
  'lm-eval/results.json',
  'lm-eval/samples_facts_2026-11-25T10-16-09.907618.jsonl',
  'ml/cross_validate.json',
  'ml/junit.xml',
  'ml/keras_csvlogger.csv',
  'ml/keras_history.json',
  'ml/pytest_benchmark.json',
  'mlflow2/mlflow.db',
  'optuna/study.db',
  'promptfoo/results.json',
  'tensorboard/run_1/events.out.tfevents.1622543341.86862.0',
  'wandb-0.16/run-umenjv9y.wandb',
  'wandb-files/wandb-summary.json',
];

const scene = openScene();
afterAll(() => scene.end());
const folder = join(scene.folder, 'project');
mkdirSync(folder);
const workspace = localWorkspace({ folder });

async function read(path: string, from = workspace) {
  const file = await from.file(path);
  if (!file) throw new Error(`no ${path}`);
  return readMetricsFile(file);
}

async function errorOf(work: Promise<unknown>): Promise<UserError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error;
  throw new Error('expected a UserError', { cause: error });
}

describe('files as tools write them', () => {
  const fixtures = localWorkspace({ folder: join(import.meta.dirname, 'fixtures/metrics') });
  const metric = async (path: string, name: string) =>
    (await read(path, fixtures)).metrics.find((one) => one.name === name)?.value;

  test('the Trainer of transformers', async () => {
    const { metrics, series } = await read('trainer_state.json', fixtures);
    expect(metrics.find(({ name }) => name === 'eval_g0_accuracy')?.value).toBe(0.5935162094763092);
    const losses = series.find(({ name }) => name === 'loss');
    expect(losses?.steps.length).toBeGreaterThan(1);
    expect(losses?.steps).toEqual([...(losses?.steps ?? [])].sort((a, b) => a - b));
  });

  test('XGBoost and LightGBM: the last round', async () => {
    for (const path of ['xgboost_evals_result.json', 'lightgbm_evals_result.json']) {
      const { metrics, series } = await read(path, fixtures);
      expect(metrics.length).toBe(series.length);
      for (const { name, value } of metrics) {
        expect(value).toBe(series.find((one) => one.name === name)?.values.at(-1));
      }
    }
  });

  test('scikit-learn and DVCLive', async () => {
    expect(await metric('classification_report.json', 'macro avg.f1-score')).toBeGreaterThan(0);
    expect(await metric('dvclive.json', 'train.loss')).toBe(0.008333333333333333);
    const { metrics, series } = await read('dvclive-loss.tsv', fixtures);
    expect([metrics.length, series.length]).toEqual([1, 1]);
  });

  test.runIf(hasPython())('NaN as Python itself writes it', async () => {
    const text = execFileSync('python3', [
      '-c',
      'import json; print(json.dumps({"a": float("nan"), "b": -float("inf")}))',
    ]);
    writeFileSync(join(folder, 'python.json'), text);
    expect((await read('python.json')).metrics).toEqual([
      { name: 'a', value: null, reason: 'NaN in python.json' },
      { name: 'b', value: null, reason: '-Infinity in python.json' },
    ]);
  });
});

describe('every tool, as it writes', () => {
  const fixtures = localWorkspace({ folder: join(import.meta.dirname, 'fixtures/readers') });
  const summary = async (path: string) => {
    const { metrics, series, params, notes } = await read(path, fixtures);
    return {
      metrics: metrics.map(({ name, value, direction, n, stderr, values }) =>
        [name, value ?? 'none', direction, n && `n=${n}`, stderr && `±${stderr}`, values?.join(' ')]
          .filter((part) => part !== undefined)
          .join(' | '),
      ),
      series: series.map(({ name, values }) => `${name}: ${values.length}`),
      params,
      notes,
    };
  };

  test.each(FILES)('%s', async (path) => {
    expect(await summary(path)).toMatchSnapshot();
  });

  test('no row of the data that was validated is in what is read of it', async () => {
    for (const path of FILES.filter((file) => file.startsWith('great_expectations'))) {
      expect(JSON.stringify(await read(path, fixtures))).not.toMatch(/@|Allen|"(?:male|female)"/);
    }
  });

  test.each([
    'dvc',
    'dvc/dvclive',
    'lightning_logs',
    'mlflow2/mlruns',
    'mlflow3/mlruns',
    'tensorboard',
    'tensorboard-keras',
    'ultralytics',
    'wandb',
    'wandb-files',
  ])('the folder %s', async (path) => {
    const folder = await fixtures.folder(path);
    if (!folder) throw new Error('no folder');
    const { series, ...reading } = await readMetricsFolder(folder);
    expect({
      ...reading,
      series: series.map(({ name, values }) => `${name}: ${values.length}`),
    }).toMatchSnapshot();
  });

  test('a suite of expectations is no result', async () => {
    const error = await errorOf(read('great_expectations/suite.json', fixtures));
    expect(error.message).toMatch(/is a suite of Great Expectations, not the result/);
  });
});

describe('what is no metrics file', () => {
  test('a gigabyte of noise: refused at once', async () => {
    write(folder, 'noise.json', 'x');
    truncateSync(join(folder, 'noise.json'), 1e9);
    expect((await errorOf(read('noise.json'))).message).toBe(
      'noise.json is 1 GB; metrics files are read up to 50 MB',
    );
  });

  test('a byte that is not UTF-8: its line', async () => {
    const content = Buffer.concat([Buffer.from('{"a": 1,\n"b'), Buffer.from([0xff]), Buffer.from('": 2}\n')]);
    writeFileSync(join(folder, 'latin.json'), content);
    const error = await errorOf(read('latin.json'));
    expect(error.message).toBe('not UTF-8 text');
    expect(error.location).toEqual({ file: 'latin.json', line: 2 });
  });

  test('a folder', async () => {
    mkdirSync(join(folder, 'out'));
    const error = await errorOf(workspace.file('out'));
    expect([error.message, error.mend]).toEqual([
      'out is a folder, not a file',
      'name the files in it, such as out/*.json',
    ]);
  });

  test('a pipe, which would never end', async () => {
    execFileSync('/bin/sh', ['-c', 'mkfifo pipe.json'], { cwd: folder });
    expect((await errorOf(workspace.file('pipe.json'))).message).toBe('pipe.json is not a regular file');
  });
});

describe('paths never leave the folder', () => {
  write(scene.folder, 'outside.json', '{"a": 1}');
  symlinkSync('../outside.json', join(folder, 'link.json'));
  symlinkSync('..', join(folder, 'up'));

  test.each([
    '../outside.json',
    'a/../../outside.json',
    '/etc/passwd',
    'up/outside.json',
    'link.json',
    'a\0b',
  ])('%j', async (path) => {
    await errorOf(workspace.file(path));
    await errorOf(workspace.modified(path));
  });

  test('nor do patterns', async () => {
    await errorOf(workspace.glob(['../*.json']));
    await errorOf(workspace.glob(['/etc/*']));
    write(folder, 'deep/inside.json', '{}');
    expect(await workspace.glob(['**/outside.json', '**/inside.json'])).toEqual(['deep/inside.json']);
  });

  test('a name that only looks like it is fine', async () => {
    write(folder, '..hidden.json', '{"a": 1}');
    expect(await workspace.file('..hidden.json')).toBeDefined();
    expect(await workspace.file('./deep/../..hidden.json')).toBeDefined();
  });
});

describe('modified', () => {
  test('undefined for what is not there', async () => {
    expect(await workspace.modified('nothing.json')).toBeUndefined();
    expect(await workspace.modified('noise.json/below')).toBeUndefined();
  });

  test('a write at once after is seen, and so is one that keeps the old time', async () => {
    write(folder, 'm.json', '{"a": 1}');
    const first = await workspace.modified('m.json');
    write(folder, 'm.json', '{"a": 1}');
    const second = await workspace.modified('m.json');
    expect(second).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
    utimesSync(join(folder, 'm.json'), 1, 1);
    expect(await workspace.modified('m.json')).toBeGreaterThan(second ?? Number.POSITIVE_INFINITY);
  });

  test('of a folder: a file deep in it', async () => {
    write(folder, 'model/a/b.bin', '1');
    const first = await workspace.modified('model');
    write(folder, 'model/a/b.bin', '2');
    expect(await workspace.modified('model')).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
  });
});

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
