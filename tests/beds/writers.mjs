import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGitServer } from './git-server.mjs';

/**
 * Many real `assay train` processes, each in a clone of its own, that write to one history over http at once, some of
 * which are killed in the middle: at a moment after the start, or while their nth request to the server is open, alone
 * or together with every git they started. What a killed one left is cleared away by the next verb in its clone.
 */
export async function runWriters({ root, assay, writers, killed, seed, onProgress = () => {} }) {
  const scene = makeScene({ root, writers });
  const chance = seededChance(seed);
  const doomed = new Map(
    shuffled(writers, chance)
      .slice(0, killed)
      .map((number) => [number, killPoint(chance)]),
  );
  const running = new Map();
  const server = await startGitServer({
    root,
    env: scene.env,
    fault: ({ authorization }) => {
      const number = scene.tokens.indexOf(authorization);
      if (number === -1) return { status: 401, headers: { 'www-authenticate': 'Basic realm="git"' } };
      running.get(number)?.onRequest();
      return undefined;
    },
  });
  const clones = scene.tokens.map((_, number) => scene.clone(number, server.address));
  const before = clones.map(checkoutOf);
  const began = process.hrtime.bigint();
  let ended = 0;
  const results = await Promise.all(
    clones.map(async (folder, number) => {
      const writer = startWriter({
        assay,
        folder,
        env: scene.envOf(number),
        number,
        kill: doomed.get(number),
      });
      running.set(number, writer);
      const result = await writer.ended;
      onProgress(++ended, writers);
      return { number, folder, ...result };
    }),
  );
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const requests = server.requests.length;
  // A git that outlived its Assay ends by itself.
  await until(() => processesIn(results.flatMap(({ started }) => started)).length === 0);
  const landed = recordsAt(scene);
  const left = results.flatMap(({ folder }) => leftovers(folder));
  left.push(...temporaryFiles(scene.tmp));
  for (const path of left) age(path);
  for (const { number, folder, wasKilled } of results) {
    if (wasKilled) await nextVerb({ assay, folder, env: scene.envOf(number) });
  }
  await server.stop();
  const remote = join(root, 'remote.git');
  return {
    seconds,
    requests,
    results: results.map(({ number, wasKilled, whole, point, code, run, stderr }) => ({
      number,
      wasKilled,
      whole,
      point,
      code,
      run,
      stderr,
    })),
    landed,
    afterwards: recordsAt(scene),
    leftByKills: left.length,
    fsck: git(remote, scene.env, 'fsck', '--strict', '--full', '--no-dangling').trim(),
    commits: Number(git(remote, scene.env, 'rev-list', '--count', 'assay')),
    changedCheckouts: clones.filter((folder, number) => checkoutOf(folder) !== before[number]),
    leftovers: [...clones, remote].flatMap(leftovers).concat(temporaryFiles(scene.tmp)),
    unsent: clones.flatMap((folder) => unsentIn(folder)),
  };
}

/** What is wrong with the result of `runWriters`, in words; empty when the promise holds. */
export function problemsOf(report) {
  const problems = [];
  for (const { number, wasKilled, code, run, stderr } of report.results) {
    const own = ({ params }) => params.writer === number;
    const [then, now] = [report.landed.filter(own), report.afterwards.filter(own)];
    if (!wasKilled && code !== 0) problems.push(`writer ${number} failed (${code}): ${stderr.slice(-500)}`);
    if (code === 0 && (then.length !== 1 || then[0].id !== run))
      problems.push(`writer ${number} reported ${run}, and the history has ${then.map(({ id }) => id)}`);
    if (now.length > 1) problems.push(`writer ${number} is in the history ${now.length} times`);
    if (then.length > now.length) problems.push(`the record of writer ${number} was lost afterwards`);
  }
  const ids = new Set(report.afterwards.map(({ id }) => id));
  if (ids.size !== report.afterwards.length) problems.push('an id is in the history twice');
  if (report.fsck !== '') problems.push(`git fsck: ${report.fsck}`);
  if (report.changedCheckouts.length > 0) problems.push(`changed checkouts: ${report.changedCheckouts}`);
  if (report.leftovers.length > 0) problems.push(`left behind: ${report.leftovers}`);
  if (report.unsent.length > 0) problems.push(`never sent: ${report.unsent}`);
  return problems;
}

function makeScene({ root, writers }) {
  const tmp = join(root, 'tmp');
  mkdirSync(tmp, { recursive: true });
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    TMPDIR: tmp,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const source = join(root, 'source');
  mkdirSync(source);
  writeFileSync(
    join(source, 'assay.yml'),
    [
      'history: { branch: assay, push: always }',
      'models:',
      '  income:',
      `    train: { run: 'printf "{\\"accuracy\\": 0.5}" > metrics.json', params: { writer: 0 } }`,
      '    metrics: { from: [metrics.json] }',
      '',
    ].join('\n'),
  );
  writeFileSync(join(source, '.gitignore'), 'metrics.json\n');
  git(source, env, 'init', '--quiet', '--initial-branch=main');
  git(source, env, 'add', '.');
  git(
    source,
    env,
    '-c',
    'user.name=Ada',
    '-c',
    'user.email=ada@example.org',
    'commit',
    '--quiet',
    '-m',
    'first',
  );
  const remote = join(root, 'remote.git');
  git(root, env, 'clone', '--quiet', '--bare', source, remote);
  git(remote, env, 'config', 'http.receivepack', 'true');
  git(remote, env, 'config', 'uploadpack.allowFilter', 'true');
  const template = join(root, 'template');
  git(root, env, 'clone', '--quiet', remote, template);
  const token = (number) => `token-${number}`;
  return {
    env,
    tmp,
    remote,
    tokens: Array.from(
      { length: writers },
      (_, number) => `basic ${Buffer.from(`x-access-token:${token(number)}`).toString('base64')}`,
    ),
    envOf: (number) => ({ ...env, ASSAY_TOKEN: token(number) }),
    clone: (number, address) => {
      const folder = join(root, `clone-${number}`);
      cpSync(template, folder, { recursive: true });
      git(folder, env, 'remote', 'set-url', 'origin', `${address}/remote.git`);
      git(folder, env, 'update-index', '--refresh');
      return folder;
    },
  };
}

/** Early in the life of the process, or in the middle of its talk with the server. */
function killPoint(chance) {
  const whole = chance() < 0.5;
  return chance() < 0.3
    ? { whole, afterMs: Math.floor(chance() * 1500) }
    : { whole, atRequest: 1 + Math.floor(chance() * 8), afterMs: Math.floor(chance() * 40) };
}

function startWriter({ assay, folder, env, number, kill }) {
  const child = spawn(
    process.execPath,
    [assay, 'train', '--json', '--quiet', '--param', `writer=${number}`],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [stdout, stderr, requests, started] = ['', '', 0, []];
  let wasKilled = false;
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const end = () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    started = descendants(child.pid);
    wasKilled = child.kill('SIGKILL');
    if (kill.whole) {
      for (const pid of started) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself.
        }
      }
    }
  };
  const killSoon = () => setTimeout(end, kill.afterMs);
  if (kill && kill.atRequest === undefined) killSoon();
  return {
    onRequest: () => {
      requests += 1;
      if (kill && kill.atRequest === requests) killSoon();
    },
    ended: new Promise((resolve) => {
      child.on('close', (code) => {
        const run = code === 0 ? JSON.parse(stdout).id : undefined;
        resolve({ code, run, stderr, started, wasKilled, whole: kill?.whole, point: kill?.atRequest });
      });
    }),
  };
}

async function nextVerb({ assay, folder, env }) {
  const child = spawn(process.execPath, [assay, 'runs', '--json', '--limit', '1'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`assay runs in ${folder} failed (${code}): ${stderr}`);
}

/** Every record on the branch at the remote, parsed: half a record would throw. */
function recordsAt({ remote, env }) {
  let names;
  try {
    names = git(remote, env, 'ls-tree', '-r', '--name-only', 'assay').split('\n').filter(Boolean);
  } catch {
    return [];
  }
  return names.map((name) => {
    const record = JSON.parse(git(remote, env, 'show', `assay:${name}`));
    if (!name.endsWith(`/${record.id}.json`)) throw new Error(`${name} holds ${record.id}`);
    return record;
  });
}

/** What a person would notice: the status, where HEAD is, and the bytes of the index and the config. */
function checkoutOf(folder) {
  const env = {
    PATH: process.env.PATH,
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const hash = createHash('sha256').update(git(folder, env, 'status', '--porcelain=v2', '--branch'));
  for (const name of ['HEAD', 'index', 'config', 'packed-refs'])
    hash.update(readFileSync(join(folder, '.git', name)));
  return hash.update(git(folder, env, 'for-each-ref')).digest('hex');
}

function leftovers(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.lock$|\.partial$|(^|\/)(tmp_|incoming-)/.test(path))
    .map((path) => join(folder, path));
}

function temporaryFiles(tmp) {
  return readdirSync(tmp).map((name) => join(tmp, name));
}

function unsentIn(folder) {
  return ['.git/assay/sending', '.assay/unsent'].flatMap((name) => {
    const path = join(folder, name);
    return existsSync(path)
      ? readdirSync(path)
          .filter((file) => file.endsWith('.json'))
          .map((file) => join(path, file))
      : [];
  });
}

/** As if an hour had passed: a lock that is a moment old may belong to a git that works. */
function age(path) {
  const time = new Date(Date.now() - 3_600_000);
  utimesSync(path, time, time);
}

function git(folder, env, ...args) {
  return execFileSync('git', args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  });
}

function descendants(root) {
  const children = new Map();
  for (const line of execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).split('\n')) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [];
  for (const next = [root]; next.length > 0; ) {
    const inner = children.get(next.pop()) ?? [];
    found.push(...inner);
    next.push(...inner);
  }
  return found;
}

function processesIn(pids) {
  if (pids.length === 0) return [];
  const alive = execFileSync('ps', ['-eo', 'pid=,stat='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, state]) => state !== undefined && !state.startsWith('Z'))
    .map(([pid]) => Number(pid));
  return pids.filter((pid) => alive.includes(pid));
}

async function until(condition) {
  for (let attempt = 0; attempt < 600 && !condition(); attempt++) await sleep(50);
}

/** Numbers from 0 to 1, the same for the same seed. */
function seededChance(seed) {
  let count = 0;
  return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32BE(0) / 2 ** 32;
}

function shuffled(length, chance) {
  const numbers = Array.from({ length }, (_, number) => number);
  for (let at = length - 1; at > 0; at--) {
    const other = Math.floor(chance() * (at + 1));
    [numbers[at], numbers[other]] = [numbers[other], numbers[at]];
  }
  return numbers;
}
