import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { VERBS } from '../src/commands/verbs.js';
import type { AnyRecord } from '../src/history/record.js';
import type { RunRecord } from '../src/runs/record.js';
import { metricOf, runOf } from './fakes/run.js';
import { testWorld } from './fakes/world.js';
import { makeRepository, openHistory, openScene, type Scene, write } from './history-scene.js';

let scene: Scene;
let folder: string;
beforeEach(() => {
  scene = openScene();
  folder = makeRepository(join(scene.folder, 'code'), 1);
  write(
    folder,
    'assay.yml',
    [
      'data: { adult: { source: data.csv } }',
      'models:',
      '  income:',
      '    data: [adult]',
      '    train: { run: node train.mjs }',
      '    metrics: { from: [metrics.json], rules: { roc_auc: { direction: higher } } }',
      '  churn: { train: { run: node train.mjs }, metrics: { from: [m.json] } }',
    ].join('\n'),
  );
});
afterEach(() => scene.end());

async function assay(name: string, ...words: string[]) {
  const world = testWorld({ cwd: folder });
  const verb = await VERBS[name]?.load();
  if (!verb) throw new Error(`no verb ${name}`);
  const input = parseInput(verb.spec, words);
  const outcome = await verb.run(input, world);
  return { ...outcome, stdout: input.json ? JSON.stringify(outcome.json) : outcome.text, lines: world.lines };
}

const id = (number: number) => `2026010${number}T000000000Z-0000000${number}`;
function numbered(number: number, fields: Partial<RunRecord> = {}): RunRecord {
  return runOf({ id: id(number), time: `2026-01-0${number}T00:00:00.000Z`, ...fields });
}
function other(schema: string, number: number, fields: object): AnyRecord {
  const { id, time, commit, actor, trigger } = numbered(number);
  return { schema: `assay/${schema}`, id, time, commit, actor, trigger, ...fields };
}

const THREE = [
  numbered(1, {
    params: { depth: 4, tree: { leaves: 31 } },
    metrics: [metricOf('accuracy', 0.8), metricOf('roc_auc', 0.9)],
  }),
  numbered(2, {
    params: { depth: 8 },
    metrics: [metricOf('roc_auc', 0.92), metricOf('roc_auc', 0.5, { slice: { sex: 'F' } })],
  }),
  numbered(3, {
    params: { depth: 8 },
    status: 'failed',
    reason: 'exit 1',
    metrics: [metricOf('roc_auc', null, { reason: 'NaN' })],
  }),
];

describe('runs', () => {
  test('a table, newest first, ruled metrics first', async () => {
    await openHistory(folder).append(THREE);
    expect((await assay('runs')).stdout.split('\n')).toEqual([
      'run                           time (UTC)        model   status     commit   roc_auc  accuracy',
      '20260103T000000000Z-00000003  2026-01-03 00:00  income  failed     aaaaaaa     none',
      '20260102T000000000Z-00000002  2026-01-02 00:00  income  succeeded  aaaaaaa     0.92',
      '20260101T000000000Z-00000001  2026-01-01 00:00  income  succeeded  aaaaaaa      0.9       0.8',
    ]);
  });

  test.each([
    [['--where', 'roc_auc > 0.9'], [2]],
    [['--where', 'roc_auc>=0.9', '--where', 'params.depth != 8'], [1]],
    [['--where', 'status = failed'], [3]],
    [['--where', 'params.tree.leaves = 31'], [1]],
    [
      ['--where', 'seed == 1', '--limit', '2'],
      [3, 2],
    ],
    [
      ['--sort', '-roc_auc'],
      [2, 1, 3],
    ],
    [
      ['--sort', 'roc_auc'],
      [1, 2, 3],
    ],
    [
      ['--sort=-params.depth', '--model', 'income'],
      [3, 2, 1],
    ],
    [['--where', "branch = 'main'", '--where', 'roc_auc@test < 0.91'], [1]],
    [['--model', 'churn'], []],
  ])('%j', async (words, numbers) => {
    await openHistory(folder).append(THREE);
    const { stdout } = await assay('runs', '--json', ...words);
    const { runs } = JSON.parse(stdout) as { runs: readonly RunRecord[] };
    expect(runs.map((found) => found.id)).toEqual(numbers.map(id));
  });

  test('what cannot be: a condition, a limit, a model; an unknown field names the nearest', async () => {
    await expect(assay('runs', '--where', 'roc_auc')).rejects.toThrow(/is not a condition/);
    await expect(assay('runs', '--limit', '0')).rejects.toThrow(/whole number above 0/);
    await expect(assay('runs', '--model', 'incom')).rejects.toThrow(/no model "incom"/);
    expect((await assay('runs')).stdout).toContain('There are no runs yet');
    await openHistory(folder).append(THREE);
    const { stdout, lines } = await assay('runs', '--where', 'roc_auk > 0.9');
    expect(stdout).toBe('None of 3 runs meets the conditions.');
    expect(lines).toEqual(['warn: no run has "roc_auk"; did you mean roc_auc?']);
    await expect(assay('runs', '--where', 'roc_auc > high')).rejects.toThrow(/roc_auc is a number/);
  });

  test('--by ranks all by the index and shows the best that can be read, in the direction of the metric', async () => {
    const loss = (number: number, value: number | null) =>
      numbered(number, { metrics: [metricOf('loss', value, { direction: 'lower', stderr: 0.01, n: 100 })] });
    await openHistory(folder).append([
      loss(1, 0.3),
      loss(2, 0.1),
      { ...loss(3, 0.01), schema: 'assay/run@9' } as never,
      loss(4, 0.2),
      loss(5, null),
    ]);
    const { json, stdout, lines } = await assay('runs', '--by', 'loss', '--limit', '2');
    expect(json).toMatchObject({
      count: 4,
      direction: 'lower',
      runs: [
        { rank: 1, value: 0.1 },
        { rank: 2, value: 0.2 },
      ],
    });
    expect(stdout).toContain('1 run without a value of loss.');
    expect(stdout).toContain('2 of 4 runs; all: --limit 4');
    expect(lines.join()).toMatch(/run 20260103\S+ is left out: assay\/run@9 was written by a newer version/);
    expect((await assay('runs', '--by', 'lost')).stdout).toContain('No run has a value of lost.');
  });

  test('CSV with every metric and parameter; hostile text is one safe line', async () => {
    const hostile = numbered(4, {
      params: { note: 'a,"b"\n\u001b[31mred' },
      metrics: [metricOf('f1\u202e', 1)],
    });
    await openHistory(folder).append([...THREE, hostile]);
    const { stdout } = await assay('runs', '--csv', '--where', 'model = income');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toContain('params.depth,params.tree.leaves');
    expect(lines[1]).toContain('"a,""b"" red"');
    expect((await assay('runs')).stdout).not.toMatch(/\p{Cf}|\p{Cc}(?<!\n)/u);
  });
});

describe('show', () => {
  test('a run in words, by the beginning of its id', async () => {
    const log = { digest: null, bytes: 40, truncated: false, tail: ['::error::x', '\u001b[31mdone'] };
    await openHistory(folder).append([
      numbered(1, {
        log,
        params: { depth: 4 },
        metrics: [metricOf('roc_auc', 0.9, { n: 100, stderr: 0.01 })],
      }),
    ]);
    const { stdout } = await assay('show', '20260101');
    for (const part of [
      `run ${id(1)}`,
      'Succeeded in 2 s: roc_auc 0.9.',
      'node train.mjs',
      'branch main',
      'depth  4',
      'metric   split  value  standard error  n',
      'roc_auc  test   0.9    0.01            100',
      'linux x64; 2 cores (test); 8 GB of memory',
      '  done',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout).not.toMatch(/^\s*::error/m);
    expect(JSON.parse((await assay('show', id(1), '--json')).stdout)).toMatchObject({ id: id(1) });
  });

  test('no match, several matches', async () => {
    await openHistory(folder).append(THREE);
    await expect(assay('show', '1999')).rejects.toThrow(/no record whose id starts with "1999"/);
    await expect(assay('show', '2026')).rejects.toThrow(
      `3 records start with "2026": ${id(3)} (run of income), ${id(2)} (run of income), ${id(1)} (run of income)`,
    );
  });

  test('a record of a newer Assay, and one changed by hand, are shown as such', async () => {
    await openHistory(folder).append([
      other('run@2', 1, { model: 'income', shiny: true }),
      other('run@1', 2, { model: 'income' }),
    ]);
    const newer = (await assay('show', id(1))).stdout;
    expect(newer).toContain('assay/run@2 was written by a newer version of Assay');
    expect(newer).toContain('"shiny": true');
    expect((await assay('show', id(2))).stdout).toMatch(/Not readable: purpose/);
    const { stdout, lines } = await assay('runs');
    expect(stdout.match(/not readable/g)).toHaveLength(2);
    expect(lines).toHaveLength(2);
  });
});

describe('log', () => {
  const story: readonly AnyRecord[] = [
    other('validation@1', 1, {
      dataset: 'adult',
      source: 'data.csv',
      digest: 'd',
      rows: 100,
      rejected: 0,
      columns: [],
      valid: false,
      checks: [
        {
          check: 'age: at most 90',
          column: 'age',
          passed: false,
          severity: 'error',
          failing: 2,
          total: 100,
          rows: [3, 9],
          rows_are: 'lines',
          detail: null,
        },
      ],
      seconds: 1,
    }),
    numbered(2, { status: 'failed', reason: 'exit 1' }),
    other('comparison@1', 3, {
      model: 'income',
      candidate: { run: id(2), commit: null },
      baseline: { run: null, commit: null, why: 'nothing was measured before', behind: null, first: true },
      verdict: 'new',
      metrics: [],
      params: [],
      data: [],
      costs: [],
      warnings: [],
    }),
    other('decision@1', 4, {
      model: 'income',
      run: id(2),
      comparison: id(3),
      decision: 'hold',
      rules: [
        { rule: 'roc_auc not worse', metric: 'roc_auc', slice: null, outcome: 'hold', reason: 'cannot tell' },
      ],
      override: null,
    }),
    other('version@1', 5, {
      model: 'income',
      version: '1.4.0',
      tag: 'income@v1.4.0',
      run: id(2),
      decision: id(4),
      assets: [],
      url: null,
    }),
    other('stage@1', 6, {
      model: 'income',
      stage: 'prod',
      number: 1,
      tag: 'income#prod#1',
      version: '1.4.0',
      replaces: null,
      action: 'promote',
      decision: null,
      reason: null,
    }),
    other('deployment@1', 7, {
      model: 'income',
      version: '1.4.0',
      target: 'prod',
      status: 'undone',
      reason: 'not healthy',
      url: null,
      replaced: null,
      seconds: 3,
      steps: [{ step: 'health', ok: false, seconds: 1, detail: 'exit 1', tail: ['boom'] }],
    }),
    other('acceptance@1', 8, { model: 'income', run: id(2), reason: 'new data' }),
  ];

  test('the whole story of a model and its data, one line each, and every kind can be shown', async () => {
    await openHistory(folder).append(story);
    const lines = (await assay('log', 'income')).stdout.trimEnd().split('\n');
    expect(lines.slice(1).map((line) => line.replace(/^.*?Z-\d{8} {2}/, ''))).toEqual([
      `${id(2)} accepted by ada: new data`,
      '1.4.0 to prod: undone: not healthy',
      'promote prod to 1.4.0 (it was empty)',
      `1.4.0 released from ${id(2)}`,
      `hold: ${id(2)}: cannot tell`,
      `new: ${id(2)} against no baseline (nothing was measured before)`,
      'failed in 2 s: exit 1',
      'adult is not valid: 100 rows, 1 of 1 check failed',
    ]);
    const shown = await Promise.all(story.map(async (record) => (await assay('show', record.id)).stdout));
    const parts = [
      'lines 3, 9',
      'exit 1',
      'baseline: none',
      'cannot tell',
      'income@v1.4.0',
      'income#prod#1',
      'boom',
      'new data',
    ];
    for (const [index, part] of parts.entries()) expect(shown[index]).toContain(part);
    expect((await assay('log', 'income', '--limit', '2')).stdout).toContain('2 of 8 records; all: --limit 8');
  });

  test('a model without a story, and one that is not there', async () => {
    expect((await assay('log', 'churn')).stdout).toContain('Nothing has happened to churn yet');
    await expect(assay('log', 'chrn')).rejects.toThrow(/no model "chrn"/);
  });
});
