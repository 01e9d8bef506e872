// What a verdict on a million rows costs: two models, every binary metric over all rows and in five slices, intervals of every difference,
// DeLong; beside it the program that one would write with scikit-learn and NumPy, with 1,000 paired resamples. Ours reads two CSV files and
// starts a process; theirs has the columns in memory.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomOf } from '../build/statistics/random.js';

const [ROWS, RESAMPLES, MEASURED] = [1_000_000, 1000, 3];
const root = fileURLToPath(new URL('..', import.meta.url));

if (process.argv[2] === '--verdict') await verdict(process.argv[3]);
else bench();

function bench() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-statistics-'));
  const rows = [];
  const add = (what, measured, bar, holds) => rows.push({ what, measured, bar, holds: holds ? 'yes' : 'NO' });
  try {
    write(folder);
    const began = performance.now();
    const ours = run(process.execPath, [fileURLToPath(import.meta.url), '--verdict', folder]);
    const seconds = (performance.now() - began) / 1000;
    add(
      `two models, ${ROWS.toLocaleString('en')} rows: read, scored, compared`,
      `${seconds.toFixed(1)} s`,
      '–',
      true,
    );
    for (const [what, part] of Object.entries(ours.seconds))
      add(`  ${what}`, `${part.toFixed(1)} s`, '–', true);
    add('  differences with an interval', String(ours.intervals), '–', true);
    add('  peak memory', `${ours.megabytes.toFixed(0)} MB`, '< 600 MB', ours.megabytes < 600);
    const python = findPython();
    if (!python) add('/ scikit-learn and NumPy', 'not installed', '≤ 1/5', false);
    else {
      const peer = run(
        python,
        [join(root, 'bench/statistics.py'), folder, ROWS, RESAMPLES, MEASURED].map(String),
      );
      const fixed = peer.scores + peer.delong;
      for (const [name, resamples] of [
        ['scikit-learn and NumPy', peer.resamples],
        ['  the same, resampled by weights on sorted rows', peer.resamples_presorted],
      ]) {
        const theirs = fixed + resamples;
        const share = seconds / theirs;
        add(
          `/ ${name} (${theirs.toFixed(0)} s, scaled from ${MEASURED} resamples)`,
          share.toFixed(3),
          '≤ 0.2',
          share <= 0.2,
        );
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const width = Math.max(...rows.map(({ what }) => what.length));
  for (const { what, measured, bar, holds } of rows) {
    console.log(`${what.padEnd(width)}  ${measured.padStart(13)}  bar ${bar.padEnd(8)}  ${holds}`);
  }
  process.exitCode = rows.some(({ holds }) => holds === 'NO') ? 1 : 0;
}

/** A process of its own, so that its time and memory are those of the product alone. */
async function verdict(folder) {
  const { readPredictions } = await import('../build/commands/evaluation/predictions-file.js');
  const { evaluateConfig } = await import('../build/config/model.js');
  const { scorePredictions } = await import('../build/metrics/score.js');
  const { pairRows } = await import('../build/compare/paired/pair.js');
  const config = evaluateConfig.parse({ predictions: 'a.csv', task: 'binary', slices: ['group'] });
  const seconds = {};
  const timed = async (what, work) => {
    const began = performance.now();
    const result = await work();
    seconds[what] = (performance.now() - began) / 1000;
    return result;
  };
  const read = (name) => readPredictions(join(folder, name), { file: name, config, world: undefined });
  const [a, b] = await timed('reading', async () => [await read('a.csv'), await read('b.csv')]);
  await timed('scores', () => [a, b].map((one) => scorePredictions(one, config, {}).length));
  const evidence = await timed('paired evidence', () => pairRows([a], [b], config, () => true));
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ seconds, intervals: evidence.byMetric.size, megabytes }));
}

/** Two models that see the same truth through noise of their own, calibrated roughly; a fifth of the rows is positive. */
function write(folder) {
  const random = randomOf(8);
  const [label, group] = [new Uint8Array(ROWS), new Uint8Array(ROWS)];
  const scores = [new Float64Array(ROWS), new Float64Array(ROWS)];
  const files = ['a', 'b'].map((name) => openSync(join(folder, `${name}.csv`), 'w'));
  for (const file of files) writeSync(file, 'id,y_true,y_score,group\n');
  for (let from = 0; from < ROWS; from += 50_000) {
    const lines = [[], []];
    for (let row = from; row < Math.min(ROWS, from + 50_000); row++) {
      const truth = random.normal() - 1.2;
      label[row] = random.uniform() < 1 / (1 + Math.exp(-2 * truth)) ? 1 : 0;
      group[row] = random.below(5);
      scores.forEach((column, k) => {
        const logit = 1.7 * (truth + (0.45 + 0.02 * k) * random.normal());
        column[row] = Number((1 / (1 + Math.exp(-logit))).toFixed(7));
        lines[k].push(`${row},${label[row]},${column[row]},${'abcde'[group[row]]}\n`);
      });
    }
    for (const [k, file] of files.entries()) writeSync(file, lines[k].join(''));
  }
  files.forEach(closeSync);
  const columns = { label, group, score_a: scores[0], score_b: scores[1] };
  for (const [name, column] of Object.entries(columns)) writeFileSync(join(folder, `${name}.bin`), column);
}

function findPython() {
  const named = [process.env.PYTHON, join(root, '.venv/bin/python3'), 'python3'].filter(Boolean);
  return named.find(
    (python) =>
      (python.includes('/') ? existsSync(python) : true) &&
      spawnSync(python, ['-c', 'import sklearn, scipy, numpy']).status === 0,
  );
}

function run(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (result.error || result.status !== 0)
    throw new Error(`${command} failed: ${result.error ?? result.status}`);
  return JSON.parse(result.stdout);
}
