// node bench/artifacts.mjs [GIB] [SEED] [STORE]: a large artifact through every kind of store: stored, killed in the middle,
// resumed, fetched, verified; its memory, what is sent twice, and its speed beside sha256sum and cp on the same file.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { releaseAssetsBed } from '../tests/beds/release-assets.mjs';
import { median } from './timing.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
if (!existsSync(join(root, 'build/main.js'))) throw new Error('build/ is not there: npm run compile');
const GIB = 2 ** 30;
const [large = 5, seed = 1] = process.argv.slice(2, 4).map(Number);
const only = process.argv[4];
/** Assets of the bed are files of this machine, so that a smaller file shows the same: 16 parts. */
const ON_RELEASES = { bytes: Math.min(large, 1) * GIB, partBytes: 64 * 2 ** 20 };
const MEMORY_BAR = 150 * 2 ** 20;
const PAIRS = 3;
const SMALL_FILES = 10_000;

const rows = [];
const add = (what, measured, bar, holds) => rows.push({ what, measured, bar, holds });
const MB = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
const scratch = mkdtempSync(join(tmpdir(), 'assay-bench-artifacts-'));
const free = statfsSync(scratch);
if (free.bavail * free.bsize < 5 * large * GIB)
  throw new Error(`${tmpdir()} needs ${5 * large} GiB of space`);
const random = generator(seed);

try {
  const file = join(scratch, 'model.bin');
  const data = writeSparse(file, large * GIB);
  console.log(`${large} GiB, of which ${MB(data)} are no holes; seed ${seed}; node ${process.version}\n`);
  for (const [name, store] of Object.entries({ directory, s3, releases })) {
    if (only === undefined || only === name) await store(file);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const width = Math.max(...rows.map((row) => row.what.length));
for (const { what, measured, bar, holds } of rows) {
  console.log(
    `${what.padEnd(width)}  ${measured.padStart(24)}  bar ${bar.padEnd(10)}  ${holds ? 'yes' : 'NO'}`,
  );
}
process.exitCode = rows.every((row) => row.holds) ? 0 : 1;

async function directory(file) {
  const folder = join(scratch, 'store');
  const store = { kind: 'directory', folder };
  const pairs = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const peer = timed(() => {
      execFileSync('sha256sum', [file]);
      execFileSync('cp', [file, join(scratch, 'copy.bin')]);
    });
    rmSync(join(scratch, 'copy.bin'));
    const own = await run({ does: 'put', store, path: file });
    rmSync(folder, { recursive: true, force: true });
    pairs.push({ ratio: peer / own.seconds, own: own.seconds, memory: own.memory });
  }
  const share = median(pairs.map(({ ratio }) => ratio));
  const speed = (large * 1024) / median(pairs.map(({ own }) => own));
  add(
    'directory: speed / sha256sum + cp',
    `${share.toFixed(2)}×  (${speed.toFixed(0)} MB/s)`,
    '≥ 0.6×',
    share >= 0.6,
  );
  memoryOf('directory, storing', Math.max(...pairs.map(({ memory }) => memory)));

  await run({ does: 'put', store, path: file }, killAt());
  const left = partials(folder);
  const begun = left.reduce((sum, { bytes }) => sum + bytes, 0);
  const resumed = await run({ does: 'put', store, path: file });
  const stored = join(folder, 'sha256', resumed.result.digest.slice(0, 2), resumed.result.digest.slice(2));
  const goesOn = left.length === 1 && statSync(stored).ino === left[0].inode && partials(folder).length === 0;
  add(
    'directory: what was written before the kill is gone on with',
    MB(begun),
    'all of it',
    goesOn && begun > 0,
  );
  await back('directory', { store, artifact: resumed.result });
  rmSync(folder, { recursive: true, force: true });
}

async function s3(file) {
  const server = await startS3();
  if (!server) {
    add("S3: moto_server is not installed (pip install 'moto[server]==5.2.5')", '–', 'a server', false);
    return;
  }
  try {
    const env = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench', AWS_ENDPOINT_URL: server.url };
    const store = { kind: 's3', url: 's3://bench/models', env };
    await fetch(`${server.url}/bench`, { method: 'PUT' });
    await run({ does: 'put', store, path: file }, killAt());
    const there = await partsThere(store);
    const resumed = await run({ does: 'put', store, path: file });
    const all = Math.ceil((large * GIB) / (8 * 2 ** 20));
    add(
      `S3: parts sent after the kill, of ${all}, ${there} being there`,
      `${resumed.sent.pieces}`,
      `= ${all - there}`,
      there > 0 && resumed.sent.pieces === all - there,
    );
    memoryOf('S3, storing', resumed.memory);
    await back('S3', { store, artifact: resumed.result });
  } finally {
    await server.stop();
  }
}

async function releases() {
  const file = join(scratch, 'smaller.bin');
  writeSparse(file, ON_RELEASES.bytes);
  const bed = await releaseAssetsBed({ folder: join(scratch, 'bed') });
  try {
    const store = { kind: 'releases', env: bed.env(), partBytes: ON_RELEASES.partBytes };
    await run({ does: 'put', store, path: file }, killAt());
    // The server hears of the death a moment later.
    await sleep(500);
    const there = [...bed.assets.values()].filter(({ state }) => state === 'uploaded').length;
    const left = bed.assets.size - there;
    const resumed = await run({ does: 'put', store, path: file });
    // Parts of nothing but zeros are one asset; the list of parts is one more.
    const all = bed.assets.size;
    add(
      `releases: uploads after the kill, of ${all}, ${there} being there`,
      `${resumed.sent.pieces}`,
      `= ${all - there}`,
      there > 0 && resumed.sent.pieces === all - there,
    );
    const starters = [...bed.assets.values()].filter(({ state }) => state !== 'uploaded').length;
    add(`releases: leftovers, ${left} after the kill`, `${starters}`, '= 0', starters === 0);
    memoryOf('releases, storing', resumed.memory);
    await back('releases', { store, artifact: resumed.result });
    await smallFiles(bed, store);
  } finally {
    await bed.close();
  }
}

/** A folder as training frameworks write them: uploads of all of it, and of one changed file. */
async function smallFiles(bed, store) {
  const folder = join(scratch, 'small');
  for (let i = 0; i < SMALL_FILES; i++) {
    mkdirSync(join(folder, `${i % 100}`), { recursive: true });
    writeFileSync(
      join(folder, `${i % 100}`, `shard-${i}.bin`),
      `${i} `.repeat(1 + Math.floor(random() * 500)),
    );
  }
  const before = bed.assets.size;
  const first = await run({ does: 'put', store, path: folder });
  const assets = bed.assets.size - before;
  add(`releases: assets of a folder of ${SMALL_FILES} files`, `${assets}`, '≤ 200', assets <= 200);
  memoryOf('releases, storing that', first.memory);
  writeFileSync(join(folder, '7', 'shard-7.bin'), 'changed');
  const second = await run({ does: 'put', store, path: folder });
  add(
    'releases: uploads for one changed file, and two lists',
    `${second.sent.pieces}`,
    '= 3',
    second.sent.pieces === 3,
  );
  const { seconds } = await run({
    does: 'fetch',
    store,
    artifact: second.result,
    path: join(scratch, 'small-back'),
  });
  const same = spawnSync('diff', ['-r', folder, join(scratch, 'small-back')]).status === 0;
  add('releases: fetched, and what diff -r says', `${seconds.toFixed(1)} s`, 'the same', same);
}

/** Fetched, killed in the middle, fetched on; compared by sha256sum; verified in the store. */
async function back(name, of) {
  const path = join(scratch, 'back', 'model.bin');
  await run({ does: 'fetch', ...of, path }, killAt());
  const [left] = partials(join(scratch, 'back'));
  const half = existsSync(path);
  const fetched = await run({ does: 'fetch', ...of, path });
  const digest = execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);
  const whole = digest === of.artifact.digest && !half && left !== undefined;
  const goesOn = whole && statSync(path).ino === left.inode && partials(join(scratch, 'back')).length === 0;
  add(`${name}: fetched on after a kill, and what sha256sum says`, MB(left?.bytes ?? 0), 'the same', goesOn);
  memoryOf(`${name}, fetching`, fetched.memory);
  const verified = await run({ does: 'verify', ...of, path });
  add(`${name}: verified in the store`, verified.result.state, 'whole', verified.result.state === 'whole');
  memoryOf(`${name}, verifying`, verified.memory);
  rmSync(join(scratch, 'back'), { recursive: true, force: true });
}

function memoryOf(what, bytes) {
  add(`${what}: peak memory`, MB(bytes), '< 150 MB', bytes < MEMORY_BAR);
}

/** A part of the transfer after which the process is killed, from the seed. */
function killAt() {
  return 0.15 + 0.7 * random();
}

/** @param share of the bytes after which it is killed by SIGKILL; the line of JSON of a job that ends is returned */
function run(job, share) {
  const bytes = job.artifact?.bytes ?? statSync(job.path).size;
  const child = spawn(
    'node',
    [join(root, 'tests/beds/artifact-job.mjs'), JSON.stringify({ root: scratch, ...job })],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let answer;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, at] = /^at (\d+)$/.exec(line) ?? [];
    if (at === undefined) answer = JSON.parse(line);
    else if (share !== undefined && Number(at) > share * bytes) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      const expected = share === undefined ? code === 0 : signal === 'SIGKILL';
      if (expected) resolve(answer);
      else reject(new Error(`${job.does} ended with ${code ?? signal}`));
    });
  });
}

function timed(work) {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function partials(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.partial'))
    .map((name) => statSync(join(folder, name)))
    .map(({ ino, size }) => ({ inode: ino, bytes: size }));
}

async function partsThere(store) {
  const { openS3 } = await import('../build/platform/s3/client.js');
  const world = { wait: (seconds) => sleep(seconds * 1000), now: () => new Date() };
  const client = openS3({ env: store.env, url: store.url, version: 'bench', world });
  const { text: uploads } = await client.send({
    method: 'GET',
    query: { uploads: '', prefix: client.prefix },
  });
  const [, key] = /<Key>(.*?)<\/Key>/.exec(uploads) ?? [];
  const [, uploadId] = /<UploadId>(.*?)<\/UploadId>/.exec(uploads) ?? [];
  let count = 0;
  for (let marker = '0'; marker !== undefined; ) {
    const query = { uploadId, 'part-number-marker': marker };
    const { text } = await client.send({ method: 'GET', key: key.slice(client.prefix.length), query });
    count += text.split('<PartNumber>').length - 1;
    marker = /<IsTruncated>true/i.test(text) ? /<NextPartNumberMarker>(\d+)/.exec(text)?.[1] : undefined;
  }
  return count;
}

async function startS3() {
  if (spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status !== 0) return undefined;
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn('moto_server', ['-p', String(port)], {
    stdio: 'ignore',
    env: { ...process.env, TMPDIR: scratch },
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(`${url}/moto-api/`).catch(() => undefined)); tries++) {
    if (tries > 300) throw new Error('moto_server does not start');
    await sleep(100);
  }
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once('close', resolve);
        child.kill();
      }),
  };
}

/** Bytes that never repeat in a quarter of its 64 MiB; the rest are holes. Returns how many are no holes. */
function writeSparse(path, bytes) {
  const block = 16 * 2 ** 20;
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const zeros = Buffer.alloc(block);
  const handle = openSync(path, 'w');
  let written = 0;
  for (let at = 0; at < bytes; at += 4 * block) {
    written += writeSync(handle, noise.update(zeros), 0, block, at);
  }
  ftruncateSync(handle, bytes);
  closeSync(handle);
  return written;
}

/** Numbers in [0, 1) from a seed: mulberry32. */
function generator(from) {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
