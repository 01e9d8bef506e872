import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Blobs, TransferWorld } from '../src/artifacts/ports.js';
import { OutsideError, UserError } from '../src/errors.js';
import { releaseBlobs } from '../src/platform/github/artifacts.js';
import { openGitHub } from '../src/platform/github/client.js';
import { s3Blobs } from '../src/platform/s3/artifacts.js';
import { openS3 } from '../src/platform/s3/client.js';
import { PART_BYTES } from '../src/platform/s3/multipart.js';
import { artifactsOver, transferScene } from './artifacts-scene.js';
import { httpFront, type Passing, type Ruling } from './beds/http-front.js';
import { startMoto } from './beds/moto.js';
import { startRclone } from './beds/rclone.js';
import { type ReleaseAssetsBed, releaseAssetsBed } from './beds/release-assets.mjs';
import { memoryBlobs } from './fakes/blobs.js';

/** What networks, servers and other jobs do to transfers, against real servers. */

let folder: string;
let moto: Awaited<ReturnType<typeof startMoto>>;
beforeAll(async () => {
  moto = await startMoto();
}, 60_000);
afterAll(() => moto?.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-faults-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const errorOf = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);
const waited: number[] = [];
const world: TransferWorld = { ...transferScene(), wait: async (seconds) => void waited.push(seconds) };
beforeEach(() => {
  waited.length = 0;
});
const store = (blobs: Blobs) => artifactsOver(blobs, folder, world);

function file(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return name;
}

describe('S3', () => {
  const large = randomBytes(2 * PART_BYTES + 1000);
  let bucket: string;
  const fronts: { close(): Promise<void> }[] = [];
  beforeEach(async (context) => {
    if (!moto) return context.skip("moto_server is not installed: pip install 'moto[server]'");
    bucket = `faults-${randomBytes(4).toString('hex')}`;
    await fetch(`${moto.url}/${bucket}`, { method: 'PUT' });
  });
  afterEach(async () => {
    for (const front of fronts.splice(0)) await front.close();
  });
  const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
  const client = (url = moto?.url) =>
    openS3({ env: { ...keys, AWS_ENDPOINT_URL: url }, url: `s3://${bucket}/m`, version: '1', world });
  const open = (url?: string) => s3Blobs(client(url));
  async function behind(rule: (passing: Passing) => Ruling) {
    const front = await httpFront(moto?.url ?? '', rule);
    fronts.push(front);
    return front;
  }
  const isPart = ({ method, path }: Passing) => method === 'PUT' && path.includes('partNumber=');
  const said = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;
  /** The unfinished uploads of the bucket. */
  const unfinished = async () =>
    (await (await fetch(`${moto?.url}/${bucket}?uploads`)).text()).split('<UploadId>').length - 1;

  test('500, 502, 503 and 429 with retry-after, each on its way: stored once, whole', async () => {
    const troubles = [
      { status: 500, body: said('InternalError') },
      { status: 502, body: '<html>Bad Gateway</html>' },
      { status: 429, body: said('TooManyRequests'), headers: { 'retry-after': '11' } },
      { status: 503, body: said('SlowDown'), headers: { 'retry-after': '3' } },
    ];
    const front = await behind((passing) => (isPart(passing) ? troubles.shift() : undefined));
    await store(open(front.url)).put('m', file('m.bin', large));
    expect(troubles).toEqual([]);
    expect(waited.some((seconds) => seconds >= 11)).toBe(true);
    expect(await store(open()).verify(sha256(large), { content: true })).toMatchObject({ state: 'whole' });
  });

  test('a token that expires in the middle: what is there is kept and not sent again', async () => {
    let parts = 0;
    const front = await behind((passing) =>
      isPart(passing) && ++parts > 2 ? { status: 400, body: said('ExpiredToken') } : undefined,
    );
    const failure = await errorOf(store(open(front.url)).put('m', file('m.bin', large)));
    expect(failure).toBeInstanceOf(OutsideError);
    expect((failure as OutsideError).mend).toMatch(/expired.*go on/);
    const counting = await behind(() => undefined);
    await store(open(counting.url)).put('m', 'm.bin');
    expect(counting.seen.filter(isPart)).toHaveLength(1);
  });

  test('an endpoint that is gone for good: it is named, what is there is kept', async () => {
    let parts = 0;
    const front = await behind((passing) => {
      if (isPart(passing) && ++parts > 1) return { status: 503, body: '' };
      return undefined;
    });
    const failure = await errorOf(store(open(front.url)).put('m', file('m.bin', large)));
    expect(failure).toBeInstanceOf(OutsideError);
    await front.close();
    fronts.length = 0;
    const gone = await errorOf(store(open(front.url)).put('m', 'm.bin'));
    expect(gone).toBeInstanceOf(OutsideError);
    expect((gone as OutsideError).message).toContain(new URL(front.url).host);
    const counting = await behind(() => undefined);
    await store(open(counting.url)).put('m', 'm.bin');
    expect(counting.seen.filter(isPart)).toHaveLength(2);
  });

  test('answers that are cut short without an error, and ranges that are not known', async () => {
    const artifact = await store(open()).put('m', file('m.bin', large));
    // Each answer is a whole one, of another range than was asked for.
    const short = await behind(({ method, headers }) => {
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
      return method === 'GET'
        ? { send: { ...headers, range: `bytes=${from}-${from + 4_000_000}` } }
        : undefined;
    });
    await store(open(short.url)).fetch(artifact, join(folder, 'short.bin'));
    expect(readFileSync(join(folder, 'short.bin')).equals(large)).toBe(true);
    expect(short.seen.filter(({ headers }) => headers.range !== undefined).length).toBeGreaterThan(2);

    mkdirSync(join(folder, 'back'));
    const left = `.${artifact.digest.slice(0, 16)}.0.12345678.partial`;
    writeFileSync(join(folder, 'back', left), large.subarray(0, 5_000_000));
    const ignoring = await behind(({ headers: { range: _, ...headers } }) => ({ send: headers }));
    await store(open(ignoring.url)).fetch(artifact, join(folder, 'back/m.bin'));
    expect(readFileSync(join(folder, 'back/m.bin')).equals(large)).toBe(true);
    expect(ignoring.seen.filter(({ method }) => method === 'GET')[0]?.headers.range).toBe('bytes=5000000-');
  });

  test('a blob that is damaged in the store is told and never handed out', async () => {
    const bytes = randomBytes(5000);
    const artifact = await store(open()).put('m', file('m.bin', bytes));
    const key = `sha256/${artifact.digest.slice(0, 2)}/${artifact.digest.slice(2)}`;
    await client().send({ method: 'PUT', key, body: randomBytes(5000) });
    expect(await store(open()).verify(artifact.digest, { content: true })).toMatchObject({
      state: 'damaged',
    });
    const failure = await errorOf(store(open()).fetch(artifact, join(folder, 'back/m.bin')));
    expect(failure).toBeInstanceOf(OutsideError);
    expect((failure as OutsideError).message).toContain('is damaged');
    expect(readdirSync(join(folder, 'back'))).toEqual([]);
  });

  test('a file that changes while it is stored leaves no unfinished upload', async () => {
    const path = join(folder, file('m.bin', large));
    const blobs = open();
    const changing: Blobs = {
      ...blobs,
      put: async (name, content) => {
        writeFileSync(path, randomBytes(large.length));
        await blobs.put(name, content);
      },
    };
    const failure = await errorOf(store(changing).put('m', path));
    expect(failure).toBeInstanceOf(UserError);
    expect(await unfinished()).toBe(0);
    expect(await store(blobs).has(sha256(large))).toBe(false);
  });
});

describe('S3 that checks signatures', () => {
  let rclone: Awaited<ReturnType<typeof startRclone>>;
  let root: string;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'assay-rclone-'));
    rclone = await startRclone({ folder: root, buckets: ['models'] });
  }, 60_000);
  afterAll(() => {
    rclone?.stop();
    rmSync(root, { recursive: true, force: true });
  });
  beforeEach((context) => {
    if (!rclone) context.skip('rclone is not installed: go install github.com/rclone/rclone@v1.76.0');
  });
  const open = (keys = rclone?.keys) =>
    s3Blobs(
      openS3({
        env: { ...keys, AWS_ENDPOINT_URL: rclone?.url },
        // What is escaped in a signature.
        url: 's3://models/a team/ä+b=c',
        version: '1',
        world,
      }),
    );

  test('takes ours: small and large, there and back, listed, touched, removed', async () => {
    const large = randomBytes(PART_BYTES + 1000);
    const artifacts = store(open());
    const small = await artifacts.put('s', file('s.bin', Buffer.from('small')));
    const big = await artifacts.put('l', file('l.bin', large));
    await artifacts.fetch(big, join(folder, 'back.bin'));
    expect(readFileSync(join(folder, 'back.bin')).equals(large)).toBe(true);
    expect(await artifacts.verify(big.digest, { content: true })).toMatchObject({ state: 'whole' });
    const listed: string[] = [];
    for await (const { name } of open().list()) listed.push(name);
    expect(listed.sort()).toEqual([small.digest, big.digest].sort());
    expect(await open().touch(big.digest)).toBe(true);
    expect(await open().tidy(new Date())).toEqual({ count: 0, bytes: 0 });
    await open().remove(small.digest);
    expect(await artifacts.has(small.digest)).toBe(false);
  });

  test.each([
    ['secret', { AWS_ACCESS_KEY_ID: 'RCLONEKEY', AWS_SECRET_ACCESS_KEY: 'another' }],
    ['key', { AWS_ACCESS_KEY_ID: 'NOBODY', AWS_SECRET_ACCESS_KEY: 'rclone-secret' }],
  ])('refuses a wrong %s, which is told without it', async (_, keys) => {
    const failure = await errorOf(store(open(keys)).put('s', file('s.bin', Buffer.from('other'))));
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).mend).toMatch(/do not belong together/);
    expect(String((failure as UserError).stack)).not.toContain(keys.AWS_SECRET_ACCESS_KEY);
  });
});

describe('releases', () => {
  let bed: ReleaseAssetsBed;
  const open = async (limits = { assets: 1000, partBytes: 1_000_000 }) =>
    releaseBlobs({
      client: await openGitHub({
        env: bed.env(),
        version: '1',
        now: Date.now,
        cancel: world.cancel,
        warn: () => {},
        secondMs: 1,
        attemptSeconds: 5,
      }),
      world,
      limits,
    });
  const start = async (mostAssets = 1000) => {
    bed = await releaseAssetsBed({ folder: join(folder, 'bed'), mostAssets });
  };
  afterEach(() => bed.close());
  const titles = () => [...bed.releases.values()].map(({ tag_name }) => tag_name).sort();

  test('two jobs fill the last place of a release and open the next at once', async () => {
    await start(10);
    for (let i = 0; i < 9; i++) await store(await open()).put('f', file(`f${i}`, Buffer.from(`${i}`)));
    const jobs = await Promise.all(Array.from({ length: 4 }, () => open()));
    for (const job of jobs) await job.stat('ab'.repeat(32));
    await Promise.all(
      jobs.map((job, at) => store(job).put('x', file(`x${at}`, Buffer.from(`another ${at}`)))),
    );
    expect(titles()).toEqual(['assay-artifacts-1', 'assay-artifacts-2']);
    const fresh = store(await open());
    for (let at = 0; at < 4; at++) expect(await fresh.has(sha256(Buffer.from(`another ${at}`)))).toBe(true);
    expect(bed.assets.size).toBe(13);
  });

  test('two jobs store the same at once: it is there once, and both succeed', async () => {
    await start();
    const bytes = randomBytes(400_000);
    file('m.bin', bytes);
    const jobs = await Promise.all([open(), open(), open()]);
    await Promise.all(jobs.map((job) => store(job).put('m', 'm.bin')));
    expect([...bed.assets.values()].map(({ name, state }) => [name, state])).toEqual([
      [`sha256-${sha256(bytes)}`, 'uploaded'],
    ]);
  });

  test('a server that is gone for good is named', async () => {
    await start();
    const blobs = await open();
    await blobs.stat('ab'.repeat(32));
    await bed.close();
    const failure = await errorOf(store(blobs).put('m', file('m.bin', randomBytes(1000))));
    expect(failure).toBeInstanceOf(OutsideError);
    expect((failure as OutsideError).message).toContain('team/models');
    await start();
  });

  test('a blob that is damaged in the store is told and never handed out', async () => {
    await start();
    const artifact = await store(await open()).put('m', file('m.bin', randomBytes(5000)));
    for (const { id } of bed.assets.values()) writeFileSync(bed.path(id), randomBytes(5000));
    const failure = await errorOf(store(await open()).fetch(artifact, join(folder, 'back/m.bin')));
    expect(failure).toBeInstanceOf(OutsideError);
    expect(existsSync(join(folder, 'back/m.bin'))).toBe(false);
    expect(readdirSync(join(folder, 'back'))).toEqual([]);
  });

  test.each(['ignored', 'short'] as const)('ranges that are %s', async (ranges) => {
    await start();
    const bytes = randomBytes(900_000);
    const artifact = await store(await open()).put('m', file('m.bin', bytes));
    bed.ranges = ranges;
    bed.downloadCuts.push(300_000);
    await store(await open()).fetch(artifact, join(folder, 'back.bin'));
    expect(readFileSync(join(folder, 'back.bin')).equals(bytes)).toBe(true);
  });
});

describe('splitting at the limit of a blob', () => {
  test.each([
    [999, 1],
    [1000, 1],
    [1001, 3],
    [2000, 3],
    [2001, 4],
  ])('%i bytes with a limit of 1,000 are %i blobs, none above it', async (bytes, blobs) => {
    const memory = memoryBlobs({ partBytes: 1000 });
    const content = randomBytes(bytes);
    const artifact = await store(memory.blobs).put('m', file('m.bin', content));
    expect(memory.kept.size).toBe(blobs);
    for (const [name, kept] of memory.kept)
      if (!name.endsWith('.parts')) expect(kept.bytes.length).toBeLessThanOrEqual(1000);
    await store(memory.blobs).fetch(artifact, join(folder, 'back.bin'));
    expect(readFileSync(join(folder, 'back.bin')).equals(content)).toBe(true);
  });

  test('what is handed to GitHub stays below its limit of 2 GiB', async () => {
    const { partBytes } = releaseBlobs({ client: { owner: 'o', repo: 'r' } as never, world });
    expect(partBytes).toBeLessThan(2 ** 31);
    expect(partBytes).toBeGreaterThan(2 ** 30);
  });
});
