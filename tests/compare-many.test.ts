import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTrainScene, type TrainScene } from './train-scene.js';

/** `assay compare --all`, `--html` and `assay runs --by` on runs that were really trained. */

const TRAIN = `
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { rate } = JSON.parse(readFileSync(process.env.ASSAY_PARAMS, 'utf8'));
mkdirSync('out', { recursive: true });
const rows = ['id,y_true,y_score'];
for (let i = 0; i < 400; i++) {
  const label = (i * 7) % 10 < 4 ? 1 : 0;
  const noise = ((i * 7919) % 101) / 101;
  rows.push([i, label, (0.2 + rate * label * 0.5 + (0.3 * noise)).toFixed(4)].join());
}
writeFileSync('out/predictions.csv', rows.join('\\n'));
writeFileSync('out/metrics.json', JSON.stringify({ loss: [3, 2, 1 + rate] }));
`;
const CONFIG = `
models:
  m:
    train: { run: node train.cjs, params: { rate: 0.1 } }
    metrics: { from: [out/metrics.json], rules: { roc_auc: {} } }
    evaluate: { predictions: out/predictions.csv, task: binary }
`;

let scene: TrainScene;
let ids: readonly string[];

beforeAll(async () => {
  scene = openTrainScene(
    { 'assay.yml': CONFIG, 'train.cjs': TRAIN, '.gitignore': 'out/\n' },
    { inGit: true },
  );
  for (const rate of ['0.1', '0.2', '0.6']) await scene.assay('train', '--param', `rate=${rate}`);
  ids = (await scene.runs()).map(({ id }) => id).reverse();
}, 60_000);
afterAll(() => scene.end());

describe('several runs', () => {
  test('compare --all ranks them against one baseline, and records nothing', async () => {
    const { text, json, outputs } = await scene.assay('compare', '--all', '--baseline', `run:${ids[0]}`);
    expect(json).toMatchObject({
      metric: 'roc_auc',
      direction: 'higher',
      baseline: ids[0],
      runs: [
        { rank: 1, run: ids[2], comparison: { verdict: 'better' } },
        { rank: 2, run: ids[1], comparison: { baseline: { run: ids[0] } } },
        { rank: 3, run: ids[0], comparison: null, interval: [expect.any(Number), expect.any(Number)] },
      ],
      without: [],
    });
    expect(text).toMatch(/^m: 3 runs by roc_auc\nbaseline: run \S+ \(named as the baseline\)\n/);
    expect(text).toMatch(/^3 +\S+ +\S+ +0\.\d{3} +0\.\d{3} … 0\.\d{3} +├─+●─+┤ +baseline +0\.1$/m);
    expect(outputs.verdict).toBeDefined();
  });

  test('several names are a baseline and its candidates', async () => {
    const [a = '', b = '', c = ''] = ids;
    const { json } = await scene.assay('compare', c, a, b, '--by', 'loss');
    expect(json).toMatchObject({
      metric: 'loss',
      direction: 'lower',
      baseline: c,
      runs: [{ run: a }, { run: b }, { run: c }],
    });
    await expect(scene.assay('compare', '--all', '--by', 'roc_auk')).rejects.toThrow(
      'no run of m has the metric "roc_auk"',
    );
  });

  test('runs --by is a leaderboard, best first and then cut', async () => {
    const { json, text } = await scene.assay('runs', '--by', 'roc_auc', '--limit', '2');
    expect(json).toMatchObject({
      count: 3,
      runs: [{ rank: 1, run: { id: ids[2] } }, { run: { id: ids[1] } }],
    });
    expect(text).toContain('2 of 3 runs; all: --limit 3');
    expect((await scene.assay('runs', '--by', 'nothing')).text).toContain('No run has a value of nothing.');
  });
});

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (command) => spawnSync(command, ['--version']).status === 0,
);

describe('the page', () => {
  test('of two runs holds their verdicts', async () => {
    await scene.assay('compare', ids[0] ?? '', ids[2] ?? '', '--html', 'pair.html');
    const page = scene.read('pair.html');
    expect(page).toContain('m: 2 runs compared');
    expect(page).toMatch(/<th scope="row">roc_auc<\/th>.*class="chip better"/);
  });

  test.skipIf(chromium === undefined)(
    'draws what needs its script, under its own policy (skipped where there is no Chromium)',
    async () => {
      await scene.assay('compare', '--all', '--html', 'many.html');
      const { stdout, stderr } = spawnSync(
        chromium ?? '',
        [
          ...['--headless', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr', '--dump-dom'],
          ...['--virtual-time-budget=2000', `file://${join(scene.folder, 'many.html')}`],
        ],
        { encoding: 'utf8', timeout: 60_000 },
      );
      expect(stderr).not.toMatch(/Refused to|Content Security Policy|Uncaught|TypeError/);
      expect(stdout).toMatch(/<html[^>]* class="js"/);
      const scatter = /<svg class="plot wide scatter"[\s\S]*?<\/svg>/.exec(stdout)?.[0] ?? '';
      expect(scatter.match(/<circle/g)).toHaveLength(3);
      const series = /<svg class="plot wide series"[\s\S]*?<\/svg>/.exec(stdout)?.[0] ?? '';
      expect(series.match(/<path class="line line-/g)).toHaveLength(3);
    },
    90_000,
  );
});
