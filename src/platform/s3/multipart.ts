import { createHash } from 'node:crypto';
import type { Content } from '../../artifacts/ports.js';
import { OutsideError, UserError } from '../../errors.js';
import type { S3Answer, S3Client } from './client.js';
import { elements, text } from './xml.js';

/**
 * Uploads in parts: an unfinished one of the same key (a killed job's, or one that runs right now: its content is the
 * same) is taken up, and only parts that are not there with the right digest are sent.
 */

/** Of each part but the last, and of the largest object that is sent in one piece. */
export const PART_BYTES = 8 * 2 ** 20;
const MOST_PARTS = 10_000;
/** With the one that is being filled, so many times 8 MiB are in memory. */
const AT_ONCE = 3;

interface Part {
  readonly number: number;
  readonly etag: string;
  /** Base64; null where the service keeps none. */
  readonly checksum: string | null;
  readonly bytes: number;
}

export async function putInParts(client: S3Client, key: string, content: Content): Promise<void> {
  const partBytes = partBytesFor(content.bytes);
  const upload = (await unfinished(client, { key, partBytes })) ?? {
    id: await create(client, key),
    parts: [],
  };
  try {
    const parts = await sendParts(client, { key, content, partBytes, ...upload });
    await complete(client, { key, id: upload.id, parts, bytes: content.bytes });
  } catch (error) {
    if (error instanceof UploadEnded && (await isStored(client, key, content.bytes))) return;
    // The file is another now: nothing of this is of use.
    if (error instanceof UserError && /changed while/.test(error.message)) {
      await abort(client, key, upload.id).catch(() => {});
    }
    throw error;
  }
}

/** Another job has completed or ended the upload that this one took part in. */
class UploadEnded extends OutsideError {
  constructor() {
    super('the upload was ended by another job', {
      mend: 'run the same command again',
    });
  }
}

async function isStored(client: S3Client, key: string, bytes: number): Promise<boolean> {
  const { status, headers } = await client.send({ method: 'HEAD', key, expected: [404] });
  return status === 200 && Number(headers.get('content-length')) === bytes;
}

/** Grows for objects that would need more than 10,000 parts. */
export function partBytesFor(bytes: number): number {
  const mebibytes = Math.ceil(bytes / MOST_PARTS / 2 ** 20);
  return Math.max(PART_BYTES, mebibytes * 2 ** 20);
}

async function create(client: S3Client, key: string): Promise<string> {
  const { text: xml } = await client.send({
    method: 'POST',
    key,
    query: { uploads: '' },
    headers: { 'content-type': 'application/octet-stream', 'x-amz-checksum-algorithm': 'SHA256' },
  });
  const id = text(xml, 'UploadId');
  if (!id) throw new OutsideError(`${client.place} begins no upload in parts: it does not speak S3`);
  return id;
}

/** The newest unfinished upload of the key whose parts are cut as ours; undefined also when we may not look. */
async function unfinished(
  client: S3Client,
  of: { readonly key: string; readonly partBytes: number },
): Promise<{ readonly id: string; readonly parts: readonly Part[] } | undefined> {
  const uploads = [];
  for await (const upload of listUploads(client, of.key, [403, 501])) {
    if (upload.key === client.prefix + of.key) uploads.push(upload);
  }
  for (const { id } of uploads.sort((a, b) => b.initiated.getTime() - a.initiated.getTime())) {
    const parts = await listParts(client, of.key, id);
    if (parts?.every((part) => part.bytes === of.partBytes || part.number === highest(parts))) {
      return { id, parts };
    }
  }
  return undefined;
}

function highest(parts: readonly Part[]): number {
  return parts.reduce((most, { number }) => Math.max(most, number), 0);
}

interface Upload {
  readonly key: string;
  readonly id: string;
  readonly initiated: Date;
}

async function* listUploads(
  client: S3Client,
  below: string,
  expected: readonly number[],
): AsyncGenerator<Upload> {
  let marker: Readonly<Record<string, string>> = {};
  for (;;) {
    const { status, text: xml }: S3Answer = await client.send({
      method: 'GET',
      query: { uploads: '', prefix: client.prefix + below, ...marker },
      expected,
      // What rclone says when there are none.
      expectedCodes: ['NoSuchUpload'],
    });
    if (status >= 300) return;
    for (const entry of elements(xml, 'Upload')) {
      const [key, id] = [text(entry, 'Key'), text(entry, 'UploadId')];
      if (key && id) yield { key, id, initiated: new Date(text(entry, 'Initiated') ?? 0) };
    }
    if (text(xml, 'IsTruncated') !== 'true') return;
    marker = {
      'key-marker': text(xml, 'NextKeyMarker') ?? '',
      'upload-id-marker': text(xml, 'NextUploadIdMarker') ?? '',
    };
  }
}

/** Undefined when the upload has ended meanwhile. */
async function listParts(client: S3Client, key: string, id: string): Promise<readonly Part[] | undefined> {
  const parts: Part[] = [];
  for (let marker = '0'; ; ) {
    const { status, text: xml }: S3Answer = await client.send({
      method: 'GET',
      key,
      query: { uploadId: id, 'part-number-marker': marker },
      expected: [403, 404],
    });
    if (status >= 300) return undefined;
    for (const entry of elements(xml, 'Part')) {
      parts.push({
        number: Number(text(entry, 'PartNumber')),
        etag: text(entry, 'ETag') ?? '',
        checksum: text(entry, 'ChecksumSHA256') ?? null,
        bytes: Number(text(entry, 'Size')),
      });
    }
    if (text(xml, 'IsTruncated') !== 'true') return parts;
    marker = text(xml, 'NextPartNumberMarker') ?? '';
  }
}

/** Reads the content once, in order, and sends several parts at a time. */
async function sendParts(
  client: S3Client,
  of: {
    readonly key: string;
    readonly id: string;
    readonly content: Content;
    readonly partBytes: number;
    readonly parts: readonly Part[];
  },
): Promise<readonly Part[]> {
  const there = new Map(of.parts.map((part) => [part.number, part]));
  const done: Part[] = [];
  const sending = new Set<Promise<void>>();
  /** Parts that have been sent lend their memory to the next ones: left to the collector it would pile up. */
  const free: Buffer[] = [];
  let failure: { readonly error: unknown } | undefined;
  let number = 0;
  const room = () => free.pop() ?? Buffer.allocUnsafeSlow(of.partBytes);
  for await (const { bytes, buffer } of pieces(of.content.stream(), room)) {
    number++;
    const part = describe(number, bytes);
    const before = there.get(number);
    if (before && isSame(before, part, bytes)) {
      done.push({ ...part, etag: before.etag });
      free.push(buffer);
      continue;
    }
    const sent: Promise<void> = sendPart(client, { ...of, part, bytes })
      .then(
        (whole) => {
          done.push(whole);
          free.push(buffer);
        },
        (error: unknown) => {
          failure ??= { error };
        },
      )
      .finally(() => sending.delete(sent));
    sending.add(sent);
    while (sending.size >= AT_ONCE) await Promise.race(sending);
    if (failure) break;
  }
  await Promise.all(sending);
  if (failure) throw failure.error;
  return done.sort((a, b) => a.number - b.number);
}

interface Filled {
  readonly bytes: Uint8Array;
  /** All of the memory that the bytes lie in. */
  readonly buffer: Buffer;
}

/** Cuts a stream into pieces that fill the memory they get; the last is smaller. */
async function* pieces(chunks: AsyncIterable<Uint8Array>, room: () => Buffer): AsyncGenerator<Filled> {
  let buffer = room();
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === buffer.length) {
        yield { bytes: buffer, buffer };
        [buffer, filled] = [room(), 0];
      }
      const length = Math.min(buffer.length - filled, chunk.length - at);
      buffer.set(chunk.subarray(at, at + length), filled);
      at += length;
      filled += length;
    }
  }
  if (filled > 0) yield { bytes: buffer.subarray(0, filled), buffer };
}

function describe(number: number, bytes: Uint8Array): Part & { readonly checksum: string } {
  const checksum = createHash('sha256').update(bytes).digest('base64');
  return { number, etag: '', checksum, bytes: bytes.length };
}

/** By SHA-256 where the service keeps it, else by its ETag where that is an MD5. */
function isSame(before: Part, part: Part, bytes: Uint8Array): boolean {
  if (before.bytes !== part.bytes) return false;
  if (before.checksum !== null) return before.checksum === part.checksum;
  return before.etag.replaceAll('"', '') === createHash('md5').update(bytes).digest('hex');
}

async function sendPart(
  client: S3Client,
  of: {
    readonly key: string;
    readonly id: string;
    readonly part: Part & { readonly checksum: string };
    readonly bytes: Uint8Array;
  },
): Promise<Part> {
  const { headers, code } = await client.send({
    method: 'PUT',
    key: of.key,
    query: { partNumber: String(of.part.number), uploadId: of.id },
    headers: { 'x-amz-checksum-sha256': of.part.checksum },
    body: of.bytes,
    expectedCodes: ['NoSuchUpload'],
  });
  if (code === 'NoSuchUpload') throw new UploadEnded();
  return { ...of.part, etag: headers.get('etag') ?? '' };
}

async function complete(
  client: S3Client,
  of: { readonly key: string; readonly id: string; readonly parts: readonly Part[]; readonly bytes: number },
): Promise<void> {
  const body = completion(of.parts);
  const send = (condition: Readonly<Record<string, string>>) =>
    client.send({
      method: 'POST',
      key: of.key,
      query: { uploadId: of.id },
      headers: { 'content-type': 'application/xml', ...condition },
      body,
      expected: [404, 412, 501],
      expectedCodes: ['NoSuchUpload', 'InvalidPart'],
    });
  let { status, code } = await send({ 'if-none-match': '*' });
  if (status === 501) ({ status, code } = await send({}));
  if (status < 300) return;
  // Whoever was first has stored the same; after a cut answer that may have been us.
  if (await isStored(client, of.key, of.bytes)) {
    if (status === 412) await abort(client, of.key, of.id);
    return;
  }
  throw new OutsideError(`${client.place} does not complete the upload of ${of.key} (${status} ${code})`, {
    mend: 'run the same command again: the parts that are there are not sent again',
  });
}

async function abort(client: S3Client, key: string, id: string): Promise<void> {
  await client.send({ method: 'DELETE', key, query: { uploadId: id }, expected: [404] });
}

const COPIED_BYTES = 2 ** 30;

/** Copies a large object onto itself. */
export async function copyInParts(client: S3Client, key: string, bytes: number): Promise<void> {
  const id = await create(client, key);
  const parts: Part[] = [];
  for (let at = 0; at < bytes; at += COPIED_BYTES) {
    const number = parts.length + 1;
    const end = Math.min(bytes, at + COPIED_BYTES) - 1;
    const { text: xml } = await client.send({
      method: 'PUT',
      key,
      query: { partNumber: String(number), uploadId: id },
      headers: {
        'x-amz-copy-source': client.source(key),
        'x-amz-copy-source-range': `bytes=${at}-${end}`,
      },
    });
    const checksum = text(xml, 'ChecksumSHA256') ?? null;
    parts.push({ number, etag: text(xml, 'ETag') ?? '', checksum, bytes: end - at + 1 });
  }
  await client.send({
    method: 'POST',
    key,
    query: { uploadId: id },
    headers: { 'content-type': 'application/xml' },
    body: completion(parts),
  });
}

function completion(parts: readonly Part[]): Uint8Array {
  const list = parts.map(({ number, etag, checksum }) => {
    const sum = checksum === null ? '' : `<ChecksumSHA256>${checksum}</ChecksumSHA256>`;
    return `<Part><ETag>${etag.replaceAll('"', '&quot;')}</ETag>${sum}<PartNumber>${number}</PartNumber></Part>`;
  });
  return Buffer.from(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`,
  );
}

/** Ends uploads that began before that time and were never completed; their parts cost space. */
export async function abortUploadsBefore(
  client: S3Client,
  before: Date,
): Promise<{ readonly count: number; readonly bytes: number }> {
  let [count, bytes] = [0, 0];
  for await (const { key, id, initiated } of listUploads(client, 'sha256/', [501])) {
    if (initiated >= before) continue;
    const own = key.slice(client.prefix.length);
    bytes += ((await listParts(client, own, id)) ?? []).reduce((sum, part) => sum + part.bytes, 0);
    await abort(client, own, id);
    count++;
  }
  return { count, bytes };
}
