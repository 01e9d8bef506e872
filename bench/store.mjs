// node bench/store.mjs [RUNS]: what the history costs with 100,000 runs; peers and the bare machine in the same run.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manyRuns, writeHistory } from './many-runs.mjs';
import { median } from './timing.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const assay = join(root, 'dist/index.js');
if (!existsSync(assay)) throw new Error('dist/index.js is not there: npm run build');
const RUNS = Number(process.argv[2] ?? 100_000);

const rows = [];
const add = (what, measured, bar, holds) => rows.push({ what, measured, bar, holds: holds ? 'yes' : 'NO' });

const scratch = mkdtempSync(join(tmpdir(), 'assay-bench-store-'));
const git = (folder, ...args) =>
  execFileSync('git', args, { cwd: folder, encoding: 'utf8', maxBuffer: 1e9 }).trim();

/** A process with its wall seconds, CPU seconds (with children) and peak memory of the largest process of the tree. */
function measure(command, args, { cwd, env } = {}) {
  const file = join(scratch, 'time.txt');
  const start = process.hrtime.bigint();
  const result = spawnSync('/usr/bin/time', ['-f', '%U %S %M', '-o', file, command, ...args], {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr}`);
  const [user, system, kilobytes] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .at(-1)
    .split(' ')
    .map(Number);
  return { wall, cpu: user + system, memory: kilobytes * 1024, stdout: result.stdout };
}

const MB = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
const seconds = (value) => `${value.toFixed(2)} s`;
const CONFIG = 'models: { income: { train: { run: "true" }, metrics: { from: [m.json] } } }\n';

async function makeRemote(name, count) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  git(folder, 'init', '-q', '--bare', '-b', 'main');
  await writeHistory(folder, manyRuns(count));
  git(folder, 'repack', '-adq');
  git(folder, 'config', 'http.receivepack', 'true');
  // As GitHub, GitLab and Gitea have it.
  git(folder, 'config', 'uploadpack.allowFilter', 'true');
  return folder;
}

function makeClone(name, address) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  git(folder, 'init', '-q', '-b', 'main');
  git(folder, 'remote', 'add', 'origin', address);
  writeFileSync(join(folder, 'assay.yml'), CONFIG);
  return folder;
}

/** One record by `assay import`, in a clone that has nothing of the history yet, as a job in CI has it. */
function append(remote, number) {
  const clone = makeClone(`append-${number}`, remote);
  const [run] = [...manyRuns(1, { end: new Date(Date.UTC(2026, 10, 24, 0, 0, number)), days: 0 })];
  const id = `20261124T${String(number).padStart(9, '0')}Z-${String(number).padStart(8, '0')}`;
  const time = `2026-11-24T${id.slice(9, 11)}:${id.slice(11, 13)}:${id.slice(13, 15)}.${id.slice(15, 18)}Z`;
  writeFileSync(join(clone, 'run.mjs'), APPEND);
  const result = measure('node', ['run.mjs', JSON.stringify({ ...run, id, time })], {
    cwd: clone,
    env: { ASSAY_ROOT: root },
  });
  rmSync(clone, { recursive: true, force: true });
  return Number(result.stdout);
}
const APPEND = `
const { gitHistory } = await import(process.env.ASSAY_ROOT + '/build/platform/git/history.js');
const { randomBytes } = await import('node:crypto');
const history = gitHistory({ folder: process.cwd(), env: process.env, branch: 'assay', push: true,
  randomness: { bytes: (length) => randomBytes(length) }, clock: { now: () => new Date(), monotonic: () => 0 }, warn: console.error });
const start = process.hrtime.bigint();
await history.append([JSON.parse(process.argv[2])]);
console.log(Number(process.hrtime.bigint() - start) / 1e9);
`;

let server;
try {
  const large = await makeRemote('large.git', RUNS);
  await makeRemote('small.git', 100);
  // The server is a process of its own, so that what it costs is not counted here.
  server = await startServerProcess(scratch);

  const appends = { large: [], small: [] };
  for (let number = 0; number < 9; number++) {
    appends.large.push(append(`${server.address}/large.git`, number));
    appends.small.push(append(`${server.address}/small.git`, number));
  }
  const ratio = median(appends.large.map((value, place) => value / appends.small[place]));
  add(
    `append at ${RUNS} runs, fresh clone, local HTTP`,
    seconds(median(appends.large)),
    '< 1.5 s',
    median(appends.large) < 1.5,
  );
  add(`append at ${RUNS} runs / at 100 runs`, `${ratio.toFixed(2)}×`, '≤ 2×', ratio <= 2);

  const packed = join(scratch, 'tip.git');
  git(
    scratch,
    'clone',
    '-q',
    '--bare',
    '--depth=1',
    '--single-branch',
    '-b',
    'assay',
    `file://${large}`,
    packed,
  );
  git(packed, 'repack', '-adq');
  const disk = (folder) => Number(/size-pack: (\d+)/.exec(git(folder, 'count-objects', '-v'))?.[1]) * 1024;
  add('the branch packed: all runs', MB(disk(packed)), '< 60 MB', disk(packed) < 60 * 2 ** 20);
  add('the branch packed: with a commit for each run', MB(disk(large)), '–', true);

  const query = [assay, 'runs', '--sort', '-roc_auc', '--limit', '10', '--quiet'];
  const clone = join(scratch, 'clone');
  git(scratch, 'clone', '-q', '--no-checkout', `file://${large}`, clone);
  writeFileSync(join(clone, 'assay.yml'), CONFIG);
  const cold = measure('node', query, { cwd: clone });
  add('runs --sort, full clone, first time', seconds(cold.wall), '< 10 s', cold.wall < 10);
  add('  peak memory', MB(cold.memory), '< 400 MB', cold.memory < 400 * 2 ** 20);
  const warm = Array.from({ length: 7 }, () => measure('node', query, { cwd: clone }));
  add(
    'runs --sort, warm',
    seconds(median(warm.map((one) => one.wall))),
    '< 1 s',
    median(warm.map((one) => one.wall)) < 1,
  );
  add(
    '  peak memory',
    MB(Math.max(...warm.map((one) => one.memory))),
    '< 400 MB',
    Math.max(...warm.map((one) => one.memory)) < 400 * 2 ** 20,
  );
  const where = [
    assay,
    'runs',
    '--where',
    'roc_auc > 0.9 and params.depth = 6',
    '--sort',
    '-roc_auc',
    '--limit',
    '20',
    '--quiet',
  ];
  const filtered = Array.from({ length: 5 }, () => measure('node', where, { cwd: clone }).wall);
  add('runs --where --sort, warm', seconds(median(filtered)), '< 1 s', median(filtered) < 1);

  const job = makeClone('job', `${server.address}/large.git`);
  const inCi = { CI: 'true', GITLAB_CI: 'true' };
  const far = measure('node', query, { cwd: job, env: inCi });
  add('runs --sort, a job in CI without the branch, local HTTP', seconds(far.wall), '< 10 s', far.wall < 10);
  add('  peak memory', MB(far.memory), '< 400 MB', far.memory < 400 * 2 ** 20);

  comparePeer();

  git(clone, 'branch', '-q', 'assay', 'origin/assay');
  const compact = measure('node', [assay, 'history', 'compact', '--quiet'], { cwd: clone });
  add(`history compact, a year of ${RUNS} runs`, seconds(compact.wall), '< 60 s', compact.wall < 60);
  add('  peak memory', MB(compact.memory), '< 400 MB', compact.memory < 400 * 2 ** 20);
  const again = measure('node', query, { cwd: clone });
  add('runs --sort, first time after it', seconds(again.wall), '< 10 s', again.wall < 10);
} finally {
  server?.stop();
  rmSync(scratch, { recursive: true, force: true });
}

console.log(`node ${process.version}, ${execFileSync('git', ['--version']).toString().trim()}\n`);
const width = Math.max(...rows.map((row) => row.what.length));
for (const { what, measured, bar, holds } of rows) {
  console.log(`${what.padEnd(width)}  ${measured.padStart(8)}  bar ${bar.padEnd(8)}  ${holds}`);
}
process.exitCode = rows.some((row) => row.holds === 'NO') ? 1 : 0;

/** MLflow with SQLite and 10,000 runs, in the same run: CPU seconds for the ten best. */
function comparePeer() {
  const python = process.env.PYTHON ?? 'python3';
  if (spawnSync(python, ['-c', 'import mlflow']).status !== 0) {
    add(
      'top 10 of 10,000 runs / mlflow',
      'mlflow is not installed (pip install mlflow==3.17.2)',
      '≤ 0.1×',
      false,
    );
    return;
  }
  const folder = join(scratch, 'mlflow');
  mkdirSync(folder);
  const env = {
    MLFLOW_TRACKING_URI: `sqlite:///${folder}/mlflow.db`,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
  };
  writeFileSync(
    join(folder, 'fill.py'),
    `import mlflow, random
from mlflow.entities import Metric, Param
c = mlflow.MlflowClient()
e = c.create_experiment('bench')
random.seed(1)
for i in range(10000):
    r = c.create_run(e)
    c.log_batch(r.info.run_id, metrics=[Metric(n, random.random(), 0, 0) for n in ['accuracy','roc_auc','average_precision','log_loss','brier','f1_macro','precision','recall']],
      params=[Param(n, str(random.random())) for n in ['learning_rate','depth','loss','subsample','trees','note']])
    c.set_terminated(r.info.run_id)
`,
  );
  writeFileSync(
    join(folder, 'top.py'),
    `import mlflow
print(mlflow.search_runs(experiment_names=['bench'], order_by=['metrics.roc_auc DESC'], max_results=10)[['run_id', 'metrics.roc_auc']])
`,
  );
  measure(python, ['fill.py'], { cwd: folder, env });
  const mine = makeClone('ten-thousand', join(scratch, 'none.git'));
  execFileSync(
    'node',
    [
      '-e',
      `import(${JSON.stringify(join(root, 'bench/many-runs.mjs'))}).then((m) => m.writeHistory(process.cwd(), m.manyRuns(10000)))`,
    ],
    { cwd: mine },
  );
  const query = [assay, 'runs', '--sort', '-roc_auc', '--limit', '10', '--quiet'];
  const cold = measure('node', query, { cwd: mine });
  const pairs = Array.from({ length: 3 }, () => ({
    peer: measure(python, ['top.py'], { cwd: folder, env }),
    own: measure('node', query, { cwd: mine }),
  }));
  const share = median(pairs.map(({ own, peer }) => own.cpu / peer.cpu));
  const peer = median(pairs.map((pair) => pair.peer.cpu));
  add(
    `top 10 of 10,000 runs, CPU / mlflow search_runs (${seconds(peer)})`,
    `${share.toFixed(2)}×`,
    '≤ 0.1×',
    share <= 0.1,
  );
  add('  the first time, CPU / mlflow', `${(cold.cpu / peer).toFixed(2)}×`, '–', true);
}

async function startServerProcess(folder) {
  const bed = JSON.stringify(join(root, 'tests/beds/git-server.mjs'));
  const program = `import(${bed}).then(async ({ startGitServer }) => console.log((await startGitServer({ root: process.argv[1] })).address))`;
  const child = spawn('node', ['-e', program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const address = await new Promise((resolve) =>
    child.stdout.once('data', (line) => resolve(String(line).trim())),
  );
  return { address, stop: () => child.kill() };
}
