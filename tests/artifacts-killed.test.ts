import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
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
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Artifact } from '../src/artifacts/artifact.js';
import { startMoto } from './beds/moto.js';
import { releaseAssetsBed } from './beds/release-assets.mjs';

/** Processes that are killed by SIGKILL in the middle of a transfer, and the next one that goes on. */

const JOB = join(import.meta.dirname, 'beds/artifact-job.mjs');
let folder: string;
let moto: Awaited<ReturnType<typeof startMoto>>;
beforeAll(async () => {
  moto = await startMoto();
}, 60_000);
afterAll(() => moto?.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-killed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Job {
  readonly does: 'put' | 'fetch';
  readonly store: Readonly<Record<string, unknown>>;
  readonly path: string;
  readonly artifact?: Artifact;
  readonly holdAt?: number;
}
interface Done {
  readonly result?: Artifact;
  readonly sent: { readonly pieces: number; readonly bytes: number };
}

/** Runs the job to its end; one that holds is killed there, once `ready` is. */
function run(job: Job, ready: () => Promise<boolean> = async () => true): Promise<Done | undefined> {
  const child = spawn('node', [JOB, JSON.stringify({ root: folder, ...job })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let done: Done | undefined;
  createInterface({ input: child.stdout }).on('line', async (line) => {
    if (line.startsWith('{')) done = JSON.parse(line) as Done;
    if (line !== 'held') return;
    while (!(await ready())) await sleep(20);
    child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (job.holdAt === undefined ? code === 0 : signal === 'SIGKILL') resolve(done);
      else reject(new Error(`${job.does} ended with ${code ?? signal}`));
    });
  });
}

async function whole(job: Omit<Job, 'does'>, does: Job['does']): Promise<Done> {
  const done = await run({ ...job, does });
  if (!done) throw new Error('the job said nothing');
  return done;
}

function partials(at: string): readonly { readonly inode: number; readonly bytes: number }[] {
  if (!existsSync(at)) return [];
  return (readdirSync(at, { recursive: true }) as string[])
    .filter((name) => name.endsWith('.partial'))
    .map((name) => statSync(join(at, name)))
    .map(({ ino, size }) => ({ inode: ino, bytes: size }));
}

const MIB = 2 ** 20;
const content = randomBytes(20 * MIB);
const digest = createHash('sha256').update(content).digest('hex');

/** Killed while it fetches, then fetched on into the same file. */
async function fetchesOn(store: Job['store'], artifact: Artifact): Promise<void> {
  const path = join(folder, 'back/model.bin');
  await run({ does: 'fetch', store, artifact, path, holdAt: 9 * MIB });
  const [left] = partials(join(folder, 'back'));
  expect(left?.bytes).toBeGreaterThanOrEqual(8 * MIB);
  expect(readdirSync(join(folder, 'back'))).toHaveLength(1);
  await whole({ store, artifact, path }, 'fetch');
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(statSync(path).ino).toBe(left?.inode);
  expect(readdirSync(join(folder, 'back'))).toEqual(['model.bin']);
}

test('a directory: the next process goes on with what was written', async () => {
  writeFileSync(join(folder, 'model.bin'), content);
  const store = { kind: 'directory', folder: join(folder, 'store') };
  await run({ does: 'put', store, path: 'model.bin', holdAt: 9 * MIB });
  const [left, ...more] = partials(join(folder, 'store'));
  expect(more).toEqual([]);
  expect(left?.bytes).toBeGreaterThanOrEqual(8 * MIB);
  const { result } = await whole({ store, path: 'model.bin' }, 'put');
  const blob = join(folder, 'store/sha256', digest.slice(0, 2), digest.slice(2));
  expect(statSync(blob).ino).toBe(left?.inode);
  expect(readFileSync(blob).equals(content)).toBe(true);
  expect(partials(join(folder, 'store'))).toEqual([]);
  await fetchesOn(store, result as Artifact);
}, 60_000);

test('S3: parts that are there are not sent again', async (context) => {
  if (!moto) return context.skip("moto_server is not installed: pip install 'moto[server]'");
  writeFileSync(join(folder, 'model.bin'), content);
  const bucket = `killed-${randomBytes(4).toString('hex')}`;
  await fetch(`${moto.url}/${bucket}`, { method: 'PUT' });
  const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_ENDPOINT_URL: moto.url };
  const store = { kind: 's3', url: `s3://${bucket}/m`, env };
  const key = `m/sha256/${digest.slice(0, 2)}/${digest.slice(2)}`;
  const parts = async () => {
    const uploads = await (await fetch(`${moto?.url}/${bucket}?uploads`)).text();
    const [, id] = /<UploadId>(.*?)</.exec(uploads) ?? [];
    const list = await (await fetch(`${moto?.url}/${bucket}/${key}?uploadId=${id}`)).text();
    return list.split('<PartNumber>').length - 1;
  };
  await run({ does: 'put', store, path: 'model.bin', holdAt: 18 * MIB }, async () => (await parts()) === 2);
  expect((await fetch(`${moto.url}/${bucket}/${key}`)).status).toBe(404);
  const { result, sent } = await whole({ store, path: 'model.bin' }, 'put');
  expect(sent).toEqual({ pieces: 1, bytes: 4 * MIB });
  await fetchesOn(store, result as Artifact);
}, 60_000);

test('releases: parts that are there are not sent again, and the leftover goes', async () => {
  writeFileSync(join(folder, 'model.bin'), content);
  mkdirSync(join(folder, 'bed'));
  const bed = await releaseAssetsBed({ folder: join(folder, 'bed') });
  // A minute behind: the leftover looks too old to be waited for.
  bed.now = () => new Date(Date.now() - 60_000);
  const store = { kind: 'releases', env: bed.env(), partBytes: 5 * MIB };
  const states = () => [...bed.assets.values()].map(({ state }) => state).sort();
  await run({ does: 'put', store, path: 'model.bin', holdAt: 13 * MIB });
  expect(states()).toEqual(['starter', 'uploaded', 'uploaded']);
  const { result, sent } = await whole({ store, path: 'model.bin' }, 'put');
  // Two parts and the list of them.
  expect(sent.pieces).toBe(3);
  expect(states()).toEqual(Array.from({ length: 5 }, () => 'uploaded'));
  await fetchesOn(store, result as Artifact);
  await bed.close();
}, 60_000);
