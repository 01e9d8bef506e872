import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.js';
import { runRecord } from '../src/runs/record.js';
import { openTrainScene, type TrainScene } from './train-scene.js';

/** `assay train` and `assay reproduce` as a user runs them, with real commands. */

let scene: TrainScene;
afterEach(() => scene.end());

/** A training in shell and Node that writes what its parameters and its seed say. */
const TRAIN = `
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const params = JSON.parse(readFileSync(process.env.ASSAY_PARAMS, 'utf8'));
const seed = Number(process.env.ASSAY_SEED);
console.log('seed', seed, 'rate', process.env.ASSAY_PARAM_RATE, 'depth', process.env.ASSAY_PARAM_TREE__DEPTH);
mkdirSync('out', { recursive: true });
writeFileSync('out/metrics.json', JSON.stringify({ acc: params.rate + seed / 100, losses: [3, 2, 1] }));
writeFileSync('out/model.txt', 'model ' + seed);
writeFileSync(join(process.env.ASSAY_OUT, 'plot.txt'), 'plot ' + seed);
`;
const CONFIG = `
models:
  m:
    train:
      run: node train.cjs
      params: { rate: 0.5, tree: { depth: 6 } }
      seeds: [1, 2]
      outputs: { model: out/model.txt }
    metrics: { from: [out/metrics.json] }
`;

/** A model whose command is a line of shell. */
const shell = (run: string, more = '') =>
  `models:\n  m:\n    train:\n      run: ${JSON.stringify(run)}\n${more || '    metrics: { from: [m.json] }\n'}`;

async function lastRun() {
  const [run] = await scene.runs();
  if (!run) throw new Error('no run was recorded');
  return run;
}

describe('a training', () => {
  test('records what it measured, for every seed', async () => {
    scene = openTrainScene(
      { 'assay.yml': CONFIG, 'train.cjs': TRAIN, 'package-lock.json': '{}' },
      { inGit: true },
    );
    const outcome = await scene.assay('train');
    const run = await lastRun();
    expect(outcome.exit).toBe(0);
    expect(outcome.outputs).toEqual({
      run: run.id,
      status: 'succeeded',
      metrics: JSON.stringify({ acc: 0.515, losses: 1 }),
    });
    expect(outcome.text).toMatch(/^m: succeeded \(.*, 2 seeds\)\n {2}recorded as run .*model \(7 B\)/);
    expect(outcome.text).toMatch(/acc +0\.515 +0\.51 to 0\.52/);
    expect(scene.lines).toEqual(['out: seed 1 rate 0.5 depth 6', 'out: seed 2 rate 0.5 depth 6']);
    expect(runRecord.parse(outcome.json)).toEqual(run);
    expect(run).toMatchObject({
      status: 'succeeded',
      reason: null,
      purpose: 'train',
      command: 'node train.cjs',
      params: { rate: 0.5, tree: { depth: 6 } },
      seed: null,
      parent: null,
      warnings: [],
      code: { commit: scene.git('rev-parse', 'HEAD'), dirty: false, branch: 'main', pull_request: null },
      log: { truncated: false, tail: ['seed 2 rate 0.5 depth 6'] },
    });
    expect(run.seeds.map(({ seed, status, exit_code }) => [seed, status, exit_code])).toEqual([
      [1, 'succeeded', 0],
      [2, 'succeeded', 0],
    ]);
    expect(run.metrics[0]).toMatchObject({
      name: 'acc',
      direction: 'higher',
      value: 0.515,
      seed_values: [0.51, 0.52],
      source: 'out/metrics.json',
    });
    expect(run.series.map(({ name, seed, values }) => [name, seed, values])).toEqual([
      ['losses', 1, [3, 2, 1]],
      ['losses', 2, [3, 2, 1]],
    ]);
    expect(run.artifacts.map(({ name }) => name).sort()).toEqual([
      'log',
      'log.seed-2',
      'model',
      'model.seed-2',
      'out/plot.txt',
      'out/plot.txt.seed-2',
    ]);
    expect(run.environment?.lockfiles).toEqual({
      'package-lock.json': '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    });
    expect(run.environment?.runtimes.node).toBe(process.versions.node);
    expect(scene.exists(`.assay/running/${run.id}`)).toBe(false);
  });

  test('with other seeds and parameters; a seed alone has no spread', async () => {
    scene = openTrainScene({ 'assay.yml': CONFIG, 'train.cjs': TRAIN });
    const { exit } = await scene.assay(
      'train',
      'm',
      '--seed',
      '7',
      '--param',
      'rate=0.25',
      '--param=tree.depth=2',
    );
    const run = await lastRun();
    expect([exit, run.seed, run.params]).toEqual([0, 7, { rate: 0.25, tree: { depth: 2 } }]);
    expect(run.metrics[0]).toMatchObject({ value: 0.32, seed_values: null });
    expect(scene.lines).toEqual(['out: seed 7 rate 0.25 depth 2']);
  });

  test('predictions are kept and scored', async () => {
    const rows = ['id,y_true,y_score', '1,1,0.9', '2,0,0.2', '3,1,0.7', '4,0,0.8'].join('\\n');
    const evaluate = '    evaluate: { predictions: p.csv, task: binary }\n';
    scene = openTrainScene({ 'assay.yml': shell(`printf '${rows}\\n' > p.csv`, evaluate) });
    const { exit } = await scene.assay('train');
    const run = await lastRun();
    expect(exit).toBe(0);
    expect(run.metrics.find(({ name }) => name === 'roc_auc')).toMatchObject({
      value: 0.75,
      split: 'test',
      n: 4,
    });
    expect(run.artifacts.map(({ name }) => name)).toEqual(['predictions', 'log']);
  });

  test('of several models: all are trained, also when one fails', async () => {
    const config =
      'models:\n  a: { train: { run: "exit 3" } }\n  b: { train: { run: "echo x=1 > b.env" }, metrics: { from: [b.env] } }\n';
    scene = openTrainScene({ 'assay.yml': config });
    const { exit, outputs } = await scene.assay('train');
    expect([exit, outputs.status, outputs.metrics]).toEqual([1, 'failed', '{"a":{},"b":{"x":1}}']);
    expect((await scene.runs()).map(({ model, status }) => [model, status])).toEqual([
      ['b', 'succeeded'],
      ['a', 'failed'],
    ]);
  });
});

describe('a training that fails is recorded with what was measured', () => {
  test.each([
    ['false', 'the command ended with exit code 1'],
    ['kill -9 $$', /^the command was killed \(SIGKILL\)/],
  ])('%s: exit 1', async (command, reason) => {
    scene = openTrainScene({ 'assay.yml': shell(command) });
    const { exit, failure } = await scene.assay('train');
    expect([exit, failure]).toEqual([1, undefined]);
    const run = await lastRun();
    expect(run.status).toBe('failed');
    expect(run.reason).toMatch(reason);
  });

  test('a seed that fails stops the rest', async () => {
    const command =
      'echo "{\\"acc\\": 0.$ASSAY_SEED}" > m.json; test $ASSAY_SEED != 2 || { echo boom >&2; exit 4; }';
    scene = openTrainScene({
      'assay.yml': shell(command, '      seeds: [1, 2, 3]\n    metrics: { from: [m.json] }\n'),
    });
    const { exit, text } = await scene.assay('train');
    const run = await lastRun();
    expect([exit, run.status, run.reason]).toEqual([
      1,
      'failed',
      'seed 2: the command ended with exit code 4',
    ]);
    expect(run.seeds.map(({ seed, exit_code }) => [seed, exit_code])).toEqual([
      [1, 0],
      [2, 4],
    ]);
    expect(run.metrics[0]).toMatchObject({ name: 'acc', seed_values: [0.1, 0.2] });
    expect(run.log.tail).toEqual(['boom']);
    expect(text).toContain('  the log ends:\n  | boom');
  });

  test('a timeout', async () => {
    scene = openTrainScene({
      'assay.yml': shell(
        'echo x=1 > m.env; sleep 30',
        '      timeout: 500ms\n    metrics: { from: [m.env] }\n',
      ),
    });
    expect((await scene.assay('train')).exit).toBe(1);
    const run = await lastRun();
    expect(run).toMatchObject({ status: 'failed', reason: 'stopped at its timeout of 0.5 s' });
    expect(run.metrics.map(({ name, value }) => [name, value])).toEqual([['x', 1]]);
  });

  test.each([
    ['no-such-command', 'the command was not found: '],
    ['true', 'm.json is missing: the command ended well but did not write it'],
    [': > m.json', 'm.json is empty'],
    ['printf \'{"acc": 0.9\' > m.json', 'm.json:1:12: not valid JSON: the file ends in the middle'],
    ['echo "{\\"a\\": 1}" > old; cp -p kept.json m.json; exit 0', null],
  ])('%s', async (command, reason) => {
    scene = openTrainScene({ 'assay.yml': shell(command), 'kept.json': '{"kept": 1}' });
    const { failure, exit } = await scene.assay('train');
    const run = await lastRun();
    if (reason === null) {
      expect([run.status, exit, failure]).toEqual(['succeeded', 0, undefined]);
      return;
    }
    expect(run.status).toBe('failed');
    expect(run.reason).toContain(reason);
    expect(failure).toBeInstanceOf(UserError);
    expect(run.artifacts.map(({ name }) => name)).toEqual(['log']);
  });

  test('a metrics file from before is never taken for a result', async () => {
    scene = openTrainScene({ 'assay.yml': shell('true'), 'm.json': '{"acc": 0.99}' });
    const { failure } = await scene.assay('train');
    const run = await lastRun();
    expect([run.status, run.metrics]).toEqual(['failed', []]);
    expect(run.reason).toBe('m.json was not written by this run: it is from before the command started');
    expect(failure).toBeInstanceOf(UserError);
  });

  test('nor that of the seed before', async () => {
    const command = 'test $ASSAY_SEED = 2 || echo "{\\"acc\\": 1}" > m.json';
    scene = openTrainScene({
      'assay.yml': shell(command, '      seeds: [1, 2]\n    metrics: { from: [m.json] }\n'),
    });
    await scene.assay('train');
    const run = await lastRun();
    expect(run.reason).toMatch(/^seed 2: m\.json was not written by this run/);
    expect(run.metrics[0]).toMatchObject({ name: 'acc', seed_values: [1, null] });
  });

  test('of a pattern, old files are left aside, and that is said', async () => {
    const more = '    metrics: { from: [results/*.json] }\n';
    scene = openTrainScene({
      'assay.yml': shell('echo "{\\"new\\": 1}" > results/new.json', more),
      'results/old.json': '{"old": 1}',
    });
    expect((await scene.assay('train')).exit).toBe(0);
    const run = await lastRun();
    expect(run.metrics.map(({ name }) => name)).toEqual(['new']);
    expect(run.warnings).toEqual(['1 file matching results/*.json left aside: from before this run']);
    expect(scene.lines).toContain('warn: m: 1 file matching results/*.json left aside: from before this run');
  });

  test('two files that disagree are named, and what was read is kept', async () => {
    const more = '    metrics: { from: [a.env, b.env] }\n';
    scene = openTrainScene({
      'assay.yml': shell('printf "x=1\\ny=5\\n" > a.env; printf "x=2\\nz=6\\n" > b.env', more),
    });
    await scene.assay('train');
    const run = await lastRun();
    expect(run).toMatchObject({ status: 'failed', reason: 'a.env and b.env disagree about x: 1 and 2' });
    expect(run.metrics.map(({ name, value }) => [name, value])).toEqual([
      ['x', 1],
      ['y', 5],
      ['z', 6],
    ]);
  });

  test('an output that is missing or old; the other things are kept', async () => {
    const more = '      outputs: { model: model.bin }\n    metrics: { from: [m.json] }\n';
    scene = openTrainScene({
      'assay.yml': shell('echo "{\\"acc\\": 1}" > m.json; echo x > $ASSAY_OUT/a', more),
      'model.bin': 'old',
    });
    await scene.assay('train');
    const run = await lastRun();
    expect(run.reason).toMatch(/^model\.bin was not written by this run/);
    expect(run.metrics).toHaveLength(1);
    expect(run.artifacts.map(({ name }) => name)).toEqual(['out/a', 'log']);
  });

  test('predictions with a defect', async () => {
    const evaluate = '    evaluate: { predictions: p.csv, task: binary }\n';
    const rows = 'id,y_true,y_score\\n1,1,0.9\\n1,0,1.2\\n';
    scene = openTrainScene({ 'assay.yml': shell(`printf '${rows}' > p.csv`, evaluate) });
    const { failure } = await scene.assay('train');
    const run = await lastRun();
    expect(failure).toBeInstanceOf(UserError);
    expect(run.status).toBe('failed');
    expect(run.reason).toMatch(/^p\.csv/);
    expect(run.artifacts.map(({ name }) => name)).toContain('predictions');
  });
});

describe('NaN', () => {
  test('is a failed metric of a training that succeeded', async () => {
    scene = openTrainScene({ 'assay.yml': shell('echo "{\\"acc\\": NaN, \\"loss\\": 1}" > m.json') });
    const { exit, outputs, text } = await scene.assay('train');
    expect([exit, outputs.metrics]).toEqual([0, '{"acc":null,"loss":1}']);
    expect((await lastRun()).metrics[0]).toMatchObject({ name: 'acc', value: null, reason: 'NaN in m.json' });
    expect(text).toMatch(/acc +none \(NaN in m\.json\)/);
  });
});

describe('hostile text', () => {
  test('in names and in the log is kept as it is, and shown safely', async () => {
    const name = `a|<b>\u001b[31m::error::x\u202e${'n'.repeat(10_000)}`;
    scene = openTrainScene({
      'assay.yml': shell('cp hostile.json m.json; printf "\\033[2J::set-output name=a::b\\n"; exit 5'),
      'hostile.json': JSON.stringify({ [name]: 1 }),
    });
    const { text } = await scene.assay('train');
    const run = await lastRun();
    expect(run.metrics[0]?.name).toHaveLength(200);
    expect(run.metrics[0]?.name.startsWith('a|<b>\u001b[31m::error::x')).toBe(true);
    expect(run.log.tail).toEqual(['\u001b[2J::set-output name=a::b']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  test('secrets reach neither the log nor the record', async () => {
    scene = openTrainScene(
      { 'assay.yml': shell('echo "token $MY_TOKEN"; exit 1') },
      { env: { MY_TOKEN: 'never-to-be-seen' } },
    );
    const { text, json } = await scene.assay('train');
    expect(scene.lines).toEqual(['out: token ***']);
    expect(text + JSON.stringify(json)).not.toContain('never-to-be-seen');
  });
});

describe('data', () => {
  const config = (max: number) => `
data:
  people:
    source: people.csv
    columns: { age: { type: integer, max: ${max} } }
models:
  m:
    data: [people]
    train: { run: 'touch trained; cp "$ASSAY_DATA_PEOPLE" copy.csv; echo x=1 > m.env' }
    metrics: { from: [m.env] }
`;
  const people = 'age,name\n30,a\n99,b\n';

  test('is validated, handed over and recorded', async () => {
    scene = openTrainScene({ 'assay.yml': config(120), 'people.csv': people });
    expect((await scene.assay('train')).exit).toBe(0);
    expect(scene.read('copy.csv')).toBe(people);
    expect((await lastRun()).data).toEqual([
      { name: 'people', digest: expect.stringMatching(/^[0-9a-f]{64}$/), rows: 2 },
    ]);
  });

  test('that is not valid: nothing is trained, and the run says which lines, without values', async () => {
    scene = openTrainScene({ 'assay.yml': config(90), 'people.csv': people });
    const { exit, text } = await scene.assay('train');
    const run = await lastRun();
    expect([exit, run.status, run.seeds, scene.exists('trained')]).toEqual([1, 'failed', [], false]);
    expect(run.reason).toMatch(/^data: people is not valid: .*lines 3/);
    expect(text).not.toContain('99');
    expect(run.data).toMatchObject([{ name: 'people', rows: 2 }]);
  });
});

describe('wrong words are refused before anything runs', () => {
  test.each([
    [['--seed', 'x'], '--seed needs a whole number from 0, not "x"'],
    [['--seed=-1'], '--seed needs a whole number from 0, not "-1"'],
    [['--seed', '1', '--seed', '1'], 'the seed 1 is there twice'],
    [['--param', 'rate'], '--param needs NAME=VALUE, not "rate"'],
    [['--param', 'rat=1'], 'there is no param "rat"'],
    [['n'], 'there is no model "n" in assay.yml'],
  ])('%j', async (words, message) => {
    scene = openTrainScene({ 'assay.yml': CONFIG, 'train.cjs': TRAIN });
    await expect(scene.assay('train', ...words)).rejects.toThrow(message);
    expect([scene.exists('out'), await scene.runs()]).toEqual([false, []]);
  });

  test('a path that leads out of the folder', async () => {
    scene = openTrainScene({ 'assay.yml': shell('touch ran', '    metrics: { from: [../m.json] }\n') });
    const outcome = await scene.assay('train').catch((error: unknown) => ({ failure: error }));
    expect(outcome.failure).toBeInstanceOf(UserError);
    expect(scene.exists('ran')).toBe(false);
  });
});

describe('reproduce', () => {
  const files = { 'assay.yml': CONFIG, 'train.cjs': TRAIN, '.gitignore': 'out/\n' };

  async function trained(more: Readonly<Record<string, string>> = {}): Promise<string> {
    scene = openTrainScene({ ...files, ...more }, { inGit: true });
    await scene.assay('train', '--param', 'rate=0.3');
    return (await lastRun()).id;
  }

  test('the same again: identical, and recorded', async () => {
    const id = await trained();
    const { exit, outputs, text } = await scene.assay('reproduce', id);
    expect([exit, outputs]).toEqual([0, { identical: 'true' }]);
    expect(text).toContain(`identical to run ${id}: 2 metrics to the last digit, and so is every artifact`);
    expect(await lastRun()).toMatchObject({
      purpose: 'reproduce',
      parent: id,
      params: { rate: 0.3, tree: { depth: 6 } },
      seeds: [{ seed: 1 }, { seed: 2 }],
    });
  });

  test('what differs is listed', async () => {
    const id = await trained({
      'train.cjs': `${TRAIN}\nwriteFileSync('out/metrics.json', '{"acc": ' + process.hrtime.bigint() + '}');`,
    });
    const { exit, outputs, text } = await scene.assay('reproduce', id);
    expect([exit, outputs.identical]).toEqual([1, 'false']);
    expect(text).toMatch(/1 of 1 metric differ/);
  });

  test('another commit and changes are refused, unless asked for', async () => {
    const id = await trained();
    const commit = scene.git('rev-parse', 'HEAD');
    scene.write('new.txt', 'x');
    await expect(scene.assay('reproduce', id)).rejects.toThrow('the checkout has uncommitted changes');
    scene.git('add', '--all');
    scene.git('commit', '--quiet', '--message', 'next');
    await expect(scene.assay('reproduce', id)).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`run ${id} is of commit ${commit.slice(0, 7)}`),
        mend: expect.stringContaining(`git checkout ${commit}`),
      }),
    );
    const { exit, text } = await scene.assay('reproduce', id, '--anyway');
    expect(exit).toBe(0);
    expect(text).toMatch(/commit +[0-9a-f]{12} +[0-9a-f]{12}/);
  });

  test('a run that failed or trained nothing has no result to reproduce', async () => {
    scene = openTrainScene({ 'assay.yml': shell('false') });
    await scene.assay('train');
    const { id } = await lastRun();
    await expect(scene.assay('reproduce', id)).rejects.toThrow(
      `run ${id} failed: there is no result to reproduce`,
    );
  });

  test('other data is refused', async () => {
    scene = openTrainScene({
      'assay.yml': `data: { d: { source: d.csv } }\nmodels: { m: { data: [d], train: { run: 'echo x=1 > m.env' }, metrics: { from: [m.env] } } }\n`,
      'd.csv': 'a\n1\n',
    });
    await scene.assay('train');
    const { id } = await lastRun();
    scene.write('d.csv', 'a\n2\n');
    await expect(scene.assay('reproduce', id)).rejects.toThrow(
      `the dataset "d" is not what it was for run ${id}`,
    );
    const { text } = await scene.assay('reproduce', id, '--anyway');
    expect(text).toMatch(/dataset d +[0-9a-f]{12} +[0-9a-f]{12}/);
  });
});

test('a folder with a space, quotes and a dollar sign', async () => {
  const inner = `it's "a" $folder`;
  scene = openTrainScene({ [join(inner, 'assay.yml')]: CONFIG, [join(inner, 'train.cjs')]: TRAIN });
  const { exit } = await scene.assay('train', '--config', join(inner, 'assay.yml'));
  expect(exit).toBe(0);
});
