import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { OutsideError, UserError } from '../../errors.js';
import { openS3, type S3Client } from '../s3/client.js';
import { elements, text } from '../s3/xml.js';
import type { FindOptions, FoundFiles } from './files.js';

/**
 * Objects of S3: one key, a prefix that ends in `/` (with `key=value` folders), or a pattern with `*`. Kept between runs;
 * fetched again when their ETag changed.
 */

interface Listed {
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
}

export async function fetchObjects(options: FindOptions): Promise<FoundFiles> {
  const match = /^s3:\/\/([^/]+)\/(.+)$/i.exec(options.source);
  const [, bucket = '', key = ''] = match ?? [];
  if (!match)
    throw new UserError(`${JSON.stringify(options.source)} names no object of S3`, {
      mend: 'write s3://bucket/path/data.csv, s3://bucket/folder/ or s3://bucket/day-*.csv',
    });
  const client = openS3({
    env: options.env,
    url: `s3://${bucket}`,
    version: 'source',
    world: {
      now: () => new Date(),
      wait: (seconds, cancel) =>
        sleep(seconds * 1000, undefined, { signal: cancel }).catch(() => cancel.throwIfAborted()),
    },
  });
  const objects = await matching(client, key);
  if (objects.length === 0) throw new UserError(`there is nothing at ${options.source}`);
  const folder = join(
    options.downloads,
    createHash('sha256').update(`s3://${bucket}`).digest('hex').slice(0, 16),
  );
  let done = 0;
  const total = objects.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const object of objects) {
    await fetchOne(client, object, {
      path: join(folder, object.key),
      cancel: options.cancel,
      onBytes: (bytes) => {
        done += bytes;
        options.onTransfer?.(done, total);
      },
    });
  }
  return {
    folder,
    files: objects.map((object) => object.key),
    names: objects.map((object) => `s3://${bucket}/${object.key}`),
  };
}

async function matching(client: S3Client, key: string): Promise<readonly Listed[]> {
  if (key.split('/').some((part) => part === '..' || part === '.'))
    throw new UserError(`${JSON.stringify(key)} is not a key that can be read here`);
  if (!key.includes('*') && !key.endsWith('/')) {
    const answer = await client.send({ method: 'HEAD', key, expected: [404] });
    if (answer.status === 404) return [];
    return [
      { key, etag: answer.headers.get('etag') ?? '', bytes: Number(answer.headers.get('content-length')) },
    ];
  }
  const pattern = new RegExp(
    `^${key
      .split(/(\*\*?)/)
      .map((part) =>
        part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
      )
      .join('')}${key.endsWith('/') ? '.+' : ''}$`,
  );
  const found: Listed[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const { text: xml }: { readonly text: string } = await client.send({
      method: 'GET',
      query: {
        'list-type': '2',
        prefix: key.split('*')[0] ?? '',
        ...(token === '' ? {} : { 'continuation-token': token }),
      },
    });
    for (const entry of elements(xml, 'Contents')) {
      const name = text(entry, 'Key') ?? '';
      const isData = pattern.test(name) && !/(^|\/)[._][^/]*$|\/$|(^|\/)\.\.?(\/|$)/.test(name);
      if (isData)
        found.push({ key: name, etag: text(entry, 'ETag') ?? '', bytes: Number(text(entry, 'Size')) });
    }
    token = text(xml, 'IsTruncated') === 'true' ? text(xml, 'NextContinuationToken') : undefined;
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function fetchOne(
  client: S3Client,
  { key, etag, bytes }: Listed,
  to: { readonly path: string; readonly cancel: AbortSignal; onBytes(bytes: number): void },
): Promise<void> {
  const memo = `${to.path}.etag`;
  const have = await stat(to.path).catch(() => undefined);
  if (etag !== '' && have?.size === bytes && (await readFile(memo, 'utf8').catch(() => '')) === etag) {
    to.onBytes(bytes);
    return;
  }
  await mkdir(dirname(to.path), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await client.stream({ method: 'GET', key, expected: [404] }, to.cancel);
      if (response.status === 404 || !response.body) throw new UserError(`${client.place}/${key} is gone`);
      const counted = async function* (body: AsyncIterable<Uint8Array>) {
        for await (const chunk of body) {
          to.onBytes(chunk.length);
          yield chunk;
        }
      };
      await pipeline(
        Readable.from(counted(response.body as unknown as AsyncIterable<Uint8Array>)),
        createWriteStream(`${to.path}.part`),
      );
      const { size } = await stat(`${to.path}.part`);
      if (size !== bytes) throw new Error(`it stopped after ${size} of ${bytes} bytes`);
      break;
    } catch (cause) {
      to.cancel.throwIfAborted();
      if (cause instanceof UserError || cause instanceof OutsideError) throw cause;
      if (attempt === 3)
        throw new OutsideError(`${client.place}/${key} cannot be fetched: ${String(cause)}`, { cause });
    }
  }
  await rename(`${to.path}.part`, to.path);
  await writeFile(memo, etag);
}
