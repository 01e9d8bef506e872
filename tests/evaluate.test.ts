import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import type { Outcome } from '../src/commands/command-line/verb.js';
import { openProject } from '../src/commands/project/project.js';
import { VERBS } from '../src/commands/verbs.js';
import type { UserError } from '../src/errors.js';
import { type RunRecord, runRecord } from '../src/runs/record.js';
import { runOf } from './fakes/run.js';
import { testWorld } from './fakes/world.js';
import { git, makeRepository, openScene, type Scene, write } from './history-scene.js';

/** `assay evaluate` in a real repository with a real history and artifact store. */

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/predictions/${name}`, import.meta.url));

const CONFIG = `
models:
  income:
    train: { run: node train.mjs }
    metrics: { rules: { selection_rate: { direction: lower } } }
    evaluate:
      predictions: out/predictions.csv
      task: binary
      slices: [sex, [sex, race]]
`;

let scene: Scene;
let folder: string;
let world: ReturnType<typeof testWorld>;
/** Runs in the history: a refusal adds none. */
let recorded: number;

beforeEach(() => {
  scene = openScene();
  folder = join(scene.folder, 'repository');
  makeRepository(folder, 1);
  write(folder, 'assay.yml', CONFIG);
  write(folder, '.gitignore', 'out/\n');
  git(folder, 'add', '.');
  git(folder, 'commit', '--quiet', '--message', 'config');
  write(folder, 'out/predictions.csv', readFileSync(fixture('adult_logistic.csv'), 'utf8'));
  world = testWorld({ cwd: folder });
  recorded = 0;
});
afterEach(() => scene.end());

async function evaluate(...words: string[]): Promise<Outcome> {
  const verb = await VERBS.evaluate?.load();
  if (!verb) throw new Error('no verb evaluate');
  return verb.run(parseInput(verb.spec, words), world);
}

async function refusal(...words: string[]): Promise<UserError> {
  const error = await evaluate(...words).then(
    () => undefined,
    (error: UserError) => error,
  );
  expect(error?.name).toBe('UserError');
  expect(await runs()).toHaveLength(recorded);
  return error as UserError;
}

async function runs(): Promise<readonly RunRecord[]> {
  const project = await openProject(world, 'assay.yml');
  const found = await (await project.history()).list({ kind: 'run' });
  return found.map((record) => runRecord.parse(record));
}

/** A training run of the first commit that kept a predictions file for each of its seeds. */
async function trained(files: readonly string[], seeds: readonly number[]): Promise<RunRecord> {
  const project = await openProject(world, 'assay.yml');
  const store = await project.artifacts();
  const artifacts = [];
  for (const [index, file] of files.entries()) {
    copyFileSync(fixture(file), join(folder, 'out/predictions.csv'));
    const name = index === 0 ? 'predictions' : `predictions.seed-${seeds[index]}`;
    artifacts.push(await store.put(name, join(folder, 'out/predictions.csv')));
  }
  const base = runOf();
  const run = runOf({
    commit: git(folder, 'rev-parse', 'HEAD~1'),
    artifacts,
    seed: seeds.length === 1 ? (seeds[0] ?? null) : null,
    seeds: seeds.flatMap((seed) => base.seeds.map((entry) => ({ ...entry, seed }))),
    params: { depth: 6 },
    data: [{ name: 'adult', digest: 'd'.repeat(64), rows: 4000 }],
  });
  await (await project.history()).append([run]);
  recorded++;
  return run;
}

const metricOf = (
  run: RunRecord | undefined,
  name: string,
  slice: RunRecord['metrics'][number]['slice'] = null,
) =>
  run?.metrics.find(
    (metric) => metric.name === name && JSON.stringify(metric.slice) === JSON.stringify(slice),
  );

describe('assay evaluate', () => {
  it('scores the predictions file of the working tree and records a run', async () => {
    const outcome = await evaluate();
    const [run] = await runs();
    expect(outcome.exit).toBe(0);
    expect(outcome.json).toEqual(run);
    expect(run).toMatchObject({
      model: 'income',
      purpose: 'evaluate',
      status: 'succeeded',
      commit: git(folder, 'rev-parse', 'HEAD'),
      code: { branch: 'main', dirty: false },
      command: null,
      seeds: [],
      parent: null,
      artifacts: [{ name: 'predictions', path: 'out/predictions.csv' }],
    });
    expect(metricOf(run, 'accuracy')).toMatchObject({
      value: 0.85125,
      n: 4000,
      split: 'test',
      direction: 'higher',
      source: 'out/predictions.csv',
    });
    expect(metricOf(run, 'accuracy')?.stderr).toBeCloseTo(Math.sqrt((0.85125 * 0.14875) / 4000), 12);
    expect(metricOf(run, 'selection_rate')?.direction).toBe('lower');
    expect(metricOf(run, 'accuracy', { sex: 'Female' })?.n).toBe(1329);
    expect(outcome.outputs.run).toBe(run?.id);
    expect(JSON.parse(outcome.outputs.metrics ?? '')).toMatchObject({ accuracy: 0.85125 });
  });

  it('tells a person what it found', async () => {
    const { text } = await evaluate('income');
    expect(text.replaceAll(/\d{8}T\d{9}Z-[0-9a-f]{8}/g, 'ID')).toMatchInlineSnapshot(`
      "income: scored out/predictions.csv (4,000 rows)
        recorded as run ID

      metric             value
      roc_auc            0.90465 ± 0.005
      average_precision  0.75687 ± 0.013
      log_loss           0.3223 ± 0.0086
      brier              0.10351 ± 0.0031
      accuracy           0.85125 ± 0.0056
      balanced_accuracy  0.76435 ± 0.0083
      precision_binary   0.73146 ± 0.016
      recall_binary      0.5977 ± 0.016
      f1_binary          0.65785 ± 0.013

      slice                                rows  roc_auc           average_precision  log_loss            brier
      sex=Female                           1329  0.94118 ± 0.0085  0.71261 ± 0.036    0.18403 ± 0.013     0.055432 ± 0.0044
      sex=Male                             2671  0.87764 ± 0.0068  0.76483 ± 0.014    0.39109 ± 0.011     0.12743 ± 0.004
      sex=Female, race=Amer-Indian-Eskimo    17  0.93333 ± 0.081   0.75 ± 0.22        0.30028 ± 0.18      0.096607 ± 0.063
      sex=Female, race=Asian-Pac-Islander    47  0.86585 ± 0.099   0.665 ± 0.17       0.25227 ± 0.095     0.070327 ± 0.025
      sex=Female, race=Black                163  0.9379 ± 0.026    0.49615 ± 0.15     0.11811 ± 0.029     0.034686 ± 0.01
      sex=Female, race=Other                 11  none              none               0.0088559 ± 0.0027  0.00015243 ± 8.1e-5
      sex=Female, race=White               1091  0.9433 ± 0.0088   0.72867 ± 0.037    0.19089 ± 0.014     0.057805 ± 0.0049
      sex=Male, race=Amer-Indian-Eskimo      23  0.68421 ± 0.18    0.48596 ± 0.21     0.42604 ± 0.19      0.12054 ± 0.056
      sex=Male, race=Asian-Pac-Islander      90  0.80927 ± 0.047   0.75835 ± 0.065    0.51788 ± 0.077     0.17385 ± 0.028
      sex=Male, race=Black                  215  0.90868 ± 0.024   0.67706 ± 0.075    0.25821 ± 0.034     0.08134 ± 0.012
      sex=Male, race=Other                   24  0.85 ± 0.11       0.55609 ± 0.24     0.36312 ± 0.14      0.11516 ± 0.047
      sex=Male, race=White                 2319  0.87687 ± 0.0072  0.77196 ± 0.015    0.39844 ± 0.012     0.1301 ± 0.0042
      none: only one class among the labels.

      ± is one standard error over the rows.
      30 more metrics: assay show ID"
    `);
    expect((await evaluate('income', '--all')).text).toContain('jaccard_binary');
  });

  it('scores another file, relative to where the user is', async () => {
    copyFileSync(fixture('adult_gradient_boosting.csv'), join(scene.folder, 'other.csv'));
    const { json } = await evaluate('--predictions', '../other.csv');
    expect(metricOf(json as RunRecord, 'accuracy')?.value).toBe(0.87375);
  });

  it('reads Parquet', async () => {
    copyFileSync(fixture('adult_logistic.parquet'), join(folder, 'out/predictions.parquet'));
    const fromCsv = (await evaluate()).json as RunRecord;
    const fromParquet = (await evaluate('--predictions', 'out/predictions.parquet')).json as RunRecord;
    const values = (run: RunRecord) => run.metrics.map(({ source: _, ...metric }) => metric);
    expect(values(fromParquet)).toEqual(values(fromCsv));
  });

  it('reads what gzip packed', async () => {
    const fromCsv = (await evaluate()).json as RunRecord;
    const packed = gzipSync(readFileSync(fixture('adult_logistic.csv')));
    writeFileSync(join(folder, 'out/predictions.csv.gz'), packed);
    const fromGzip = (await evaluate('--predictions', 'out/predictions.csv.gz')).json as RunRecord;
    expect(fromGzip.metrics).toEqual(fromCsv.metrics);
  });

  it.skipIf(spawnSync('zstd', ['--version']).status !== 0)(
    'reads what zstd packed (skipped where there is no zstd to pack it)',
    async () => {
      const fromCsv = (await evaluate()).json as RunRecord;
      const packed = join(folder, 'out/predictions.csv.zst');
      spawnSync('zstd', ['-q', fixture('adult_logistic.csv'), '-o', packed]);
      const fromZstd = (await evaluate('--predictions', 'out/predictions.csv.zst')).json as RunRecord;
      expect(fromZstd.metrics).toEqual(fromCsv.metrics);
      writeFileSync(packed, readFileSync(packed).subarray(0, 2000));
      recorded = 2;
      const error = await refusal('--predictions', 'out/predictions.csv.zst');
      expect(error.message).toContain('is not a whole zstd file');
    },
  );

  it('records how its metrics were defined: settings, commands and the code they name', async () => {
    const custom = (threshold: number) =>
      write(
        folder,
        'assay.yml',
        `${CONFIG}      threshold: ${threshold}\n      custom: [{ name: profit, run: 'sh profit.sh' }]\n`,
      );
    write(folder, 'profit.sh', 'echo 1\n');
    custom(0.5);
    const definition = async () => ((await evaluate()).json as RunRecord).evaluation;
    const before = await definition();
    expect(before).toMatchObject({
      source: 'out/predictions.csv',
      custom: { 'evaluate.custom.profit': expect.any(String) },
    });
    expect(await definition()).toEqual(before);
    write(folder, 'profit.sh', 'echo 2\n');
    const otherCode = await definition();
    expect(otherCode?.scores).toBe(before?.scores);
    expect(otherCode?.custom).not.toEqual(before?.custom);
    custom(0.4);
    expect((await definition())?.scores).not.toBe(before?.scores);
  });

  it('scores the predictions that a run kept, with the slices of today', async () => {
    const parent = await trained(['adult_logistic.csv'], [7]);
    write(folder, 'out/predictions.csv', 'something else');
    const { json } = await evaluate('--run', parent.id);
    expect(json).toMatchObject({
      parent: parent.id,
      purpose: 'evaluate',
      commit: parent.commit,
      code: parent.code,
      params: { depth: 6 },
      seed: 7,
      data: parent.data,
      artifacts: parent.artifacts,
    });
    expect(metricOf(json as RunRecord, 'accuracy', { sex: 'Male', race: 'Black' })?.n).toBe(215);
  });

  it('merges the seeds of a run', async () => {
    const parent = await trained(['adult_logistic.csv', 'adult_gradient_boosting.csv'], [1, 2]);
    const run = (await evaluate('income', '--run', parent.id.slice(0, 20))).json as RunRecord;
    expect(metricOf(run, 'accuracy')).toMatchObject({
      value: 0.8625,
      seed_values: [0.85125, 0.87375],
      n: 4000,
    });
    expect(run.seeds).toEqual(parent.seeds);
    expect(run.artifacts.map((artifact) => artifact.name)).toEqual(['predictions', 'predictions.seed-2']);
  });

  it('keeps curves, and metrics that commands of the team compute', async () => {
    write(
      folder,
      'assay.yml',
      `${CONFIG}      custom:
        - { name: rows, run: 'node -e "console.error(123); console.log(require(\\"fs\\").readFileSync(process.env.ASSAY_PREDICTIONS, \\"utf8\\").trim().split(/\\\\n/).length - 1)"' }
        - { name: more, run: 'echo "{\\"cost\\": 7}"' }
`,
    );
    const { json } = await evaluate();
    const run = json as RunRecord;
    expect(metricOf(run, 'rows')).toMatchObject({
      value: 4000,
      source: 'evaluate.custom.rows',
      split: 'test',
    });
    expect(metricOf(run, 'cost')).toMatchObject({ value: 7, source: 'evaluate.custom.more' });
    expect(run.curves?.map(({ kind }) => kind)).toEqual([
      'roc',
      'precision_recall',
      'calibration',
      'confusion',
    ]);
    // A kept run is scored again from a file of the same name.
    const again = (await evaluate('--run', run.id)).json as RunRecord;
    expect(again.curves).toEqual(run.curves?.map((curve) => ({ ...curve, seed: 0 })));
    expect(metricOf(again, 'rows')?.value).toBe(4000);
  });

  it('scores every model that can be scored', async () => {
    const second = '  plain: { metrics: { from: [metrics.json] } }\n  other:\n';
    const block = CONFIG.slice(CONFIG.indexOf('    evaluate:')).replace('out/p', 'out/other-p');
    copyFileSync(fixture('adult_gradient_boosting.csv'), join(folder, 'out/other-predictions.csv'));
    write(folder, 'assay.yml', `${CONFIG}${second}${block}`);
    const { json, outputs } = await evaluate();
    expect((json as readonly RunRecord[]).map((run) => run.model)).toEqual(['income', 'other']);
    expect(outputs.run?.split('\n')).toHaveLength(2);
    expect(JSON.parse(outputs.metrics ?? '')).toMatchObject({
      income: { accuracy: 0.85125 },
      other: { accuracy: 0.87375 },
    });
    expect((await evaluate('--run', outputs.run?.split('\n')[1] ?? '')).json).toMatchObject({
      model: 'other',
    });
    await expect(evaluate('--run', 'other@v1.0.0')).rejects.toThrow('is neither a run of other');
    recorded = 3;
    const error = await refusal('--predictions', 'out/predictions.csv');
    expect(error.message).toBe('there are several models: which one made these predictions?');
  });

  it('works without git', async () => {
    const plain = join(scene.folder, 'plain');
    write(plain, 'assay.yml', CONFIG);
    write(plain, 'out/predictions.csv', 'y_true,y_pred,sex,race\n1,1,M,A\n0,1,F,B\n');
    world = testWorld({ cwd: plain });
    expect((await evaluate()).json).toMatchObject({ commit: null, code: { commit: null, branch: null } });
    expect((await evaluate()).text).toContain('none (no score column)');
  });
});

describe('assay evaluate refuses', () => {
  it('a file with defects, telling all of them', async () => {
    const error = await refusal('--predictions', fixture('adult_defects.csv'));
    expect(error.message).toBe(
      '4 defects in the predictions: y_score is missing or NaN in 1 row: line 7; y_score is outside [0, 1] in 1 row: line 11; ' +
        'y_true is missing in 1 row: line 13; 1 duplicate of id: line 62 repeats line 22',
    );
    expect(error.location).toEqual({ file: fixture('adult_defects.csv'), line: 7 });
    expect(error.mend).toContain('write probabilities');
  });

  it('a file that is not there, a folder, and what is no text', async () => {
    expect(await refusal('--predictions', 'absent.csv')).toMatchObject({
      message: 'there is no such predictions file',
      location: { file: 'absent.csv' },
    });
    expect((await refusal('--predictions', 'out')).message).toBe('the predictions must be a file');
    writeFileSync(join(folder, 'bytes.csv'), Uint8Array.of(31, 139, 8, 0, 255));
    expect((await refusal('--predictions', 'bytes.csv')).message).toBe(
      'the predictions file is not readable as gzip: it is cut off or damaged',
    );
    writeFileSync(join(folder, 'bytes.csv'), Uint8Array.of(200, 139, 8, 0, 255));
    expect((await refusal('--predictions', 'bytes.csv')).message).toBe(
      'the predictions file is not text in UTF-8',
    );
    writeFileSync(join(folder, 'huge.csv.gz'), gzipSync(Buffer.alloc(500_000_001), { level: 1 }));
    expect((await refusal('--predictions', 'huge.csv.gz')).message).toMatch(
      /^the predictions file unpacks to more than /,
    );
  });

  it('Parquet that is cut off', async () => {
    const whole = readFileSync(fixture('adult_logistic.parquet'));
    writeFileSync(join(folder, 'cut.parquet'), whole.subarray(0, 20_000));
    expect((await refusal('--predictions', 'cut.parquet')).message).toBe(
      'the predictions file is not readable as Parquet',
    );
  });

  it.each([
    ['exit 3', /^evaluate\.custom\.mine failed \(exit 3\)/],
    ['echo why >&2; exit 1', /^evaluate\.custom\.mine failed \(exit 1\): why$/],
    ['echo no', /^evaluate\.custom\.mine did not print JSON$/],
    ['head -c 1000001 /dev/zero', /^evaluate\.custom\.mine printed .* at most/],
    ['sleep 30', /^evaluate\.custom\.mine did not end within 1 s$/],
    [`echo '{"accuracy": 1}'`, /prints "accuracy", which is computed already$/],
  ])('a custom metric that fails: %s', async (run, message) => {
    write(
      folder,
      'assay.yml',
      `${CONFIG}      custom: [{ name: mine, timeout: 1s, run: ${JSON.stringify(run)} }]\n`,
    );
    expect((await refusal()).message).toMatch(message);
  });

  it('a run that kept no predictions', async () => {
    const parent = await trained([], [1]);
    expect((await refusal('--run', parent.id)).message).toBe(`run ${parent.id} kept no predictions`);
  });

  it('a run that is not there', async () => {
    expect((await refusal('--run', '2020')).message).toContain('"2020" is neither a run of income');
  });

  it('a run and a file at once', async () => {
    expect((await refusal('--run', 'a', '--predictions', 'b')).message).toBe(
      '--run and --predictions exclude each other',
    );
  });

  it('a model without an evaluate part', async () => {
    write(folder, 'assay.yml', 'models: { income: { metrics: { from: [metrics.json] } } }\n');
    const error = await refusal();
    expect(error).toMatchObject({ message: 'income has no evaluate: part', location: { line: 1 } });
  });
});
