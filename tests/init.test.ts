import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Outcome } from '../src/commands/command-line/verb.js';
import { doctor } from '../src/commands/doctor.js';
import { init } from '../src/commands/init.js';
import { parseConfig } from '../src/config/load.js';
import { ACTION } from '../src/survey/workflow.js';
import { testWorld } from './config-scene.js';

let folder = '';
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'assay-init-')), 'churn model');
  mkdirSync(folder);
});
afterEach(() => rmSync(dirname(folder), { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

interface Result {
  readonly recognised: readonly { readonly what: string; readonly why: string }[];
  readonly unknown: readonly string[];
  readonly files: readonly { readonly path: string; readonly status: string; readonly content: string }[];
}

async function run(
  options: { readonly print?: boolean; readonly config?: string } = {},
): Promise<Outcome & { json: Result }> {
  const input = {
    arguments: [],
    options: { print: options.print ?? false },
    config: options.config ?? 'assay.yml',
    json: false,
    quiet: false,
  };
  return (await init.run(input, testWorld(folder))) as Outcome & { json: Result };
}

const read = (path: string) => readFileSync(join(folder, path), 'utf8');
const recognised = ({ json }: { json: Result }) => json.recognised.map(({ what }) => what);

/** As GitHub itself reads it. */
function workflowErrors(content: string): readonly string[] {
  const file = { name: 'assay.yml', content };
  return parseWorkflow(file, new NoOperationTraceWriter())
    .context.errors.getErrors()
    .map(({ message }) => message);
}

describe('init', () => {
  test('a Python project with all there is', async () => {
    write({
      'requirements.txt': 'scikit-learn==1.5.0\n',
      'train.py': 'print(1)\n',
      'out/metrics.json': '{"accuracy": 0.93, "roc_auc": 0.91, "confusion": [[1, 2]]}',
      'out/predictions.csv': 'row_id,label,prediction,proba\n1,0,0,0.2\n',
      'params.yaml': 'lr: 0.1\n',
      'data/Train Set.csv': 'id,age\n1,30\n',
      'mlruns/0/meta.yaml': 'x: 1\n',
      'wandb/run.log': '',
    });
    const outcome = await run();
    expect(outcome.text).toMatchInlineSnapshot(`
      "Recognised:
        Python  (requirements.txt is there)
        training: python train.py  (train.py is there)
        metrics: out/metrics.json  (its name, and "roc_auc" in it)
        predictions: out/predictions.csv  (its columns)
        parameters: params.yaml  (its name)
        data: data/Train Set.csv  (its folder and ending)
        MLflow  (mlruns is there)
        Weights & Biases  (wandb is there)
      Wrote assay.yml
      Wrote .github/workflows/assay.yml
      Wrote .github/workflows/assay-publish.yml
      Wrote .github/workflows/assay-comments.yml

      Next: assay doctor"
    `);
    expect(read('assay.yml')).toMatchInlineSnapshot(`
      "# What Assay knows about this repository; every key is explained in docs/config.md of Assay.
      # yaml-language-server: $schema=./node_modules/assay/schemas/config.json
      version: 1

      data:
        train-set:
          source: data/Train Set.csv
          # columns:                       # checked by \`assay validate\`, before any training
          #   id: { required: true }

      models:
        churn-model:
          data: [train-set]
          train:
            run: python train.py
            params: { file: params.yaml }
            # seeds: [1, 2, 3]               # several trainings tell noise from change; each gets $ASSAY_SEED
            # timeout: 2h
            # outputs: { model: out/model.joblib }   # kept as artifacts, released with a version
          metrics:
            from: [out/metrics.json]
          # evaluate:                        # Assay computes the metrics, with their uncertainty; say which task it is
          #   predictions: out/predictions.csv
          #   task: binary                   # binary, multiclass or regression
          #   columns: { id: row_id, label: label, prediction: prediction, score: proba }
          gate:                              # a version is promoted only when every rule holds
            - metric: roc_auc
              require: not-worse             # than the baseline: the merge base with the target branch
      "
    `);
    expect(parseConfig(read('assay.yml'), 'assay.yml').warnings).toEqual([]);
  });

  test('the workflow is one that GitHub accepts, asks for little and runs no expression in a shell', async () => {
    write({ 'requirements.txt': '', 'train.py': '' });
    await run();
    const text = read('.github/workflows/assay.yml');
    expect(text).toMatchInlineSnapshot(`
      "# Runs what assay.yml says: measures every push and every pull request, and says what changed.
      name: assay
      on:
        push:
          branches: ["main"]
        pull_request:
        merge_group: # a merge queue, where there is one, waits for this

      # Nothing by default; the job below asks for what it needs.
      permissions: {}

      # A newer push to the same pull request makes the older run pointless; each push to a branch counts.
      concurrency:
        group: assay-\${{ github.event.pull_request.number || github.sha }}
        cancel-in-progress: \${{ github.event_name == 'pull_request' }}

      jobs:
        assay:
          runs-on: ubuntu-latest
          timeout-minutes: 120
          permissions:
            contents: write        # records are appended to the branch \`assay\`
            pull-requests: write   # the comment on the pull request
            checks: write          # a check run per model
          steps:
            - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
              with:
                fetch-depth: 0               # the baseline is found in the history
                persist-credentials: false   # Assay is given the token; the training never sees it
            - uses: actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0
              with:
                python-version: '3.12'
            - run: "pip install -r requirements.txt"
            - id: assay
              uses: OWNER/assay@v1
            # A fork's token may not write: its report leaves as data, and assay-publish.yml posts it.
            - if: always() && steps.assay.outputs.bundle != ''
              uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0
              with:
                name: assay-report
                path: \${{ steps.assay.outputs.bundle }}/assay-report.json
                retention-days: 7
                include-hidden-files: true # it lies in .assay/
      "
    `);
    expect(workflowErrors(text)).toEqual([]);
    const workflow = parse(text) as {
      permissions: object;
      jobs: { assay: { steps: { run?: string; uses?: string }[] } };
    };
    expect(workflow.permissions).toEqual({});
    for (const step of workflow.jobs.assay.steps) {
      expect(step.run ?? '').not.toContain('${{');
      if (step.uses && step.uses !== ACTION) expect(step.uses).toMatch(/@[0-9a-f]{40}$/);
    }
  });

  test.each([
    [
      'R',
      { 'train.R': '', 'renv.lock': '{}', 'results.csv': 'model,rmse\na,0.5\n' },
      'training: Rscript train.R',
    ],
    ['Julia', { 'src/train.jl': '', 'Project.toml': '' }, 'training: julia --project=. src/train.jl'],
    ['Node', { 'package.json': '{"scripts": {"train": "node t.js"}}' }, 'training: npm run train'],
    [
      'Python',
      { 'uv.lock': '', 'pyproject.toml': '', 'src/train.py': '' },
      'training: uv run python src/train.py',
    ],
    [
      'Python',
      {
        'dvc.yaml': 'stages:\n  prepare: { cmd: a }\n  train: { cmd: python -m churn.train }\n',
        'setup.py': '',
      },
      'training: python -m churn.train',
    ],
    [
      'Python',
      { Makefile: 'all: train\ntrain: data\n\tpython fit.py\n', 'requirements.txt': '' },
      'training: make train',
    ],
    ['Python', { 'train.py': '', 'a.py': '' }, 'training: python train.py'],
  ])('%s: %o', async (language, files, training) => {
    write(files as Record<string, string>);
    const outcome = await run();
    expect(recognised(outcome)).toEqual(expect.arrayContaining([language, training]));
    const { config } = parseConfig(read('assay.yml'), 'assay.yml');
    expect(config.models['churn-model']?.train?.run).toBe(training.replace('training: ', ''));
    expect(workflowErrors(read('.github/workflows/assay.yml'))).toEqual([]);
  });

  test('an empty folder: the smallest example, and what is unknown is said', async () => {
    const outcome = await run();
    expect(outcome.text).toMatchInlineSnapshot(`
      "Not recognised, left as a comment to fill in:
        the command that trains: nothing here is named like one (train.py, a stage "train" in dvc.yaml …)
        where the training writes its metrics: no metrics.json, results.csv or the like was found
      Wrote assay.yml
      Wrote .github/workflows/assay.yml
      Wrote .github/workflows/assay-publish.yml
      Wrote .github/workflows/assay-comments.yml

      Next: fill in the comments, then assay doctor"
    `);
    expect(read('assay.yml')).toMatchInlineSnapshot(`
      "# What Assay knows about this repository; every key is explained in docs/config.md of Assay.
      # yaml-language-server: $schema=./node_modules/assay/schemas/config.json
      version: 1

      # data:                               # files that are checked before training
      #   my_data: { source: data/train.csv }

      # init saw neither a training nor metrics. Below is the smallest working example.
      models: {}                            # remove this line and the # of those below, and fill them in
      # models:
      #   churn-model:
      #     train: { run: python train.py }           # your command, in any language
      #     metrics: { from: [metrics.json] }         # a file it writes, such as {"accuracy": 0.93}
      "
    `);
    expect(parseConfig(read('assay.yml'), 'assay.yml').config.models).toEqual({});
    // The example in it works once its # are removed.
    const filled = (read('assay.yml').split(/models: \{\}.*\n/)[1] ?? '').replace(/^# /gm, '');
    expect(parseConfig(filled, 'assay.yml').config.models['churn-model']?.train?.run).toBe('python train.py');
  });

  test('only a notebook, only metrics, several trainings', async () => {
    write({ 'analysis/fit.ipynb': '{}' });
    expect((await run({ print: true })).text).toContain('notebook: analysis/fit.ipynb');
    write({ 'metrics.json': '{"loss": 0.2}' });
    const metrics = await run({ print: true });
    expect(metrics.json.unknown).toHaveLength(1);
    expect(
      parseConfig(metrics.json.files[0]?.content ?? '', 'a').config.models['churn-model']?.metrics.from,
    ).toEqual(['metrics.json']);
    write({ 'train.py': '', 'jobs/train.py': '' });
    expect((await run({ print: true })).json.files[0]?.content).toContain('# or: jobs/train.py');
  });

  test('files that only look like metrics are left alone', async () => {
    write({
      'results.csv': 'name,comment\na,b\n',
      'metrics.json': '{"note": "none yet"}',
      'eval.json': 'not json at all',
      'scores.csv': '',
      'node_modules/x/metrics.json': '{"accuracy": 1}',
      '.venv/lib/metrics.json': '{"accuracy": 1}',
      'predictions.csv': 'a,b\n',
    });
    expect(recognised(await run())).toEqual([]);
  });

  test('nothing is ever overwritten', async () => {
    write({ 'assay.yml': '# mine\n', '.github/workflows/assay.yml': '# mine too\n', 'train.py': '' });
    const outcome = await run();
    expect([read('assay.yml'), read('.github/workflows/assay.yml')]).toEqual(['# mine\n', '# mine too\n']);
    expect(outcome.json.files.map(({ status }) => status)).toEqual([
      'exists',
      'exists',
      'written',
      'written',
    ]);
    expect(outcome.text).toContain('assay.yml exists and stays as it is; init would have written:');
    expect(outcome.text).toContain('run: python train.py');
  });

  test('what was written is healthy in the eyes of doctor', async () => {
    write({
      'requirements.txt': 'numpy==2.0.0\n',
      'train.js': '',
      'data/a.csv': 'a\n1\n',
      'metrics.json': '{"mae": 2}',
    });
    await run();
    const input = { arguments: [], options: {}, config: 'assay.yml', json: false, quiet: false };
    const { exit, text } = await doctor.run(input, testWorld(folder));
    expect(text).toContain('✓ assay.yml is valid (models: churn-model; data: a)');
    expect(exit).toBe(0);
  });

  test('--print writes nothing', async () => {
    write({ 'train.py': '' });
    const outcome = await run({ print: true });
    expect(existsSync(join(folder, 'assay.yml'))).toBe(false);
    expect(existsSync(join(folder, '.github'))).toBe(false);
    expect(outcome.json.files.map(({ status }) => status)).toEqual(['shown', 'shown', 'shown', 'shown']);
  });

  test('one model of a monorepo: the workflow stands at the top and names the config and the branch', async () => {
    execFileSync('git', ['init', '-q', '-b', 'trunk', folder]);
    write({ 'services/Churn 2/train.py': '' });
    await run({ config: 'services/Churn 2/assay.yml' });
    expect(Object.keys(parseConfig(read('services/Churn 2/assay.yml'), 'a').config.models)).toEqual([
      'churn-2',
    ]);
    const workflow = read('.github/workflows/assay.yml');
    expect(workflow).toContain('branches: ["trunk"]');
    expect(workflow).toContain('config: "services/Churn 2/assay.yml"');
    expect(workflowErrors(workflow)).toEqual([]);
  });

  test('hostile file names end up quoted, and links are not followed', async () => {
    const name = "tr'ain: #&*.csv";
    write({ [`data/${name}`]: 'a: b,c\n', 'evil/train.py': '', '-rf/train.py': '' });
    symlinkSync('/etc', join(folder, 'data', 'etc'));
    const outcome = await run();
    const { config } = parseConfig(read('assay.yml'), 'assay.yml');
    expect(Object.values(config.data).map(({ source }) => source)).toEqual([`data/${name}`]);
    expect(recognised(outcome).join()).not.toContain('/etc');
  });

  test('a folder that cannot be written', async () => {
    writeFileSync(join(folder, '.github'), 'a file where a folder is needed');
    await expect(run()).rejects.toMatchObject({
      name: 'UserError',
      mend: expect.stringContaining('--print'),
    });
  });
});
