// node bench/data.mjs [--quick]: checks and profiles of generated rows, whole processes, against what one would use instead, in one run.
// PEERS_PYTHON names a Python with bench/peers/requirements.txt; a peer that is not there is left out, and said.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedData, sixteenChecks } from './generated-data.mjs';
import { measure, median } from './timing.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const quick = process.argv.includes('--quick');
const python = process.env.PEERS_PYTHON ?? 'python3';
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-data-'));
// Kept between runs when named: generating five million rows takes longer than reading them.
const kept = process.env.BENCH_DATA ?? folder;
const has = (module) => spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;
const there = Object.fromEntries(
  ['pandera', 'great_expectations', 'pandas', 'polars'].map((m) => [m, has(m)]),
);
const rows = [];
let failed = false;

/** A line of the table; `bar` is the most that the measured number may be. */
function line(what, value, bar, show) {
  const holds = value <= bar;
  failed ||= !holds;
  rows.push([what, show(value), `≤ ${show(bar)}`, holds ? 'yes' : 'NO']);
}
const skipped = (what, module) => rows.push([what, `skipped: no ${module} (${python})`, '', '–']);
const times = (value) => `${value.toFixed(2)}×`;
const megabytes = (value) => `${Math.round(value)} MB`;

/** Assay in a folder of its own; several verbs are several processes, whose times are added. */
function assay(source, verbs, engine = '') {
  const home = mkdtempSync(join(folder, 'project-'));
  writeFileSync(join(home, 'assay.yml'), `version: 1\n${engine}${sixteenChecks(source)}`);
  const all = verbs.map((verb) =>
    measure('node', [join(root, 'build/main.js'), verb, 'rows', '--quiet'], { cwd: home }),
  );
  return {
    wall: all.reduce((sum, { wall }) => sum + wall, 0),
    cpu: all.reduce((sum, { cpu }) => sum + cpu, 0),
    megabytes: Math.max(...all.map((one) => one.megabytes)),
  };
}
const peer = (script, source) => measure(python, [join(root, 'bench/peers', script), source], {});
const shown = ({ wall, cpu, megabytes: peak }) =>
  `${wall.toFixed(1)} s, ${cpu.toFixed(1)} CPU s, ${Math.round(peak)} MB`;

/** Runs in turn, so that a machine that grows slower slows all alike; medians of the ratios of one round. */
function inTurn(runs, count) {
  const found = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
  for (let i = 0; i < count; i++) for (const [name, run] of Object.entries(runs)) found[name].push(run());
  for (const [name, all] of Object.entries(found)) {
    const middle = Object.fromEntries(
      ['wall', 'cpu', 'megabytes'].map((key) => [key, median(all.map((one) => one[key]))]),
    );
    console.log(`  ${name}: ${shown(middle)}`);
  }
  return (mine, other, key = 'wall') => median(found[mine].map((one, i) => one[key] / found[other][i][key]));
}

try {
  mkdirSync(kept, { recursive: true });
  const small = await generatedData({ folder: kept, rows: quick ? 100_000 : 1_000_000 });
  const { csv, parquet } = small;
  console.log(
    `sixteen checks of ${quick ? '100,000' : '1,000,000'} × 20, ${Math.round(small.bytes / 1e6)} MB of CSV`,
  );
  const checks = {
    assay: () => assay(csv, ['validate']),
    'assay, Parquet': () => assay(parquet, ['validate']),
  };
  if (there.pandera) checks.pandera = () => peer('checks_pandera.py', csv);
  if (there.great_expectations) checks['Great Expectations'] = () => peer('checks_gx.py', csv);
  const ratio = inTurn(checks, quick ? 1 : 5);
  if (there.pandera) line('validate / pandera, wall time', ratio('assay', 'pandera'), 0.5, times);
  else skipped('validate / pandera', 'pandera');
  if (there.great_expectations) {
    line('validate / Great Expectations, wall time', ratio('assay', 'Great Expectations'), 0.2, times);
  } else skipped('validate / Great Expectations', 'great_expectations');
  line('validate Parquet / CSV, wall time', ratio('assay, Parquet', 'assay'), 1, times);

  const large = await generatedData({ folder: kept, rows: quick ? 200_000 : 5_000_000 });
  console.log(
    `checks and exact profile of ${quick ? '200,000' : '5,000,000'} × 20, ${Math.round(large.bytes / 1e6)} MB of CSV`,
  );
  const both = ['validate', 'profile'];
  let [peak, limited] = [0, 0];
  const runs = {
    assay: () => {
      const one = assay(large.csv, both);
      peak = Math.max(peak, one.megabytes);
      return one;
    },
    'assay, Parquet': () => assay(large.parquet, both),
    'assay, memory: 500MB': () => {
      const one = assay(large.csv, both, 'engine: { memory: 500MB }\n');
      limited = Math.max(limited, one.megabytes);
      return one;
    },
  };
  if (there.pandas) runs.pandas = () => peer('profile_pandas.py', large.csv);
  if (there.polars) runs.polars = () => peer('profile_polars.py', large.csv);
  const against = inTurn(runs, 1);
  if (there.pandas) line('checks and profile / pandas, wall time', against('assay', 'pandas'), 0.45, times);
  else skipped('checks and profile / pandas', 'pandas');
  if (there.polars) line('checks and profile / polars, wall time', against('assay', 'polars'), 1, times);
  else skipped('checks and profile / polars', 'polars');
  line('checks and profile Parquet / CSV, wall time', against('assay, Parquet', 'assay'), 1, times);
  line('checks and profile, peak memory', peak, 2000, megabytes);
  line('with memory: 500MB, peak of the whole process', limited, 500, megabytes);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const width = Math.max(...rows.map(([what]) => what.length));
console.log();
for (const [what, measured, bar, holds] of rows) {
  console.log(`${what.padEnd(width)}  ${measured.padStart(8)}  bar ${bar.padEnd(9)}  ${holds}`);
}
process.exitCode = failed ? 1 : 0;
