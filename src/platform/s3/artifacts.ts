import { parseName } from '../../artifacts/names.js';
import { type Blob, type Blobs, BrokenTransfer, type Content, NoSuchBlob } from '../../artifacts/ports.js';
import { OutsideError } from '../../errors.js';
import { startOf } from '../http/range.js';
import { isNetworkError, type S3Answer, type S3Client } from './client.js';
import { abortUploadsBefore, copyInParts, PART_BYTES, putInParts } from './multipart.js';
import { elements, text } from './xml.js';

/**
 * Blobs as objects of a bucket: `prefix/sha256/ab/cdef…`. An object may have any size (it is uploaded in parts), so that
 * it can be used without Assay.
 */
export function s3Blobs(client: S3Client): Blobs {
  return {
    place: client.place,
    partBytes: Number.POSITIVE_INFINITY,
    parallel: 3,
    stat: (name) => statBlob(client, name),
    put: async (name, content) => {
      const key = keyOf(name);
      if (content.bytes > PART_BYTES) return putInParts(client, key, content);
      return putWhole(client, { key, name, content });
    },
    get: (name, from) => read(client, name, from),
    touch: (name) => touch(client, name),
    remove: async (name, { unlessModifiedSince: since } = {}) => {
      const found = since && (await statBlob(client, name));
      if (found && found.modified >= since) return false;
      await client.send({ method: 'DELETE', key: keyOf(name), expected: [404] });
      return true;
    },
    list: () => list(client),
    tidy: (before) => abortUploadsBefore(client, before),
  };
}

function keyOf(name: string): string {
  return `sha256/${name.slice(0, 2)}/${name.slice(2)}`;
}

async function statBlob(client: S3Client, name: string): Promise<Blob | undefined> {
  const answer = await client.send({
    method: 'HEAD',
    key: keyOf(name),
    headers: { 'x-amz-checksum-mode': 'ENABLED' },
    expected: [404],
  });
  if (answer.status === 404) return undefined;
  return {
    name,
    bytes: Number(answer.headers.get('content-length')),
    modified: new Date(answer.headers.get('last-modified') ?? 0),
    digest: client.computesChecksums ? digestOf(answer, parseName(name)?.digest) : null,
  };
}

/**
 * S3's own SHA-256 of the object, where it is what it should be. Anything else says nothing: of an object in parts it is
 * a digest of their digests, which not every service marks as such.
 */
function digestOf(answer: S3Answer, expected: string | undefined): string | null {
  const checksum = Buffer.from(answer.headers.get('x-amz-checksum-sha256') ?? '', 'base64').toString('hex');
  return checksum === expected ? checksum : null;
}

async function putWhole(
  client: S3Client,
  of: { readonly key: string; readonly name: string; readonly content: Content },
): Promise<void> {
  const body = Buffer.allocUnsafeSlow(of.content.bytes);
  let at = 0;
  for await (const chunk of of.content.stream()) {
    body.set(chunk, at);
    at += chunk.length;
  }
  const put = (condition: Readonly<Record<string, string>>) =>
    client.send({
      method: 'PUT',
      key: of.key,
      headers: {
        'content-type': 'application/octet-stream',
        'x-amz-checksum-sha256': Buffer.from(of.content.digest, 'hex').toString('base64'),
        ...condition,
      },
      body,
      expected: [412, 501],
    });
  const { status } = await put({ 'if-none-match': '*' });
  if (status < 300) return;
  // 412: it is there. 501: a service that knows no conditions.
  if (status === 412 && (await statBlob(client, of.name))?.bytes === of.content.bytes) return;
  const again = await put({});
  if (again.status >= 300)
    throw new OutsideError(`${client.place} does not take ${of.name} (${again.status})`);
}

async function* read(client: S3Client, name: string, from: number): AsyncGenerator<Uint8Array> {
  const stalled = new StallTimer();
  try {
    const response = await client.stream(
      {
        method: 'GET',
        key: keyOf(name),
        ...(from > 0 ? { headers: { range: `bytes=${from}-` } } : {}),
        expected: [404, 416],
      },
      stalled.signal,
    );
    if (response.status === 404) throw new NoSuchBlob(name);
    if (response.status === 416) return;
    let skip = from - startOf(response, from);
    for await (const chunk of response.body ?? []) {
      stalled.reset();
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  } catch (error) {
    if (!isNetworkError(error)) throw error;
    const cause = error.cause instanceof Error ? error.cause : error;
    throw new BrokenTransfer(cause.message, { cause: error });
  } finally {
    stalled.end();
  }
}

/** Ends a transfer of which nothing has come for a minute. */
class StallTimer {
  readonly #controller = new AbortController();
  readonly #timer = setTimeout(
    () => this.#controller.abort(new DOMException('nothing came for a minute', 'TimeoutError')),
    60_000,
  );
  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  reset(): void {
    this.#timer.refresh();
  }
  end(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}

const COPY_LIMIT_BYTES = 5 * 2 ** 30;

/** An object is younger after it was copied onto itself. */
async function touch(client: S3Client, name: string): Promise<boolean> {
  const found = await statBlob(client, name);
  if (!found) return false;
  const key = keyOf(name);
  if (found.bytes > COPY_LIMIT_BYTES) {
    await copyInParts(client, key, found.bytes);
    return true;
  }
  const { status } = await client.send({
    method: 'PUT',
    key,
    headers: {
      'x-amz-copy-source': client.source(key),
      'x-amz-metadata-directive': 'REPLACE',
      'x-amz-checksum-algorithm': 'SHA256',
      'content-type': 'application/octet-stream',
    },
    expected: [404],
  });
  return status !== 404;
}

async function* list(client: S3Client): AsyncGenerator<Blob> {
  const root = `${client.prefix}sha256/`;
  for (let token: string | undefined = ''; token !== undefined; ) {
    const { text: xml }: S3Answer = await client.send({
      method: 'GET',
      query: {
        'list-type': '2',
        prefix: root,
        ...(token === '' ? {} : { 'continuation-token': token }),
      },
    });
    for (const entry of elements(xml, 'Contents')) {
      const name = (text(entry, 'Key') ?? '').slice(root.length).replace('/', '');
      if (!parseName(name)) continue;
      const modified = new Date(text(entry, 'LastModified') ?? 0);
      yield { name, bytes: Number(text(entry, 'Size')), modified, digest: null };
    }
    token = text(xml, 'IsTruncated') === 'true' ? text(xml, 'NextContinuationToken') : undefined;
  }
}
