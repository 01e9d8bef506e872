// node bench/store.mjs [RUNS]: what the history costs with 100,000 runs; a peer in the same run (PYTHON=… with mlflow 3.17.2).
// Wall seconds, with CPU seconds of all processes beside them: on a busy machine only the latter say something.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manyRuns, writeHistory } from './many-runs.mjs';
import { comparePeer } from './mlflow.mjs';
import { median } from './timing.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const assay = join(root, 'dist/index.js');
if (!existsSync(assay)) throw new Error('dist/index.js is not there: npm run build');
const RUNS = Number(process.argv[2] ?? 100_000);

const rows = [];
const add = (what, measured, bar, holds) => rows.push({ what, measured, bar, holds: holds ? 'yes' : 'NO' });
const tell = (what, measured) => rows.push({ what, measured, bar: '–', holds: '' });

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
const took = ({ wall, cpu }) => `${seconds(wall)} (CPU ${seconds(cpu)})`;
const CONFIG = `models: { income: { train: { run: "echo '{ \\"roc_auc\\": 0.9 }' > m.json" }, metrics: { from: [m.json] } } }\n`;

/** A bench of records that are none would measure how they are left out. */
async function checkRuns() {
  const { runRecord } = await import(join(root, 'build/runs/record.js'));
  let checked = 0;
  for (const run of manyRuns(RUNS)) {
    if (JSON.stringify(runRecord.parse(run)) !== JSON.stringify(run))
      throw new Error(`${run.id} is no whole run`);
    if (++checked === 1000) return;
  }
}

function folderBytes(folder) {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0);
}

/** Bytes of the branch's tip as a server packs it, with all of its folders and records and no earlier commit. */
function packedTip(remote, name) {
  const folder = join(scratch, name);
  const flags = ['--bare', '--depth=1', '--single-branch', '-b', 'assay'];
  git(scratch, 'clone', '-q', ...flags, `file://${remote}`, folder);
  git(folder, 'repack', '-adq');
  const bytes = Number(/size-pack: (\d+)/.exec(git(folder, 'count-objects', '-v'))?.[1]) * 1024;
  rmSync(folder, { recursive: true });
  return bytes;
}

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
  await checkRuns();
  tell('node -e 0, which tells how busy this machine is', took(measure('node', ['-e', '0'])));
  const large = await makeRemote('large.git', RUNS);
  await makeRemote('small.git', 100);
  // The server is a process of its own, so that what it costs is not counted here.
  server = await startServerProcess(scratch);

  const appends = { large: [], small: [] };
  for (let number = 0; number < 15; number++) {
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

  const query = [assay, 'runs', '--sort', '-roc_auc', '--limit', '10', '--quiet'];
  const clone = join(scratch, 'clone');
  git(scratch, 'clone', '-q', '--no-checkout', `file://${large}`, clone);
  writeFileSync(join(clone, 'assay.yml'), CONFIG);
  const cold = measure('node', query, { cwd: clone });
  add('runs --sort, full clone, first time', took(cold), '< 10 s', cold.wall < 10);
  add('  peak memory', MB(cold.memory), '< 400 MB', cold.memory < 400 * 2 ** 20);
  const warm = Array.from({ length: 7 }, () => measure('node', query, { cwd: clone }));
  const middle = (list) => list.toSorted((one, other) => one.wall - other.wall)[list.length >> 1];
  add('runs --sort, warm', took(middle(warm)), '< 1 s', middle(warm).wall < 1);
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
  const filtered = middle(Array.from({ length: 5 }, () => measure('node', where, { cwd: clone })));
  add('runs --where --sort, warm', took(filtered), '< 1 s', filtered.wall < 1);
  const by = [assay, 'runs', '--model', 'income', '--by', 'roc_auc', '--limit', '10', '--quiet'];
  const ranking = middle(Array.from({ length: 3 }, () => measure('node', by, { cwd: clone })));
  add('runs --by of one model of five, warm', took(ranking), '< 1 s', ranking.wall < 1);
  add('  peak memory', MB(ranking.memory), '< 400 MB', ranking.memory < 400 * 2 ** 20);

  const job = makeClone('job', `${server.address}/large.git`);
  const inCi = { CI: 'true', GITLAB_CI: 'true' };
  const far = measure('node', query, { cwd: job, env: inCi });
  add('runs --sort, a job in CI without the branch, local HTTP', took(far), '< 10 s', far.wall < 10);
  add('  peak memory', MB(far.memory), '< 400 MB', far.memory < 400 * 2 ** 20);

  measureJob('before compaction');
  comparePeer({ root, assay, scratch, measure, makeClone, add, tell });

  git(clone, 'branch', '-q', 'assay', 'origin/assay');
  const compact = measure('node', [assay, 'history', 'compact', '--quiet'], { cwd: clone });
  add(`history compact, a year of ${RUNS} runs`, took(compact), '< 60 s', compact.wall < 60);
  add('  peak memory', MB(compact.memory), '< 400 MB', compact.memory < 400 * 2 ** 20);
  const again = measure('node', query, { cwd: clone });
  add('runs --sort, first time after it', took(again), '< 10 s', again.wall < 10);
  add('  peak memory', MB(again.memory), '< 400 MB', again.memory < 400 * 2 ** 20);
  const later = middle(Array.from({ length: 3 }, () => measure('node', query, { cwd: clone })));
  add('runs --sort, warm', took(later), '< 1 s', later.wall < 1);

  const before = packedTip(large, 'before.git');
  git(clone, 'push', '-q', large, 'assay:assay', '--force');
  const packed = packedTip(large, 'after.git');
  add('the branch packed: every month that is over compacted', MB(packed), '< 60 MB', packed < 60 * 2 ** 20);
  tell('the branch packed: never compacted', MB(before));
  git(large, 'repack', '-adq');
  const all = Number(/size-pack: (\d+)/.exec(git(large, 'count-objects', '-v'))?.[1]) * 1024;
  tell(`the branch packed: with its ${RUNS} commits, and compacted at the end`, MB(all));

  const newJob = makeClone('job-after', `${server.address}/large.git`);
  const near = measure('node', query, { cwd: newJob, env: inCi });
  add('runs --sort, a job in CI without the branch, compacted', took(near), '< 10 s', near.wall < 10);
  add('  peak memory', MB(near.memory), '< 400 MB', near.memory < 400 * 2 ** 20);
  measureJob('compacted');
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

/** What a job that trains and compares brings of a history that it has nothing of. */
function measureJob(when) {
  const folder = makeClone(`job-${when.replace(' ', '-')}`, `${server.address}/large.git`);
  git(folder, 'add', '.');
  git(folder, '-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', 'commit', '-qm', 'code');
  const brought = () => folderBytes(join(folder, '.git/assay/remote.git/objects'));
  const env = { CI: 'true', GITLAB_CI: 'true' };
  const train = measure('node', [assay, 'train', 'income', '--quiet'], { cwd: folder, env });
  const first = brought();
  add(`train in such a job, ${when}: brought`, `${(first / 1e6).toFixed(1)} MB`, '< 2 MB', first < 2e6);
  tell('  time', took(train));
  const compare = measure('node', [assay, 'compare', '--quiet'], { cwd: folder, env });
  tell(`compare after it, of one model of five, ${when}: brought`, MB(brought() - first));
  tell('  time', took(compare));
  rmSync(folder, { recursive: true });
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
