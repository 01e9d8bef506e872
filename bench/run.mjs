// npm run bench: what the program costs, as ratios to a peer or to the bare machine in the same run.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRepository } from './repository.mjs';
import { median, ratio, timeInTurn } from './timing.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const assay = join(root, 'dist/index.js');
if (!existsSync(assay)) throw new Error('dist/index.js is not there: npm run build');

const rows = [];
const add = (what, measured, bar, holds) => rows.push({ what, measured, bar, holds: holds ? 'yes' : 'NO' });
const node = (...args) => ({ command: 'node', args });
const bare = node('-e', '0');

{
  const { version, nothing } = timeInTurn({ version: node(assay, '--version'), nothing: bare }, 21);
  const r = ratio(version, nothing);
  add('assay --version / node -e 0', `${r.toFixed(2)}×`, '≤ 2×', r <= 2);
}

const folder = makeRepository({ assay, runs: 20 });
try {
  const compare = { ...node(assay, 'compare', '--model', 'bench', '--json'), cwd: folder };
  const { mine, nothing } = timeInTurn({ mine: compare, nothing: bare }, 15);
  const r = ratio(mine, nothing);
  add(
    `assay compare of 30 metrics / node -e 0 (${(1000 * median(mine)).toFixed(0)} ms)`,
    `${r.toFixed(2)}×`,
    '≤ 5×',
    r <= 5,
  );

  const dvc = findDvc();
  if (dvc) {
    spawnSync(dvc, ['init', '-q'], { cwd: folder });
    const peer = {
      command: dvc,
      args: ['metrics', 'diff', 'main', '--targets', 'metrics.json'],
      cwd: folder,
    };
    const timed = timeInTurn({ mine: compare, peer }, 7);
    const against = ratio(timed.mine, timed.peer);
    add('assay compare / dvc metrics diff', `${against.toFixed(2)}×`, '< 1×', against < 1);
  } else {
    add('assay compare / dvc metrics diff', 'dvc is not installed (pip install dvc)', '< 1×', false);
  }

  const train = { ...node(assay, 'train', '--quiet', '--seed', '1'), cwd: folder };
  const alone = { command: 'sh', args: ['-c', 'node measure.mjs'], cwd: folder, env: { ASSAY_SEED: '1' } };
  const timed = timeInTurn({ train, alone }, 9);
  const overhead = median(timed.train.map((seconds, i) => seconds - timed.alone[i]));
  add('assay train over the bare command', `${overhead.toFixed(2)} s`, '< 0.5 s', overhead < 0.5);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const adult = mkdtempSync(join(tmpdir(), 'assay-bench-adult-'));
try {
  cpSync(join(root, 'examples/adult'), adult, { recursive: true });
  const validate = { ...node(assay, 'validate'), cwd: adult };
  const { mine, nothing } = timeInTurn({ mine: validate, nothing: bare }, 5);
  add(
    `assay validate of Adult, 48,842 rows / node -e 0 (${median(mine).toFixed(2)} s)`,
    `${ratio(mine, nothing).toFixed(1)}×`,
    '–',
    true,
  );
} finally {
  rmSync(adult, { recursive: true, force: true });
}

console.log(
  `node ${process.version}, ${execFileSync('git', ['--version']).toString().trim()}, medians of pairwise ratios\n`,
);
const width = Math.max(...rows.map((row) => row.what.length));
for (const { what, measured, bar, holds } of rows) {
  console.log(`${what.padEnd(width)}  ${measured.padStart(8)}  bar ${bar.padEnd(7)}  ${holds}`);
}
process.exitCode = rows.some((row) => row.holds === 'NO') ? 1 : 0;

function findDvc() {
  const named = process.env.DVC ?? 'dvc';
  return spawnSync(named, ['--version']).status === 0 ? named : undefined;
}
