import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsV4Signer } from 'aws4fetch';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Blob } from '../src/artifacts/ports.js';
import { OutsideError, UserError } from '../src/errors.js';
import { s3Blobs } from '../src/platform/s3/artifacts.js';
import { openS3, type S3Client } from '../src/platform/s3/client.js';
import { PART_BYTES, partBytesFor } from '../src/platform/s3/multipart.js';
import { elements, text } from '../src/platform/s3/xml.js';
import { artifactsOver, transferScene } from './artifacts-scene.js';
import { faultProxy } from './beds/fault-proxy.js';
import { type Scripted, scriptedServer } from './beds/http-script.js';
import { startMoto } from './beds/moto.js';

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const credentials = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: SECRET };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-s3-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(env: Readonly<Record<string, string | undefined>>, url = 's3://models/team'): S3Client {
  const world = transferScene();
  const wait = async (seconds: number) => void waited.push(seconds);
  return openS3({ env: { ...credentials, ...env }, url, world: { ...world, wait }, version: '1.2.3' });
}
const waited: number[] = [];
beforeEach(() => {
  waited.length = 0;
});

describe('signatures: the published examples of Signature Version 4', () => {
  /** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
  const s3 = {
    accessKeyId: credentials.AWS_ACCESS_KEY_ID,
    secretAccessKey: SECRET,
    service: 's3',
    region: 'us-east-1',
    datetime: '20130524T000000Z',
    allHeaders: true,
  };
  const host = 'https://examplebucket.s3.amazonaws.com';
  const empty = sha256(Buffer.alloc(0));
  test.each([
    [
      'GET of an object with a range',
      {
        ...s3,
        method: 'GET',
        url: `${host}/test.txt`,
        headers: { range: 'bytes=0-9', 'x-amz-content-sha256': empty },
      },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT of an object',
      {
        ...s3,
        method: 'PUT',
        url: `${host}/test%24file.text`,
        headers: {
          date: 'Fri, 24 May 2013 00:00:00 GMT',
          'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          'x-amz-content-sha256': sha256(Buffer.from('Welcome to Amazon S3.')),
        },
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET of a sub-resource',
      { ...s3, method: 'GET', url: `${host}/?lifecycle`, headers: { 'x-amz-content-sha256': empty } },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET of a list',
      {
        ...s3,
        method: 'GET',
        url: `${host}/?max-keys=2&prefix=J`,
        headers: { 'x-amz-content-sha256': empty },
      },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
    [
      // get-vanilla of aws-sig-v4-test-suite
      'any other service',
      {
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
        service: 'service',
        region: 'us-east-1',
        datetime: '20150830T123600Z',
        method: 'GET',
        url: 'https://example.amazonaws.com/',
      },
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    ],
  ])('%s', async (_, request, signature) => {
    const { headers } = await new AwsV4Signer(request).sign();
    expect(headers.get('authorization')).toContain(`Signature=${signature}`);
  });
});

test('what S3 answers is read by element, entities decoded', () => {
  const xml =
    '<?xml version="1.0"?><R xmlns="x"><Contents><Key>a&amp;b&#x3c;&#62;</Key><ETag>&quot;e&quot;</ETag></Contents><Contents><Key>c</Key></Contents><Empty/></R>';
  expect(elements(xml, 'Contents').map((entry) => text(entry, 'Key'))).toEqual(['a&b<>', 'c']);
  expect(text(xml, 'ETag')).toBe('"e"');
  expect(text(xml, 'Missing')).toBeUndefined();
});

test('parts grow where 10,000 of them would not do', () => {
  expect(partBytesFor(1)).toBe(PART_BYTES);
  expect(partBytesFor(PART_BYTES * 10_000)).toBe(PART_BYTES);
  const large = 5 * 2 ** 40;
  expect(Math.ceil(large / partBytesFor(large))).toBeLessThanOrEqual(10_000);
  expect(partBytesFor(large) % 2 ** 20).toBe(0);
});

describe('addresses and credentials', () => {
  test('of AWS by host, of others and of names with dots by path', async () => {
    const region = { AWS_REGION: 'eu-central-1' };
    const failing = async (client: S3Client) =>
      client.send({ method: 'GET', key: 'x' }).catch((error: unknown) => String(error));
    const server = await scriptedServer([{ status: 200, body: '' }]);
    await open({ ...region, AWS_ENDPOINT_URL: server.url }).send({ method: 'GET', key: 'a b+c' });
    await open({ AWS_ENDPOINT_URL: 'http://other', AWS_ENDPOINT_URL_S3: `${server.url}/` }).send({
      method: 'GET',
      query: { prefix: 'a b' },
    });
    expect(server.seen.map(({ path }) => path)).toEqual(['/models/team/a%20b%2Bc', '/models/?prefix=a%20b']);
    expect(server.seen[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-central-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, /,
    );
    expect(JSON.stringify(server.seen)).not.toContain(SECRET);
    await server.close();
    expect(await failing(open(region))).toContain('models.s3.eu-central-1.amazonaws.com');
    expect(await failing(open(region, 's3://my.models'))).toContain('s3.eu-central-1.amazonaws.com');
    expect(await failing(open({ AWS_REGION: 'cn-north-1' }))).toContain('amazonaws.com.cn');
  });

  test('a session token goes along', async () => {
    const server = await scriptedServer([{ status: 200, body: '' }]);
    await open({ AWS_SESSION_TOKEN: 'session', AWS_ENDPOINT_URL: server.url }).send({ method: 'GET' });
    expect(server.seen[0]?.headers['x-amz-security-token']).toBe('session');
    await server.close();
  });

  test.each([
    [
      'credentials',
      { AWS_SECRET_ACCESS_KEY: '', AWS_REGION: 'eu-central-1' },
      's3://models',
      /no credentials/,
    ],
    ['the region', {}, 's3://models', /which region/],
    ['an endpoint that is one', { AWS_ENDPOINT_URL: 'minio' }, 's3://models', /is not an address/],
    ['a bucket', { AWS_REGION: 'x' }, 's3://Models', /names no bucket/],
    ['a prefix that stays inside', { AWS_REGION: 'x' }, 's3://models/a/../b', /names no bucket/],
  ])('%s must be there', (_, env, url, message) => {
    expect(() => open(env, url)).toThrow(message);
  });
});

describe('what S3 refuses or fails', () => {
  const error = (status: number, code: string, more = '') => ({
    status,
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>because</Message>${more}</Error>`,
    headers: { 'content-type': 'application/xml' },
  });
  async function outcome(answers: readonly Scripted[]) {
    const server = await scriptedServer(answers);
    const client = open({ AWS_ENDPOINT_URL: server.url });
    const result = await client.send({ method: 'GET', key: 'k' }).catch((caught: unknown) => caught);
    await server.close();
    return { result, requests: server.seen.length };
  }
  test.each([
    ['AccessDenied', error(403, 'AccessDenied'), UserError, /s3:PutObject/],
    ['NoSuchBucket', error(404, 'NoSuchBucket'), UserError, /make the bucket/],
    ['a wrong key', error(403, 'SignatureDoesNotMatch'), UserError, /do not belong together/],
    ['an expired token', error(400, 'ExpiredToken'), OutsideError, /have expired.*go on/],
    ['a wrong clock', error(403, 'RequestTimeTooSkewed'), UserError, /clock/],
    ['another region', error(301, 'PermanentRedirect', '<Region>eu-west-1</Region>'), UserError, /eu-west-1/],
    ['an archived object', error(403, 'InvalidObjectState'), UserError, /archive/],
  ])('%s is said at once', async (_, answer, kind, mend) => {
    const { result, requests } = await outcome([answer]);
    expect(result).toBeInstanceOf(kind);
    expect((result as UserError).mend).toMatch(mend);
    expect(requests).toBe(1);
  });

  test('passing trouble is tried again, as late as the service asks', async () => {
    const slow = { ...error(503, 'SlowDown'), headers: { 'retry-after': '7' } };
    const { result, requests } = await outcome([
      slow,
      error(500, 'InternalError'),
      'hang up',
      { status: 200, body: 'x' },
    ]);
    expect(result).toMatchObject({ status: 200, text: 'x' });
    expect(requests).toBe(4);
    expect(waited[0]).toBe(7);
  });

  test('for ever only so long; a wait of hours is not waited', async () => {
    const { result, requests } = await outcome([error(500, 'InternalError')]);
    expect(result).toBeInstanceOf(OutsideError);
    expect(requests).toBe(6);
    const hours = { ...error(429, 'SlowDown'), headers: { 'retry-after': '7200' } };
    expect((await outcome([hours])).requests).toBe(1);
  });

  test('200 with an error inside is an error', async () => {
    const { result, requests } = await outcome([
      error(200, 'InternalError'),
      { status: 200, body: '<Done/>' },
    ]);
    expect(result).toMatchObject({ status: 200, text: '<Done/>' });
    expect(requests).toBe(2);
  });

  test('a service that is gone', async () => {
    const result = await open({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' })
      .send({ method: 'GET' })
      .catch((caught: unknown) => caught);
    expect(result).toBeInstanceOf(OutsideError);
    expect(String(result)).not.toContain(SECRET);
  });

  test('a service that knows no conditions gets the object without', async () => {
    const server = await scriptedServer([
      { status: 404 },
      error(501, 'NotImplemented'),
      { status: 200, body: '' },
    ]);
    writeFileSync(join(folder, 'a'), 'a');
    await artifactsOver(s3Blobs(open({ AWS_ENDPOINT_URL: server.url })), folder)
      .put('a', 'a')
      .catch(() => {});
    await server.close();
    const puts = server.seen.filter(({ method }) => method === 'PUT');
    expect(puts.map(({ headers }) => headers['if-none-match'])).toEqual(['*', undefined]);
  });
});

let moto: Awaited<ReturnType<typeof startMoto>>;
beforeAll(async () => {
  moto = await startMoto();
}, 60_000);
afterAll(() => moto?.stop());

describe('with an S3 server', () => {
  let bucket: string;
  beforeEach(async (context) => {
    if (!moto) return context.skip("moto_server is not installed: pip install 'moto[server]'");
    bucket = `models-${randomBytes(4).toString('hex')}`;
    await fetch(`${moto.url}/${bucket}`, { method: 'PUT' });
  });
  const client = (url = moto?.url) =>
    open({ AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' }, `s3://${bucket}/team/a`);
  async function listed(s3: S3Client): Promise<readonly Blob[]> {
    const found: Blob[] = [];
    for await (const blob of s3Blobs(s3).list()) found.push(blob);
    return found;
  }
  const large = randomBytes(3 * PART_BYTES + 1000);

  test('files of one and of many parts, and folders, come back; the same content is stored once', async () => {
    const store = artifactsOver(s3Blobs(client()), folder);
    writeFileSync(join(folder, 'small.bin'), 'small');
    writeFileSync(join(folder, 'empty.bin'), '');
    writeFileSync(join(folder, 'large.bin'), large);
    const stored = [];
    for (const name of ['small.bin', 'empty.bin', 'large.bin', 'large.bin'])
      stored.push(await store.put(name, name));
    stored.push(await store.put('all', '.'));
    for (const artifact of stored) {
      expect(await store.has(artifact.digest)).toBe(true);
      expect(await store.verify(artifact.digest, { content: true })).toEqual({ state: 'whole', detail: '' });
    }
    // The empty file needs no object.
    expect(await listed(client())).toHaveLength(3);
    const back = mkdtempSync(join(tmpdir(), 'assay-back-'));
    await store.fetch(stored[4] as (typeof stored)[number], join(back, 'all'));
    expect(readFileSync(join(back, 'all/large.bin')).equals(large)).toBe(true);
    expect(readFileSync(join(back, 'all/empty.bin'), 'utf8')).toBe('');
    rmSync(back, { recursive: true });
    await expect(
      store.fetch({ name: 'x', digest: 'ab'.repeat(32), bytes: 1 }, join(folder, 'x')),
    ).rejects.toThrow(/not in the store/);
    expect(await store.verify('ab'.repeat(32))).toMatchObject({ state: 'missing' });
  });

  test('many writers of one content at once', async () => {
    writeFileSync(join(folder, 'large.bin'), large);
    writeFileSync(join(folder, 'small.bin'), 'small');
    const stores = Array.from({ length: 3 }, () => artifactsOver(s3Blobs(client()), folder));
    await Promise.all(
      stores.flatMap((store) => ['large.bin', 'small.bin'].map((name) => store.put(name, name))),
    );
    const [store] = stores;
    expect(await store?.verify(sha256(large), { content: true })).toMatchObject({ state: 'whole' });
    expect(await listed(client())).toHaveLength(2);
  });

  test('an upload that broke for good is continued: parts that are there are not sent again', async () => {
    writeFileSync(join(folder, 'large.bin'), large);
    let sent = 0;
    const counting = (s3: S3Client, breakAt: number): S3Client => ({
      ...s3,
      send: async (request) => {
        if (request.query?.partNumber !== undefined && ++sent > breakAt) throw new OutsideError('gone');
        return s3.send(request);
      },
    });
    const put = (breakAt: number) =>
      artifactsOver(s3Blobs(counting(client(), breakAt)), folder).put('m', 'large.bin');
    await expect(put(2)).rejects.toThrow('gone');
    expect(await listed(client())).toHaveLength(0);
    sent = 0;
    await put(99);
    expect(sent).toBe(2);
    expect(
      await artifactsOver(s3Blobs(client()), folder).verify(sha256(large), { content: true }),
    ).toMatchObject({
      state: 'whole',
    });
  });

  test('connections that are cut, both ways', async () => {
    const proxy = await faultProxy({ host: moto?.host ?? '', port: moto?.port ?? 0 });
    writeFileSync(join(folder, 'large.bin'), large);
    const store = artifactsOver(s3Blobs(client(proxy.url)), folder);
    proxy.faults.push({}, { cutRequestAfter: 100_000 }, { cutRequestAfter: 3e6 }, { cutResponseAfter: 10 });
    const artifact = await store.put('m', 'large.bin');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(proxy.faults).toEqual([]);
    const cut = artifactsOver(s3Blobs(client(proxy.url)), folder);
    for (const cutResponseAfter of [5e6, 9e6, 100]) proxy.faults.push({ cutResponseAfter });
    await cut.fetch(artifact, join(folder, 'back.bin'));
    expect(readFileSync(join(folder, 'back.bin')).equals(large)).toBe(true);
    await proxy.close();
  });

  test('touching makes it younger; removing and tidying', async () => {
    writeFileSync(join(folder, 'small.bin'), 'small');
    const blobs = s3Blobs(client());
    const { digest } = await artifactsOver(blobs, folder).put('m', 'small.bin');
    const before = await blobs.stat(digest);
    expect(before?.digest ?? digest).toBe(digest);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await blobs.touch(digest)).toBe(true);
    const after = await blobs.stat(digest);
    expect(after?.modified.getTime()).toBeGreaterThan(before?.modified.getTime() ?? 0);
    expect(after?.bytes).toBe(5);
    await blobs.remove(digest);
    await blobs.remove(digest);
    expect(await blobs.stat(digest)).toBeUndefined();
    expect(await blobs.touch(digest)).toBe(false);

    await client().send({ method: 'POST', key: 'sha256/ab/cd', query: { uploads: '' } });
    expect(await blobs.tidy(new Date(0))).toEqual({ count: 0, bytes: 0 });
    expect((await blobs.tidy(new Date(Date.now() + 60_000))).count).toBe(1);
    expect((await blobs.tidy(new Date(Date.now() + 60_000))).count).toBe(0);
  });

  test('a bucket that is not there', async () => {
    writeFileSync(join(folder, 'small.bin'), 'small');
    const gone = open({ AWS_ENDPOINT_URL: moto?.url }, 's3://nothing-here');
    await expect(artifactsOver(s3Blobs(gone), folder).put('m', 'small.bin')).rejects.toThrow(/NoSuchBucket/);
  });
});
