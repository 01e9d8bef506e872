// node bench/drift.mjs [--quick]: drift between Adult's halves against Evidently, false alarms of every size, power for stated shifts.
// EVIDENTLY_PYTHON names a Python with evidently (pip install evidently==0.7.23 'pandas<3' pyarrow).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { driftConfig } from '../build/config/data.js';
import { drawSample, judge } from '../build/data/drift/simulation.js';
import { clopperPearson } from '../build/statistics/proportions.js';
import { randomOf } from '../build/statistics/random.js';
import { measure, median } from './timing.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const quick = process.argv.includes('--quick');
const python = process.env.EVIDENTLY_PYTHON ?? 'python3';
const settings = driftConfig.parse({});
const percent = (share) => `${(100 * share).toFixed(1)}%`;

const cpuOf = (command, args, cwd) => measure(command, args, { cwd, answers: [0, 1] }).cpu;
const hasEvidently = spawnSync(python, ['-c', 'import evidently'], { stdio: 'ignore' }).status === 0;
const PEER = `
import sys, pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
a, b = pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2])
result = Report([DataDriftPreset()]).run(b, a)
`;

function adultHalves(folder) {
  const [header, ...rows] = gunzipSync(readFileSync(join(root, 'examples/adult/data/adult.csv.gz')))
    .toString()
    .trim()
    .split('\n');
  const random = randomOf(1);
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  const half = rows.length >> 1;
  writeFileSync(join(folder, 'a.csv'), `${[header, ...rows.slice(0, half)].join('\n')}\n`);
  writeFileSync(join(folder, 'b.csv'), `${[header, ...rows.slice(half)].join('\n')}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
try {
  adultHalves(folder);
  writeFileSync(join(folder, 'peer.py'), PEER);
  const mine = [];
  const peer = [];
  for (let run = 0; run < 3; run++) {
    mine.push(cpuOf('node', [join(root, 'build/main.js'), 'drift', 'a.csv', 'b.csv'], folder));
    if (hasEvidently) peer.push(cpuOf(python, ['peer.py', 'a.csv', 'b.csv'], folder));
  }
  console.log("Adult's halves, 15 columns, 24,421 rows each, whole process, CPU seconds (median of 3)");
  console.log(`  assay ${median(mine).toFixed(2)}`);
  if (hasEvidently) {
    const ratio = median(mine.map((seconds, i) => seconds / peer[i]));
    const holds = ratio <= 1 / 6;
    console.log(
      `  Evidently ${median(peer).toFixed(2)}; ratio ${ratio.toFixed(3)}, bar 0.167: ${holds ? 'holds' : 'DOES NOT HOLD'}`,
    );
    if (!holds) process.exitCode = 1;
  } else console.log('  Evidently is not installed (EVIDENTLY_PYTHON)');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Share of comparisons in which the dataset and any one column are called drifted. */
function simulate({ rows, runs, change, classify = true, first = 1 }) {
  let [datasets, anyColumn] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const random = randomOf(first + run);
    const reference = drawSample({ rows: rows[0], random });
    const current = drawSample({ rows: rows[1], random, ...(change && { change }) });
    const verdict = judge({ reference, current, settings }, classify ? first + run : null);
    if (verdict.verdict === 'drift') datasets++;
    if (verdict.columns.some((column) => column.verdict === 'drift')) anyColumn++;
  }
  return { datasets, anyColumn, runs };
}

console.log(
  '\nNothing changed: how often a dataset of 14 columns is called drifted (bar: the interval reaches at most 5%)',
);
console.log(
  '| rows of each side | comparisons | dataset drifted | 95% interval | any column |\n|---|---:|---:|---|---:|',
);
const sizes = quick
  ? [
      [30, 30, 400],
      [100, 100, 200],
      [1000, 1000, 40],
    ]
  : [
      [30, 30, 2000],
      [50, 50, 2000],
      [40, 400, 1000],
      [100, 100, 1000],
      [300, 300, 600],
      [1000, 1000, 400],
      [10_000, 10_000, 200],
      [100_000, 100_000, 80],
    ];
for (const [a, b, runs] of sizes) {
  const { datasets, anyColumn } = simulate({ rows: [a, b], runs });
  const [low, high] = clopperPearson({ k: datasets, n: runs });
  const sides = a === b ? a.toLocaleString('en-US') : `${a}, ${b}`;
  console.log(
    `| ${sides} | ${runs} | ${percent(datasets / runs)} | ${percent(low)} to ${percent(high)} | ${percent(anyColumn / runs)} |`,
  );
  if (low > 0.05) process.exitCode = 1;
}

const SHIFTS = {
  'normal + 0.2 sd': (value, name) => (name === 'normal' ? value + 0.2 : value),
  'normal + 0.5 sd': (value, name) => (name === 'normal' ? value + 0.5 : value),
  'normal × 1.5': (value, name) => (name === 'normal' ? value * 1.5 : value),
  'lognormal × 2': (value, name) => (name === 'lognormal' ? value * 2 : value),
  'half of one plan becomes another': (value, name) =>
    name === 'plan' && value === 0 && chance(0.5) ? 1 : value,
  '5% of a new plan': (value, name) => (name === 'plan' && chance(0.05) ? 9 : value),
  '5% of ages missing': (value, name) => (name === 'ages' && chance(0.05) ? Number.NaN : value),
};
const dice = randomOf(99);
function chance(share) {
  return dice.uniform() < share;
}
console.log('\nOne column of 14 changed: how often the dataset is called drifted');
const powerSizes = quick ? [100] : [50, 100, 300, 1000, 10_000];
console.log(
  `| change | ${powerSizes.map((n) => `n = ${n}`).join(' | ')} |\n|---|${powerSizes.map(() => '---:|').join('')}`,
);
for (const [name, change] of Object.entries(SHIFTS)) {
  const shares = powerSizes.map((n) => {
    const runs = n >= 10_000 ? 20 : n >= 1000 ? 50 : 200;
    return percent(simulate({ rows: [n, n], runs, change, first: 50_000 }).datasets / runs);
  });
  console.log(`| ${name} | ${shares.join(' | ')} |`);
}

if (hasEvidently) {
  const script = `
import json, sys, warnings, numpy as np, pandas as pd
warnings.filterwarnings('ignore')
from evidently import Report
from evidently.presets import DataDriftPreset
def draw(r, n):
    return pd.DataFrame({'normal': r.normal(size=n), 'lognormal': np.exp(2*r.normal(size=n)), 'cauchy': r.standard_cauchy(n),
      'five_steps': r.integers(0,5,n), 'ages': r.integers(18,78,n), 'mostly_zero': np.where(r.random(n)<.9, 0, np.round(1000*np.exp(r.normal(size=n)))),
      'with_gaps': np.where(r.random(n)<.1, np.nan, r.normal(size=n)), 'plan': r.integers(0,4,n).astype(str),
      'rare_categories': np.floor(40*r.random(n)**3).astype(int).astype(str), 'rare_flag': (r.random(n)<.02).astype(str), 'almost_constant': (r.random(n)<.005).astype(str)})
out = {}
for n, runs in ((50, 20), (300, 20), (3000, 5)):
    any_column = dataset = power = 0
    for seed in range(runs):
        r = np.random.default_rng(seed)
        a, b = draw(r, n), draw(r, n)
        def drifted(x, y):
            d = Report([DataDriftPreset()]).run(y, x).dict()
            return next(m['value']['count'] for m in d['metrics'] if 'DriftedColumnsCount' in m['metric_name'] or 'drifted' in str(m.get('metric_id','')).lower() or 'count' in (m['value'] if isinstance(m['value'], dict) else {}))
        c = drifted(a, b)
        any_column += c > 0
        dataset += c >= 0.5*a.shape[1]
        b2 = b.copy(); b2['normal'] += 0.5
        power += drifted(a, b2) > 0
    out[n] = dict(runs=runs, any_column=any_column/runs, dataset=dataset/runs, with_shift=power/runs)
print(json.dumps(out))
`;
  const { stdout, stderr } = spawnSync(python, ['-c', script], { encoding: 'utf8', maxBuffer: 1e8 });
  console.log("\nEvidently's defaults on 11 such columns");
  const line = stdout.trim().split('\n').pop() ?? '';
  if (!line.startsWith('{')) console.log(stderr.split('\n').slice(-3).join('\n'));
  else {
    console.log(
      '| rows | comparisons | nothing changed: any column | dataset (half of the columns) | normal + 0.5 sd: any column |\n|---|---:|---:|---:|---:|',
    );
    for (const [n, { runs, any_column, dataset, with_shift }] of Object.entries(JSON.parse(line))) {
      console.log(
        `| ${n} | ${runs} | ${percent(any_column)} | ${percent(dataset)} | ${percent(with_shift)} |`,
      );
    }
  }
}
