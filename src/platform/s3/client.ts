import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import type { TransferWorld } from '../../artifacts/ports.js';
import { OutsideError, UserError } from '../../errors.js';
import { explainRefusal } from './failure.js';
import { text } from './xml.js';

/** Signed requests to one prefix of one bucket: addresses, credentials, retries. */

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Below the prefix; the bucket itself when left out. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses below 500 that are an answer, not a failure. */
  readonly expected?: readonly number[];
  /** S3's codes that are an answer, not a failure: `NoSuchUpload`. */
  readonly expectedCodes?: readonly string[];
}

export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Of answers that are text; the body is unread when `stream` was asked for and the status is below 300. */
  readonly text: string;
  /** S3's code of an answer that is an error; empty otherwise. */
  readonly code: string;
}

export interface S3Client {
  /** `s3://bucket/prefix`. */
  readonly place: string;
  /** What keys begin with: empty, or ending in `/`. */
  readonly prefix: string;
  /** Whether a checksum that it tells is one that it has computed: others than AWS may give back what they were told. */
  readonly computesChecksums: boolean;
  /** `bucket/prefix/key` as copying names a source. */
  source(key: string): string;
  /** Throws after retries: UserError or OutsideError with what S3 said. */
  send(request: S3Request): Promise<S3Answer>;
  /** As `send`, for a body of any size. */
  stream(request: S3Request & { readonly method: 'GET' }, cancel: AbortSignal): Promise<Response>;
}

export interface S3Options {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `s3://bucket/prefix`. */
  readonly url: string;
  readonly world: Pick<TransferWorld, 'wait' | 'now'>;
  readonly version: string;
}

const ATTEMPTS = 6;
const LONGEST_WAIT_SECONDS = 120;
const ATTEMPT_SECONDS = 60;
/** Slower than this, an attempt is given up. */
const SLOWEST_BYTES_PER_SECOND = 50_000;

/** Throws UserError when credentials or region are not in the environment. Nothing is sent yet. */
export function openS3(options: S3Options): S3Client {
  const { bucket, prefix } = readUrl(options.url);
  const at: Connection = {
    ...options,
    credentials: readCredentials(options.env),
    ...readAddress(options.env, bucket),
    bucket,
    prefix,
    cache: new Map(),
  };
  return {
    place: `s3://${bucket}/${prefix}`.replace(/\/$/, ''),
    prefix,
    computesChecksums: !(options.env.AWS_ENDPOINT_URL_S3 || options.env.AWS_ENDPOINT_URL),
    source: (key) => encodeKey(`/${bucket}/${prefix}${key}`),
    send: async (request) => {
      const response = await attempts(at, request, undefined);
      const body = request.method === 'HEAD' ? '' : response.text;
      return { status: response.status, headers: response.headers, text: body, code: response.code };
    },
    stream: async (request, cancel) => {
      const { response } = await attempts(at, request, cancel);
      return response;
    },
  };
}

interface Connection extends S3Options {
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly region: string;
  /** Of the bucket; ends with `/`. */
  readonly base: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly cache: Map<string, ArrayBuffer>;
}

function readUrl(url: string): { readonly bucket: string; readonly prefix: string } {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(url) ?? [];
  const prefix = path.replace(/^\/+|\/+$/g, '');
  if (bucket === undefined || prefix.split('/').some((part) => part === '.' || part === '..')) {
    throw new UserError(`${JSON.stringify(url)} names no bucket of S3`, {
      mend: 'write artifacts: { s3: s3://bucket/prefix }; names of buckets are lower-case letters, digits, dots and dashes',
    });
  }
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

function readCredentials(env: S3Options['env']): Connection['credentials'] {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey) {
    throw new UserError('there are no credentials for S3', {
      mend: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones); in a workflow, aws-actions/configure-aws-credentials sets them without a stored secret',
    });
  }
  const sessionToken = env.AWS_SESSION_TOKEN;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** On AWS by the bucket's own host; elsewhere, and for names with dots (which no certificate covers), by path. */
function readAddress(
  env: S3Options['env'],
  bucket: string,
): { readonly region: string; readonly base: string } {
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL;
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  if (endpoint) {
    if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
      throw new UserError('AWS_ENDPOINT_URL is not an address', {
        mend: 'such as https://minio.example.com',
      });
    }
    return { region: region || 'us-east-1', base: `${endpoint.replace(/\/+$/, '')}/${bucket}/` };
  }
  if (!region || !/^[a-z0-9-]+$/.test(region)) {
    throw new UserError('it is not known in which region the bucket is', {
      mend: 'set AWS_REGION, such as eu-central-1; for another service than AWS set AWS_ENDPOINT_URL to its address',
    });
  }
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return { region, base: bucket.includes('.') ? `https://${host}/${bucket}/` : `https://${bucket}.${host}/` };
}

type Outcome = S3Answer & { readonly response: Response };

/** Tries until there is an answer that is none of a passing trouble. */
async function attempts(
  at: Connection,
  request: S3Request,
  cancel: AbortSignal | undefined,
): Promise<Outcome> {
  const never = new AbortController().signal;
  for (let attempt = 1; ; attempt++) {
    const last = attempt === ATTEMPTS;
    let pause = Math.min(30, 0.25 * 2 ** attempt) * (0.5 + Math.random());
    try {
      const outcome = await attemptOnce(at, request, cancel);
      if (!isPassing(outcome) || isExpected(outcome, request)) {
        if (outcome.status < 300 || isExpected(outcome, request)) return outcome;
        throw await refused(at, request, outcome);
      }
      if (last) throw await refused(at, request, outcome);
      pause = Math.max(pause, retryAfter(outcome.headers, at.world.now()));
      if (pause > LONGEST_WAIT_SECONDS) throw await refused(at, request, outcome);
    } catch (error) {
      cancel?.throwIfAborted();
      if (!isNetworkError(error)) throw error;
      if (last) throw unreachable(at, request, error);
    }
    await at.world.wait(pause, cancel ?? never);
  }
}

async function attemptOnce(
  at: Connection,
  request: S3Request,
  cancel: AbortSignal | undefined,
): Promise<Outcome> {
  const { method, body } = request;
  const url = addressOf(at, request);
  const signed = await new AwsV4Signer({
    method,
    url,
    headers: {
      'x-amz-content-sha256': createHash('sha256')
        .update(body ?? '')
        .digest('hex'),
      ...request.headers,
    },
    ...at.credentials,
    service: 's3',
    region: at.region,
    cache: at.cache,
    datetime: at.world
      .now()
      .toISOString()
      .replace(/[:-]|\.\d{3}/g, ''),
  }).sign();
  const seconds = ATTEMPT_SECONDS + (body?.length ?? 0) / SLOWEST_BYTES_PER_SECOND;
  signed.headers.set('user-agent', `assay/${at.version}`);
  signed.headers.set('accept-encoding', 'identity');
  if (body) signed.headers.set('content-length', String(body.length));
  const response = await fetch(signed.url, {
    method,
    headers: signed.headers,
    redirect: 'manual',
    signal: cancel ?? AbortSignal.timeout(Math.ceil(seconds * 1000)),
    ...(body === undefined ? {} : sendable(body)),
  });
  const { status, headers } = response;
  if (cancel && status < 300) return { status, headers, text: '', code: '', response };
  const answer = await response.text();
  // Completing an upload or copying answers 200 first, and may still fail in the body.
  const code =
    status >= 300 || /^\s*(<\?xml[^>]*>)?\s*<Error[\s>]/.test(answer) ? (text(answer, 'Code') ?? '') : '';
  return { status: status === 200 && code !== '' ? 500 : status, headers, text: answer, code, response };
}

const SLICE_BYTES = 256 * 1024;

/** In slices: `fetch` copies a body that it is given as a whole. */
function sendable(body: Uint8Array): {
  readonly body: Uint8Array | ReadableStream;
  readonly duplex?: 'half';
} {
  if (body.length <= SLICE_BYTES) return { body };
  function* slices() {
    for (let at = 0; at < body.length; at += SLICE_BYTES) yield body.subarray(at, at + SLICE_BYTES);
  }
  return { body: ReadableStream.from(slices()), duplex: 'half' };
}

function addressOf(at: Connection, request: S3Request): string {
  const query = new URLSearchParams(request.query).toString().replace(/\+/g, '%20');
  const path = request.key === undefined ? '' : encodeKey(at.prefix + request.key);
  return `${at.base}${path}${query === '' ? '' : `?${query}`}`;
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

const PASSING_CODES = new Set([
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
  'ConditionalRequestConflict',
  // The body was changed on its way.
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'IncompleteBody',
]);

function isPassing({ status, code }: S3Answer): boolean {
  if (status === 501) return false;
  return status >= 500 || status === 429 || status === 408 || PASSING_CODES.has(code);
}

function isExpected({ status, code }: S3Answer, request: S3Request): boolean {
  if (request.expectedCodes?.includes(code)) return true;
  return (request.expected ?? []).includes(status) && !PASSING_CODES.has(code);
}

/** Seconds; 0 when the answer asks for none. */
function retryAfter(headers: Headers, now: Date): number {
  const value = headers.get('retry-after') ?? '';
  if (/^\d+$/.test(value)) return Number(value);
  const until = Date.parse(value);
  return Number.isNaN(until) ? 0 : Math.max(0, (until - now.getTime()) / 1000);
}

async function refused(at: Connection, request: S3Request, outcome: Outcome): Promise<Error> {
  // HEAD says no more than a number; the same by GET says why.
  if (request.method === 'HEAD') {
    const said = await attemptOnce(
      at,
      { ...request, method: 'GET', headers: { range: 'bytes=0-0' } },
      undefined,
    ).catch(() => outcome);
    if (said.status === outcome.status) return refused(at, { ...request, method: 'GET' }, said);
  }
  const { status, code, headers } = outcome;
  const elsewhere = text(outcome.text, 'Region') ?? headers.get('x-amz-bucket-region') ?? undefined;
  const moved = [301, 307, 400].includes(status) && elsewhere !== at.region;
  return explainRefusal({
    method: request.method,
    what: `s3://${at.bucket}/${request.key === undefined ? '' : at.prefix + request.key}`,
    status,
    code,
    message: text(outcome.text, 'Message') ?? '',
    region: moved ? elsewhere : undefined,
  });
}

/** What fetch throws when there is no (whole) answer. */
export function isNetworkError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'AbortError' ||
    error.name === 'TimeoutError' ||
    (error instanceof TypeError && /^(fetch failed|terminated|body used)/.test(error.message)) ||
    ('code' in error && /^(UND_ERR|E[A-Z]+$)/.test(String(error.code)))
  );
}

function unreachable(at: Connection, request: S3Request, error: unknown): OutsideError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new OutsideError(`${new URL(at.base).host} does not answer ${request.method}: ${why}`, {
    cause: error,
    mend: 'check AWS_ENDPOINT_URL and the network; what was stored is kept, and the same command goes on',
  });
}
